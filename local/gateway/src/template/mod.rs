//! What `template.yaml` deploys, as far as a machine without CloudFormation can stand in for it.

use std::collections::BTreeMap;

use serde_json::Value;

mod api;
pub(crate) mod connectors;
mod function;
mod intrinsic;
mod table;
pub(crate) mod workgroup;
mod yaml;

pub(crate) use api::{Api, Cors, GatewayResponse};
pub(crate) use function::{Function, Route};
pub(crate) use intrinsic::{ACCOUNT, REGION};

use intrinsic::Resolver;

/// The project's own template, part of the binary so that it works from any folder.
pub(crate) const TEMPLATE: &str = include_str!("../../../../template.yaml");

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("template.yaml is no YAML: {0}")]
    Yaml(#[from] saphyr::ScanError),
    #[error("template.yaml: {0}")]
    Invalid(String),
    #[error("kendra.yaml has no parameter {0}")]
    UnknownParameter(String),
    #[error("template.yaml: {part} is not what this program understands: {source}")]
    Shape { part: String, source: serde_json::Error },
}

impl Error {
    fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
    }
}

/// The stack that the template would make with its parameters' defaults.
#[derive(Debug)]
pub(crate) struct Stack {
    pub(crate) api: Api,
    pub(crate) functions: Vec<Function>,
    pub(crate) tables: Vec<local_aws::Table>,
}

impl Stack {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let document = yaml::parse(text)?;
        let resolver = Resolver::new(&document);
        let mut of_kind: BTreeMap<&str, Vec<(&str, Value)>> = BTreeMap::new();
        for (name, resource) in document["Resources"].as_object().into_iter().flatten() {
            let kind = resource["Type"].as_str().unwrap_or_default();
            // A pattern whose deployment is a choice, as one that needs an index, is here in any case.
            if understood(kind) && (kind == function::KIND || resolver.exists(resource)?) {
                of_kind.entry(kind).or_default().push((name, resource.clone()));
            }
        }
        let mut take = |kind| of_kind.remove(kind).unwrap_or_default();

        let tables = take(table::KIND);
        let functions = take(function::KIND);
        Ok(Self {
            api: api::read(&resolver, &document["Globals"]["Api"], &take(api::KIND))?,
            tables: tables.iter().map(|(name, it)| table::read(&resolver, name, it)).collect::<Result<_, _>>()?,
            functions: functions
                .iter()
                .map(|(name, it)| function::read(&resolver, &document["Globals"]["Function"], name, it))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn understood(kind: &str) -> bool {
    [table::KIND, function::KIND, api::KIND].contains(&kind)
}

/// Properties of a resource over those that SAM's `Globals` give to all of its kind: objects are merged, and what the
/// resource says wins.
fn merged(globals: &Value, own: &Value) -> Value {
    let (Value::Object(globals), Value::Object(own)) = (globals, own) else {
        return if own.is_null() { globals.clone() } else { own.clone() };
    };
    let mut result = globals.clone();
    for (key, value) in own {
        let value = merged(globals.get(key).unwrap_or(&Value::Null), value);
        result.insert(key.clone(), value);
    }
    Value::Object(result)
}

/// A part of the template, resolved, in the type it should have.
fn read_as<T: serde::de::DeserializeOwned>(resolver: &Resolver<'_>, part: &str, value: &Value) -> Result<T, Error> {
    serde_json::from_value(resolver.resolve(value)?).map_err(|source| Error::Shape { part: part.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_resource_says_wins_over_globals() {
        let globals = json!({"Timeout": 3, "Environment": {"Variables": {"A": "1", "B": "1"}}});
        let own = json!({"Timeout": 9, "Environment": {"Variables": {"B": "2"}}});
        assert_eq!(merged(&globals, &own), json!({"Timeout": 9, "Environment": {"Variables": {"A": "1", "B": "2"}}}));
        assert_eq!(merged(&Value::Null, &own), own);
        assert_eq!(merged(&globals, &Value::Null), globals);
    }

    #[test]
    fn the_projects_own_template_is_understood() {
        let stack = Stack::parse(TEMPLATE).unwrap();
        let routes: Vec<String> = stack
            .functions
            .iter()
            .flat_map(|function| &function.routes)
            .map(|route| format!("{} {}{}", route.method, route.path, if route.streams { " (streams)" } else { "" }))
            .collect();
        for expected in ["POST /chat", "POST /chat/stream (streams)", "GET /sessions", "DELETE /sessions/{id}"] {
            assert!(routes.iter().any(|route| route == expected), "{expected} is not in {routes:?}");
        }
        assert!(stack.functions.iter().flat_map(|function| &function.routes).all(|route| route.authorized));
        let table = stack.tables.first().unwrap();
        assert_eq!(table.ttl_attribute.as_deref(), Some("expires_at"));
        let chat = stack.functions.iter().find(|function| function.package == "chat").unwrap();
        assert_eq!(chat.environment.get("TABLE_NAME").map(String::as_str), table.create["TableName"].as_str());
        assert!(chat.environment.get("MODEL_IDS").is_some_and(|models| !models.is_empty()));
    }
}
