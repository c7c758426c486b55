//! `template.yaml`, as far as tests look into it.

use std::collections::{BTreeMap, BTreeSet};

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

use crate::tools;

pub(crate) fn resources() -> Map<String, Value> {
    resources_of("template.yaml")
}

/// Those of one of the project's templates.
pub(crate) fn resources_of(name: &str) -> Map<String, Value> {
    let Value::Object(resources) = yaml(name)["Resources"].take() else { panic!("no resources") };
    resources
}

/// The Lambda functions by their logical identifiers, with what `Globals` gives to each.
pub(crate) fn functions() -> impl Iterator<Item = (String, Value)> {
    let globals = yaml("template.yaml")["Globals"]["Function"].take();
    let functions = resources().into_iter().filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function");
    functions.map(move |(name, mut function)| {
        function["Properties"] = merged(&globals, &function["Properties"]);
        (name, function)
    })
}

/// Each route, such as `GET /sessions/{id}`, with the crate of the function that answers it.
pub(crate) fn routes() -> BTreeMap<String, String> {
    let mut routes = BTreeMap::new();
    for (_, function) in functions() {
        let folder = text(&function["Properties"]["CodeUri"]);
        let package = folder.rsplit('/').next().unwrap().to_owned();
        for event in function["Properties"]["Events"].as_object().unwrap().values() {
            let [method, path] = ["Method", "Path"].map(|name| text(&event["Properties"][name]));
            routes.insert(format!("{} {path}", method.to_uppercase()), package.clone());
        }
    }
    routes
}

/// The actions of some AWS services that a function's role allows.
pub(crate) fn allowed_actions(function: &str, services: &[&str]) -> BTreeSet<String> {
    let resources = resources();
    let role = text(&resources[function]["Properties"]["Role"]);
    let role = role.trim_end_matches(".Arn");
    let attached = resources
        .values()
        .filter(|resource| resource["Type"] == "AWS::IAM::Policy" && mentions(&resource["Properties"]["Roles"], role));
    let mut actions = BTreeSet::new();
    collect_actions(&resources[role]["Properties"]["Policies"], &mut actions);
    attached.for_each(|policy| collect_actions(policy, &mut actions));
    actions.retain(|action| services.iter().any(|service| action.starts_with(&format!("{service}:"))));
    actions
}

/// Roles too may stand within `!If`.
fn mentions(value: &Value, name: &str) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| mentions(item, name)),
        value => value == name,
    }
}

/// Statements stand at several depths, some within `!If`.
fn collect_actions(value: &Value, actions: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_actions(item, actions)),
        Value::Object(entries) => {
            match entries.get("Action") {
                Some(Value::Array(several)) => actions.extend(several.iter().map(text)),
                Some(action) => actions.extend([text(action)]),
                None => {}
            }
            entries.values().for_each(|entry| collect_actions(entry, actions));
        }
        _ => {}
    }
}

/// As SAM does it: objects are merged, and what the function says wins.
fn merged(globals: &Value, own: &Value) -> Value {
    let (Value::Object(globals), Value::Object(own)) = (globals, own) else { return own.clone() };
    let mut all = globals.clone();
    for (key, value) in own {
        let value = globals.get(key).map_or_else(|| value.clone(), |global| merged(global, value));
        all.insert(key.clone(), value);
    }
    Value::Object(all)
}

/// A YAML file of the project.
pub(crate) fn yaml(path: &str) -> Value {
    let text = tools::read(&tools::root().join(path));
    convert(&Yaml::load_from_str(&text).unwrap()[0])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// CloudFormation's tags are dropped: what they say is not looked at.
fn convert(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::FloatingPoint(value)) => json!(value.into_inner()),
        Yaml::Value(Scalar::String(value)) => json!(value),
        Yaml::Sequence(items) => items.iter().map(convert).collect(),
        Yaml::Mapping(entries) => {
            let entries =
                entries.iter().map(|(key, value)| (key.as_str().unwrap_or_default().to_owned(), convert(value)));
            Value::Object(entries.collect())
        }
        Yaml::Tagged(_, inner) => convert(inner),
        _ => Value::Null,
    }
}
