//! DynamoDB: `dynoxide` behind the port.
//!
//! Its checks of the wire (the order of errors, their texts, checksums) live in its HTTP server, which cannot be called
//! as a function. So that server runs on a loopback listener of its own and requests go to it over kept connections.

use std::{net::Ipv4Addr, path::Path, time::Duration};

use bytes::Bytes;
use dynoxide::{Database, DynoxideError, actions};
use http::{HeaderValue, Request, Response, Uri, header, request::Parts};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::{net::TcpSocket, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    Error, Table,
    reply::{Body, Cut, Refusal},
    route::Target,
    server::Failure,
    shapes::{Check, Model},
};

const FILE: &str = "dynamodb.sqlite";
/// The service promises expiry within days; a developer wants to see it work.
const SWEEP_EVERY: Duration = Duration::from_secs(30);
const MAX_BODY: usize = 16 << 20;

pub(crate) struct DynamoDb {
    model: Model,
    client: Client<HttpConnector, Full<Bytes>>,
    origin: Uri,
}

/// The database's server; when it has ended, the file is closed.
pub(crate) struct Running {
    server: JoinHandle<Result<(), String>>,
    sweeper: JoinHandle<()>,
}

impl DynamoDb {
    /// Opens the database, makes the tables that are absent and serves them until `stopping`.
    pub(crate) async fn start(
        data: Option<&Path>,
        tables: &[Table],
        stopping: CancellationToken,
    ) -> Result<(DynamoDb, Running), Error> {
        let model = Model::read(include_str!("../model/dynamodb.json")).map_err(Error::Model)?;
        let database = open(data)?;
        for table in tables {
            ensure(&database, table)?;
        }

        // What the listener is set to, its connections inherit: the server itself leaves Nagle's delay on.
        let socket = TcpSocket::new_v4().map_err(Error::Internal)?;
        socket.set_nodelay(true).map_err(Error::Internal)?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).map_err(Error::Internal)?;
        let listener = socket.listen(1024).map_err(Error::Internal)?;
        let address = listener.local_addr().map_err(Error::Internal)?;
        let origin = Uri::try_from(format!("http://{address}/")).map_err(|error| Error::Internal(io_error(error)))?;

        let sweeper = tokio::spawn(sweep(database.clone(), stopping.clone()));
        let server =
            tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, stopping.cancelled_owned()));

        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        Ok((DynamoDb { model, client, origin }, Running { server, sweeper }))
    }

    pub(crate) async fn answer(&self, target: &Target, parts: Parts, body: Bytes) -> Result<Response<Body>, Failure> {
        if self.model.knows(&target.operation) && !self.model.serves(&target.operation) {
            return Err(Refusal::not_here("DynamoDB", &target.operation).into());
        }
        if body.len() > MAX_BODY {
            let message = "Request size exceeded the limit of 16777216 bytes";
            return Err(Refusal::new(413, "RequestEntityTooLargeException", message).into());
        }
        // Malformed JSON is left to dynoxide, which answers it as the service does.
        if let Ok(fields) = serde_json::from_slice(&body) {
            self.model.check_body(&target.operation, &fields, Check::FieldNames)?;
        }

        let mut request = Request::new(Full::new(body));
        *request.method_mut() = parts.method;
        *request.uri_mut() = self.origin.clone();
        *request.headers_mut() = parts.headers;
        // The client writes these two anew: the body came decoded from its transfer coding, and the host is another.
        request.headers_mut().remove(header::TRANSFER_ENCODING);
        request.headers_mut().remove(header::HOST);
        let response = self.client.request(request).await.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "the database did not answer");
            Refusal::new(500, "InternalServerError", "The database of local-aws did not answer")
        })?;
        let mut response = response.map(|body| Body::of(body.map_err(|_| Cut).boxed_unsync()));
        response.headers_mut().insert(header::SERVER, HeaderValue::from_static("Server"));
        response.headers_mut().remove("x-dynoxide-version");
        Ok(response)
    }
}

impl Running {
    pub(crate) async fn ended(self) {
        let (server, _) = tokio::join!(self.server, self.sweeper);
        match server {
            Ok(Ok(())) => {}
            Ok(Err(message)) => tracing::error!(message, "the database's server failed"),
            Err(error) => tracing::error!(%error, "the database's server failed"),
        }
    }
}

