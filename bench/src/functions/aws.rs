//! AWS in this process, by HTTP and by TLS. It answers at once: what is measured is the functions.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
};

use http::Request;
use http_body_util::Full;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use local_aws::{Config, EngineChoice, LocalAws, Table};
use serde_json::json;

use super::{HISTORY_TURNS, bootstrap::Environment, canned::Canned, listen::Listening, pattern::Pattern, tls::Tls};
use crate::error::Error;

const TABLE: &str = "bench";

/// A server for each service, since on AWS every service has a host of its own, and so connections and handshakes of its
/// own.
pub(super) struct Aws {
    dynamodb: LocalAws,
    bedrock: LocalAws,
    kendra: Listening,
    athena: Listening,
    s3: Listening,
    tls: Tls,
    /// In front of the others.
    terminated: Services<Listening>,
}

struct Services<T> {
    dynamodb: T,
    bedrock: T,
    kendra: T,
    athena: T,
    s3: T,
}

impl Aws {
    pub(super) async fn start() -> Result<Self, Error> {
        let dynamodb = start(vec![table()]).await?;
        let bedrock = start(Vec::new()).await?;
        let kendra = Canned::kendra()?.start().await?;
        let athena = Canned::athena()?.start().await?;
        let s3 = Canned::s3().start().await?;
        let tls = Tls::new()?;
        let terminated = Services {
            dynamodb: tls.terminate(dynamodb.address()).await?,
            bedrock: tls.terminate(bedrock.address()).await?,
            kendra: tls.terminate(kendra.address()).await?,
            athena: tls.terminate(athena.address()).await?,
            s3: tls.terminate(s3.address()).await?,
        };
        Ok(Self { dynamodb, bedrock, kendra, athena, s3, tls, terminated })
    }

    /// From now on the model says `reply`, whatever it is asked.
    pub(super) async fn script(&self, reply: &str) -> Result<(), Error> {
        let script = json!({ "steps": [{ "text": reply }], "repeat_last": true }).to_string();
        let request = Request::put(format!("{}/_local/script", self.bedrock.url())).body(Full::from(script));
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<bytes::Bytes>>();
        let response = client.request(request.map_err(Error::Request)?).await.map_err(Error::Script)?;
        match response.status().is_success() {
            true => Ok(()),
            false => Err(Error::NoScript(response.status())),
        }
    }

    pub(super) fn plain(&self, pattern: &Pattern) -> Environment {
        let url = |address: SocketAddr| format!("http://{address}");
        let services = Services {
            dynamodb: url(self.dynamodb.address()),
            bedrock: url(self.bedrock.address()),
            kendra: url(self.kendra.address()),
            athena: url(self.athena.address()),
            s3: url(self.s3.address()),
        };
        environment(pattern, services)
    }

    pub(super) fn tls(&self, pattern: &Pattern) -> Environment {
        let url = |server: &Listening| format!("https://localhost:{}", server.address().port());
        let services = Services {
            dynamodb: url(&self.terminated.dynamodb),
            bedrock: url(&self.terminated.bedrock),
            kendra: url(&self.terminated.kendra),
            athena: url(&self.terminated.athena),
            s3: url(&self.terminated.s3),
        };
        let mut environment = environment(pattern, services);
        environment.push(("AWS_CA_BUNDLE", self.tls.ca_bundle()));
        environment
    }

    pub(super) async fn stop(self) {
        self.dynamodb.stop().await;
        self.bedrock.stop().await;
    }
}

/// What Lambda and the template give a function, and nothing of this machine's.
fn environment(pattern: &Pattern, services: Services<String>) -> Environment {
    let mut environment = vec![
        ("AWS_ENDPOINT_URL_DYNAMODB", services.dynamodb),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", services.bedrock),
        ("AWS_ENDPOINT_URL_KENDRA", services.kendra),
        ("AWS_ENDPOINT_URL_ATHENA", services.athena),
        ("AWS_ENDPOINT_URL_S3", services.s3),
        ("HISTORY_TURNS", HISTORY_TURNS.to_string()),
    ];
    let fixed = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDLOCAL"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_SESSION_TOKEN", "local"),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("TABLE_NAME", TABLE),
        ("MODEL_IDS", "scripted"),
    ];
    let fixed = fixed.iter().chain(pattern.settings);
    environment.extend(fixed.map(|(name, value)| (*name, (*value).to_owned())));
    environment
}

async fn start(tables: Vec<Table>) -> Result<LocalAws, Error> {
    let config = Config {
        address: (Ipv4Addr::LOCALHOST, 0).into(),
        data: None,
        tables,
        engine: EngineChoice::Scripted,
        buckets: BTreeMap::new(),
        kendra: None,
        athena: None,
        real: Vec::new(),
    };
    LocalAws::start(config).await.map_err(Error::LocalAws)
}

/// As `template.yaml` declares it.
fn table() -> Table {
    let create = json!({
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            { "AttributeName": "pk", "AttributeType": "S" },
            { "AttributeName": "sk", "AttributeType": "S" },
        ],
        "KeySchema": [
            { "AttributeName": "pk", "KeyType": "HASH" },
            { "AttributeName": "sk", "KeyType": "RANGE" },
        ],
    });
    Table { create, ttl_attribute: Some("expires_at".to_owned()) }
}
