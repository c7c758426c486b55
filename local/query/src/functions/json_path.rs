//! The paths that `json_extract` takes: `$.a.b[0]`, `$["a b"]`, `$.a[*].b`.

use serde_json::Value as Json;

use super::fault::Fault;

pub(super) enum Step {
    Name(String),
    /// From 0; negative from the end.
    Index(i64),
    All,
}

pub(super) fn steps(path: &str) -> Result<Vec<Step>, Fault> {
    let invalid = || Fault::argument(format!("Invalid JSON path: '{path}'"));
    let mut rest = path.strip_prefix('$').ok_or_else(invalid)?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('[') {
            let (step, after) = bracket(after).ok_or_else(invalid)?;
            steps.push(step);
            rest = after;
            continue;
        }
        let after = rest.strip_prefix('.').ok_or_else(invalid)?;
        let end = after.find(['.', '[']).unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        match name {
            "" if after.starts_with('[') => {}
            "" => return Err(invalid()),
            "*" => steps.push(Step::All),
            name => steps.push(Step::Name(name.trim_matches('"').to_owned())),
        }
        rest = after;
    }
    Ok(steps)
}

/// What stands between brackets, and what follows them.
fn bracket(text: &str) -> Option<(Step, &str)> {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            let (name, after) = quoted.split_once(quote)?;
            return Some((Step::Name(name.to_owned()), after.strip_prefix(']')?));
        }
    }
    let (inside, after) = text.split_once(']')?;
    let step = match inside.trim() {
        "*" => Step::All,
        index => index.parse().map_or_else(|_| Step::Name(index.to_owned()), Step::Index),
    };
    Some((step, after))
}

pub(super) fn find(json: Json, steps: &[Step]) -> Option<Json> {
    let Some((step, rest)) = steps.split_first() else {
        return Some(json);
    };
    match (step, json) {
        (Step::Name(name), Json::Object(mut fields)) => find(fields.remove(name)?, rest),
        (Step::Index(index), Json::Array(mut items)) => {
            let length = i64::try_from(items.len()).ok()?;
            let index = if *index < 0 { index + length } else { *index };
            let index = usize::try_from(index).ok().filter(|index| *index < items.len())?;
            find(items.swap_remove(index), rest)
        }
        (Step::All, Json::Array(items)) => {
            Some(Json::Array(items.into_iter().filter_map(|item| find(item, rest)).collect()))
        }
        (Step::All, Json::Object(fields)) => {
            Some(Json::Array(fields.into_iter().filter_map(|(_, item)| find(item, rest)).collect()))
        }
        _ => None,
    }
}
