//! One page of a listing: what begins with a prefix, folded at a delimiter, after a key.

use super::Object;

pub(super) const MAX_KEYS: usize = 1000;

#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) objects: Vec<Object>,
    /// What the keys that hold the delimiter have in common, up to it.
    pub(super) prefixes: Vec<String>,
    /// The last of both, where more follows: the next page is the one after it.
    pub(super) next: Option<String>,
}

/// `objects` are in order and begin with the prefix.
pub(super) fn page(objects: Vec<Object>, prefix: &str, delimiter: Option<&str>, after: &str, limit: usize) -> Page {
    let mut page = Page::default();
    let mut last = after.to_owned();
    let folded = |key: &str| {
        let delimiter = delimiter.filter(|delimiter| !delimiter.is_empty())?;
        let end = prefix.len() + key.get(prefix.len()..)?.find(delimiter)? + delimiter.len();
        key.get(..end).map(str::to_owned)
    };
    for object in objects {
        let common = folded(&object.key);
        // A folded prefix that was on the page before stands for all keys that begin with it.
        if object.key.as_str() <= after || common.as_deref() == Some(last.as_str()) {
            continue;
        }
        if page.objects.len() + page.prefixes.len() >= limit {
            page.next = (limit > 0).then_some(last);
            return page;
        }
        last = common.clone().unwrap_or_else(|| object.key.clone());
        match common {
            Some(common) => page.prefixes.push(common),
            None => page.objects.push(object),
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn objects(keys: &[&str]) -> Vec<Object> {
        let object = |key: &&str| Object { key: (*key).to_owned(), size: 0, modified: SystemTime::UNIX_EPOCH };
        keys.iter().map(object).collect()
    }

    #[test]
    fn pages_follow_each_other_without_gap_or_repeat() {
        let keys = ["a", "b/1", "b/2", "b/c/3", "d", "e/1"];
        for (delimiter, expected) in [(None, keys.to_vec()), (Some("/"), vec!["a", "b/", "d", "e/"])] {
            for limit in 1..8 {
                let (mut seen, mut after) = (Vec::new(), String::new());
                loop {
                    let page = page(objects(&keys), "", delimiter, &after, limit);
                    let mut names: Vec<String> = page.objects.into_iter().map(|object| object.key).collect();
                    names.extend(page.prefixes);
                    names.sort();
                    seen.extend(names);
                    let Some(next) = page.next else { break };
                    after = next;
                }
                assert_eq!(seen, expected, "{delimiter:?} {limit}");
            }
        }
    }

    #[test]
    fn a_prefix_is_not_folded_itself() {
        let page = page(objects(&["b/1", "b/2", "b/c/3"]), "b/", Some("/"), "", MAX_KEYS);
        assert_eq!((page.objects.len(), page.prefixes), (2, vec!["b/c/".to_owned()]));
    }
}
