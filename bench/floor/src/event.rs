//! What is read of an API Gateway event, and what is answered.

use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    pub body: String,
    request_context: RequestContext,
}

#[derive(Deserialize)]
struct RequestContext {
    authorizer: Authorizer,
}

#[derive(Deserialize)]
struct Authorizer {
    claims: Claims,
}

#[derive(Deserialize)]
pub struct Claims {
    sub: String,
    pub email: String,
    #[serde(rename = "cognito:groups")]
    groups: String,
}

impl Event {
    pub fn claims(&self) -> &Claims {
        &self.request_context.authorizer.claims
    }
}

impl Claims {
    /// As keys of the function's items name the caller.
    pub fn caller(&self) -> String {
        format!("sub:{}", self.sub)
    }

    pub fn groups(&self) -> Vec<String> {
        self.groups.split(',').map(str::to_owned).collect()
    }
}

pub fn answered(body: &Value) -> Value {
    json!({ "statusCode": 200, "headers": { "content-type": "application/json" }, "body": body.to_string() })
}