fn open(data: Option<&Path>) -> Result<Database, Error> {
    let Some(folder) = data else {
        return Database::memory().map_err(|source| Error::Database { place: "memory".into(), source });
    };
    std::fs::create_dir_all(folder).map_err(|source| Error::DataFolder { folder: folder.into(), source })?;
    let file = folder.join(FILE);
    Database::new(&file.to_string_lossy()).map_err(|source| Error::Database { place: file, source })
}

fn ensure(database: &Database, table: &Table) -> Result<(), Error> {
    let name = table.create["TableName"].as_str().unwrap_or_default().to_owned();
    let failed = |source| Error::Table { name: name.clone(), source };

    let exists = database.get_table_metadata(&name).map_err(failed)?.is_some();
    if exists {
        let described =
            database.describe_table(request(json!({ "TableName": name })).map_err(failed)?).map_err(failed)?;
        let described = serde_json::to_value(&described).map_err(|error| failed(unreadable(error)))?;
        check_keys(&name, &described["Table"], &table.create)?;
    } else {
        let create: actions::create_table::CreateTableRequest = request(table.create.clone()).map_err(failed)?;
        database.create_table(create).map_err(failed)?;
    }

    let Some(attribute) = &table.ttl_attribute else {
        return Ok(());
    };
    let ttl = database.describe_time_to_live(request(json!({ "TableName": name })).map_err(failed)?).map_err(failed)?;
    let ttl = serde_json::to_value(&ttl).map_err(|error| failed(unreadable(error)))?;
    if ttl["TimeToLiveDescription"]["AttributeName"] == json!(attribute) {
        return Ok(());
    }
    let specification = json!({ "AttributeName": attribute, "Enabled": true });
    let update = json!({ "TableName": name, "TimeToLiveSpecification": specification });
    database.update_time_to_live(request(update).map_err(failed)?).map_err(failed)?;
    Ok(())
}

/// A table kept from an earlier run must be the one that is asked for, as far as its keys go.
fn check_keys(name: &str, kept: &Value, asked: &Value) -> Result<(), Error> {
    let keys = |table: &Value| -> Vec<String> {
        let types = table["AttributeDefinitions"].as_array().into_iter().flatten();
        let type_of = |key: &Value| {
            types.clone().find(|definition| definition["AttributeName"] == *key).map(|d| d["AttributeType"].clone())
        };
        let schema = table["KeySchema"].as_array().into_iter().flatten();
        schema
            .map(|key| {
                let kind = type_of(&key["AttributeName"]).unwrap_or_default();
                format!("{} {} {}", key["KeyType"], key["AttributeName"], kind).replace('"', "")
            })
            .collect()
    };
    let (kept, asked) = (keys(kept).join(", "), keys(asked).join(", "));
    if kept == asked {
        return Ok(());
    }
    Err(Error::OtherKeys { name: name.to_owned(), kept, asked })
}

fn request<T: DeserializeOwned>(request: Value) -> Result<T, DynoxideError> {
    serde_json::from_value(request).map_err(unreadable)
}

fn unreadable(error: serde_json::Error) -> DynoxideError {
    // dynoxide marks errors of validation in its deserializers with this prefix.
    let message = error.to_string();
    DynoxideError::ValidationException(message.trim_start_matches("VALIDATION:").to_owned())
}

fn io_error(error: http::uri::InvalidUri) -> std::io::Error {
    std::io::Error::other(error)
}

async fn sweep(database: Database, stopping: CancellationToken) {
    loop {
        let database = database.clone();
        match tokio::task::spawn_blocking(move || database.sweep_ttl()).await {
            Ok(Ok(0)) => {}
            Ok(Ok(expired)) => tracing::debug!(expired, "items expired"),
            Ok(Err(error)) => tracing::warn!(%error, "expired items could not be removed"),
            Err(error) => tracing::warn!(%error, "expired items could not be removed"),
        }
        tokio::select! {
            () = tokio::time::sleep(SWEEP_EVERY) => {}
            () = stopping.cancelled() => return,
        }
    }
}
