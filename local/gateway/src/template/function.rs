//! `AWS::Serverless::Function`: its routes, settings and limits.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;
use serde_json::Value;

use super::{
    Error,
    intrinsic::{Resolver, text_of},
    merged, read_as,
};

pub(super) const KIND: &str = "AWS::Serverless::Function";

/// Lambda's own, for a function that does not say.
const DEFAULT_TIMEOUT_SECONDS: u64 = 3;
const DEFAULT_MEMORY_MIB: i32 = 128;

#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) logical_id: String,
    /// The crate it is built from.
    pub(crate) package: String,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) timeout: Duration,
    /// MiB.
    pub(crate) memory: i32,
    pub(crate) routes: Vec<Route>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// Upper case; `ANY` for all.
    pub(crate) method: String,
    /// As in the template: `/sessions/{id}`, `/{proxy+}`.
    pub(crate) path: String,
    /// The integration is `RESPONSE_STREAM`.
    pub(crate) streams: bool,
    /// The API's authorizer stands before it.
    pub(crate) authorized: bool,
    /// API Gateway's limit, where the route has its own.
    pub(crate) timeout: Option<Duration>,
}

pub(super) fn read(
    resolver: &Resolver<'_>,
    globals: &Value,
    logical_id: &str,
    resource: &Value,
) -> Result<Function, Error> {
    let properties = merged(globals, &resource["Properties"]);
    let build = &resource["Metadata"]["BuildProperties"];
    let environment = resolver.resolve(&properties["Environment"]["Variables"])?;
    let environment = environment.as_object().into_iter().flatten();

    let mut routes = Vec::new();
    for (name, event) in properties["Events"].as_object().into_iter().flatten() {
        if event["Type"] == "Api" {
            let event: Event = read_as(resolver, &format!("event {name} of {logical_id}"), &event["Properties"])?;
            routes.push(event.into_route(resolver)?);
        }
    }
    Ok(Function {
        logical_id: logical_id.to_owned(),
        package: package(resolver, build, &properties["CodeUri"], logical_id)?,
        environment: environment
            .map(|(name, value)| Ok((name.clone(), text_of(value)?)))
            .collect::<Result<_, Error>>()?,
        timeout: Duration::from_secs(number(resolver, &properties["Timeout"])?.unwrap_or(DEFAULT_TIMEOUT_SECONDS)),
        memory: number(resolver, &properties["MemorySize"])?.unwrap_or(DEFAULT_MEMORY_MIB),
        routes,
    })
}

/// The binary that `sam build` is told to build, or else the folder that it builds.
fn package(resolver: &Resolver<'_>, build: &Value, code: &Value, logical_id: &str) -> Result<String, Error> {
    let binary = resolver.resolve(&build["Binary"])?;
    let code = resolver.resolve(code)?;
    let folder = code.as_str().and_then(|path| path.trim_end_matches('/').rsplit('/').next());
    let package = binary.as_str().or(folder).filter(|name| !name.is_empty() && *name != ".");
    package
        .map(str::to_owned)
        .ok_or_else(|| Error::invalid(format!("{logical_id} does not say which crate it is built from")))
}

/// Numbers may come as text, from a parameter.
fn number<T: std::str::FromStr>(resolver: &Resolver<'_>, value: &Value) -> Result<Option<T>, Error> {
    let value = resolver.resolve(value)?;
    if value.is_null() {
        return Ok(None);
    }
    text_of(&value)?.parse().map(Some).map_err(|_| Error::invalid(format!("{value} is no number")))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    path: String,
    method: String,
    response_transfer_mode: Option<String>,
    #[serde(default)]
    timeout_in_millis: Value,
    auth: Option<Auth>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Auth {
    authorizer: Option<String>,
}

impl Event {
    fn into_route(self, resolver: &Resolver<'_>) -> Result<Route, Error> {
        Ok(Route {
            method: self.method.to_ascii_uppercase(),
            path: self.path,
            streams: self.response_transfer_mode.as_deref() == Some("RESPONSE_STREAM"),
            authorized: self.auth.and_then(|auth| auth.authorizer).is_none_or(|name| name != "NONE"),
            timeout: number(resolver, &self.timeout_in_millis)?.map(Duration::from_millis),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::yaml, *};

    const TEMPLATE: &str = r#"
Parameters:
  Seconds: {Type: Number, Default: 120}
Globals:
  Function:
    Timeout: 10
    Environment: {Variables: {LOG_LEVEL: info, HISTORY_TURNS: 20}}
Resources:
  Table: {Type: "AWS::DynamoDB::Table"}
  Chat:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: rust-cargolambda, BuildProperties: {Binary: chat}}
    Properties:
      CodeUri: .
      Timeout: !Ref Seconds
      MemorySize: 256
      Environment: {Variables: {TABLE_NAME: !Ref Table, LOG_LEVEL: debug}}
      Events:
        Stream:
          Type: Api
          Properties: {Path: /chat/stream, Method: post, ResponseTransferMode: RESPONSE_STREAM, TimeoutInMillis: 9000}
        Health: {Type: Api, Properties: {Path: /health, Method: any, Auth: {Authorizer: NONE}}}
        Nightly: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
  Rag:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: functions/rag/}
  Nowhere:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: .}
"#;

    fn function(name: &str) -> Result<Function, Error> {
        let document = yaml::parse(TEMPLATE).unwrap();
        read(&Resolver::new(&document), &document["Globals"]["Function"], name, &document["Resources"][name])
    }

    #[test]
    fn a_function_has_its_own_settings_over_the_global_ones() {
        let chat = function("Chat").unwrap();
        assert_eq!(chat.package, "chat");
        assert_eq!((chat.timeout, chat.memory), (Duration::from_secs(120), 256));
        assert_eq!(
            json!(chat.environment),
            json!({"TABLE_NAME": "Table", "LOG_LEVEL": "debug", "HISTORY_TURNS": "20"})
        );
        let route = |method: &str, path: &str| Route {
            method: method.to_owned(),
            path: path.to_owned(),
            streams: false,
            authorized: true,
            timeout: None,
        };
        assert_eq!(
            chat.routes,
            [
                Route { authorized: false, ..route("ANY", "/health") },
                Route { streams: true, timeout: Some(Duration::from_secs(9)), ..route("POST", "/chat/stream") },
            ]
        );
    }

    #[test]
    fn the_crate_is_the_binary_or_the_folder() {
        let rag = function("Rag").unwrap();
        assert_eq!((rag.package.as_str(), rag.timeout), ("rag", Duration::from_secs(10)));
        assert!(function("Nowhere").unwrap_err().to_string().contains("Nowhere does not say which crate"));
    }
}
