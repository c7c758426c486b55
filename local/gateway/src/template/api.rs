//! `AWS::Serverless::Api`: stage, authorizer, CORS, and what API Gateway answers on its own.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{
    Error,
    intrinsic::{Resolver, text_of},
    merged, read_as,
};

pub(super) const KIND: &str = "AWS::Serverless::Api";

#[derive(Debug, Default)]
pub(crate) struct Api {
    pub(crate) stage: String,
    /// Routes that do not say otherwise need a caller.
    pub(crate) authorizes: bool,
    pub(crate) cors: Option<Cors>,
    /// By response type: `UNAUTHORIZED`, `DEFAULT_5XX`.
    pub(crate) responses: BTreeMap<String, GatewayResponse>,
}

/// The header values of a preflight's answer. An absent one is not sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cors {
    pub(crate) origin: Option<String>,
    pub(crate) methods: Option<String>,
    pub(crate) headers: Option<String>,
    pub(crate) max_age: Option<String>,
    pub(crate) credentials: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct GatewayResponse {
    pub(crate) status: Option<u16>,
    pub(crate) headers: BTreeMap<String, String>,
    /// Content type and body, with API Gateway's `$context` variables in it.
    pub(crate) template: Option<(String, String)>,
}

/// SAM makes one API of its own where the template declares none; so a template with two is not understood.
pub(super) fn read(resolver: &Resolver<'_>, globals: &Value, resources: &[(&str, Value)]) -> Result<Api, Error> {
    let own = match resources {
        [] => &Value::Null,
        [(_, resource)] => &resource["Properties"],
        _ => return Err(Error::invalid("more than one AWS::Serverless::Api")),
    };
    let properties = merged(globals, own);
    let stage = resolver.resolve(&properties["StageName"])?;
    let authorizer = resolver.resolve(&properties["Auth"]["DefaultAuthorizer"])?;
    let responses: BTreeMap<String, DeclaredResponse> =
        read_as::<Option<_>>(resolver, "GatewayResponses", &properties["GatewayResponses"])?.unwrap_or_default();
    Ok(Api {
        stage: stage.as_str().unwrap_or("Prod").to_owned(),
        authorizes: authorizer.as_str().is_some_and(|name| !name.is_empty() && name != "NONE"),
        cors: read_cors(&resolver.resolve(&properties["Cors"])?)?,
        responses: responses
            .into_iter()
            .map(|(kind, declared)| Ok((kind, declared.into_response()?)))
            .collect::<Result<_, Error>>()?,
    })
}

/// `Cors` is an origin, or an object whose values are wrapped in single quotes, since they go into a mapping as they
/// are.
fn read_cors(value: &Value) -> Result<Option<Cors>, Error> {
    let field = |name: &str| -> Result<Option<String>, Error> {
        let text = text_of(&value[name])?;
        Ok(Some(unquoted(&text)).filter(|text| !text.is_empty()))
    };
    match value {
        Value::Null => Ok(None),
        Value::String(origin) => Ok(Some(Cors { origin: Some(unquoted(origin)), ..Cors::default() })),
        Value::Object(_) => Ok(Some(Cors {
            origin: field("AllowOrigin")?,
            methods: field("AllowMethods")?,
            headers: field("AllowHeaders")?,
            max_age: field("MaxAge")?,
            credentials: field("AllowCredentials")?.is_some_and(|text| text == "true"),
        })),
        other => Err(Error::invalid(format!("Cors cannot be {other}"))),
    }
}

fn unquoted(text: &str) -> String {
    text.trim_matches('\'').to_owned()
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct DeclaredResponse {
    status_code: Value,
    response_parameters: DeclaredParameters,
    response_templates: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct DeclaredParameters {
    headers: BTreeMap<String, String>,
}

impl DeclaredResponse {
    fn into_response(self) -> Result<GatewayResponse, Error> {
        let status = text_of(&self.status_code)?;
        let status = match status.as_str() {
            "" => None,
            status => Some(status.parse().map_err(|_| Error::invalid(format!("{status} is no status")))?),
        };
        let headers = self.response_parameters.headers.into_iter();
        Ok(GatewayResponse {
            status,
            headers: headers.map(|(name, value)| (name.to_ascii_lowercase(), unquoted(&value))).collect(),
            template: self.response_templates.into_iter().next(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::yaml, *};

    fn api(text: &str) -> Result<Api, Error> {
        let document = yaml::parse(text).unwrap();
        let apis = document["Resources"].as_object().into_iter().flatten();
        let apis: Vec<_> = apis.map(|(name, resource)| (name.as_str(), resource.clone())).collect();
        read(&Resolver::new(&document), &document["Globals"]["Api"], &apis)
    }

    #[test]
    fn all_that_an_api_declares_is_read() {
        let api = api(r#"
Parameters: {Origin: {Type: String, Default: "https://app.example"}}
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      Auth: {DefaultAuthorizer: Cognito}
      Cors:
        AllowOrigin: !Sub "'${Origin}'"
        AllowMethods: "'GET,POST'"
        AllowHeaders: "'content-type,authorization'"
        MaxAge: 600
      GatewayResponses:
        UNAUTHORIZED:
          StatusCode: 401
          ResponseParameters: {Headers: {Access-Control-Allow-Origin: !Sub "'${Origin}'"}}
          ResponseTemplates: {application/problem+json: '{"detail":$context.error.messageString}'}
        DEFAULT_5XX: {}
"#)
        .unwrap();
        assert_eq!((api.stage.as_str(), api.authorizes), ("v1", true));
        let cors = api.cors.unwrap();
        assert_eq!(cors.origin.as_deref(), Some("https://app.example"));
        assert_eq!(cors.methods.as_deref(), Some("GET,POST"));
        assert_eq!(cors.max_age.as_deref(), Some("600"));
        let unauthorized = &api.responses["UNAUTHORIZED"];
        assert_eq!(unauthorized.status, Some(401));
        assert_eq!(unauthorized.headers["access-control-allow-origin"], "https://app.example");
        assert_eq!(unauthorized.template.as_ref().unwrap().0, "application/problem+json");
        assert_eq!(api.responses["DEFAULT_5XX"], GatewayResponse::default());
    }

    #[test]
    fn the_api_may_come_from_globals_or_not_at_all() {
        let global = api("Globals: {Api: {Cors: \"'*'\"}}").unwrap();
        assert_eq!(global.cors.unwrap().origin.as_deref(), Some("*"));
        let none = api("Resources: {}").unwrap();
        assert_eq!((none.stage.as_str(), none.authorizes, none.cors), ("Prod", false, None));
        assert!(api("Resources: {A: {}, B: {}}").is_err());
    }
}
