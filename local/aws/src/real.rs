//! Calls that leave for real AWS: signed anew with the user's credentials and passed on, both ways as they come.

use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use bytes::Bytes;
use futures::TryStreamExt;
use http::{HeaderMap, HeaderName, Request, Response, header, request::Parts};
use reqwest::Client;

use crate::{
    Error,
    reply::{Body, Cut, Refusal, streamed},
    server::Failure,
};

const CONNECTS_WITHIN: Duration = Duration::from_secs(10);
/// Between two bytes: models think for minutes.
const ANSWERS_WITHIN: Duration = Duration::from_secs(600);

/// Headers of one connection, or of the signature that is replaced.
const NOT_PASSED_ON: [HeaderName; 7] = [
    header::HOST,
    header::AUTHORIZATION,
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::ACCEPT_ENCODING,
];

/// The services whose calls are passed on, and as whom.
pub struct RealAws {
    services: Vec<String>,
    credentials: SharedCredentialsProvider,
    region: String,
    /// In place of the services' regional addresses.
    endpoint: Option<String>,
    client: Client,
}

impl RealAws {
    /// With credentials that are known: for tests, and for those who have them from elsewhere.
    pub fn new(
        services: &[String],
        credentials: SharedCredentialsProvider,
        region: &str,
        endpoint: Option<String>,
    ) -> Result<RealAws, Error> {
        for service in services {
            if endpoint_prefix(service).is_none() {
                return Err(Error::UnknownService(service.clone()));
            }
        }
        let client = Client::builder()
            .connect_timeout(CONNECTS_WITHIN)
            .read_timeout(ANSWERS_WITHIN)
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(Error::Client)?;
        Ok(RealAws { services: services.to_vec(), credentials, region: region.to_owned(), endpoint, client })
    }

    /// With the credentials and the region that the SDKs and the aws CLI would use.
    pub async fn of_user(services: &[String]) -> Result<RealAws, Error> {
        let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
        let credentials = config.credentials_provider().ok_or(Error::NoCredentials { source: None })?;
        credentials
            .provide_credentials()
            .await
            .map_err(|source| Error::NoCredentials { source: Some(Box::new(source)) })?;
        let region = config.region().map(Region::to_string).ok_or(Error::NoRegion)?;
        RealAws::new(services, credentials, &region, None)
    }

    pub(crate) fn takes(&self, service: &str) -> bool {
        self.services.iter().any(|real| real == service)
    }

    pub(crate) async fn forward(&self, service: &str, parts: Parts, body: Bytes) -> Result<Response<Body>, Failure> {
        let request = self.signed(service, parts, body).await?;
        let request = reqwest::Request::try_from(request).map_err(unsent)?;
        let response = self.client.execute(request).await.map_err(unsent)?;

        let mut passed = Response::new(());
        *passed.status_mut() = response.status();
        for (name, value) in response.headers() {
            // The length stays, so that an answer that is cut short is seen to be.
            if name != header::CONNECTION && name != header::TRANSFER_ENCODING {
                passed.headers_mut().append(name, value.clone());
            }
        }
        let body = response.bytes_stream().map_err(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "an answer of AWS broke off");
            Cut
        });
        Ok(passed.map(|()| streamed(body)))
    }

    async fn signed(&self, service: &str, parts: Parts, body: Bytes) -> Result<Request<Bytes>, Refusal> {
        let credentials = self.credentials.provide_credentials().await.map_err(|error| {
            let message = format!("The credentials for real AWS could not be had: {error}");
            Refusal::new(403, "UnrecognizedClientException", message)
        })?;
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let url = format!("{}{path}", self.origin(service));
        let mut headers = HeaderMap::with_capacity(parts.headers.len());
        for (name, value) in &parts.headers {
            if !NOT_PASSED_ON.contains(name) && !is_of_signature(name) {
                headers.append(name, value.clone());
            }
        }

        let identity = credentials.into();
        let signing = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| unsigned(&error))?
            .into();
        // User agents and trace identifiers may change on the way, so only what AWS asks for is signed.
        let to_sign = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let to_sign = to_sign.filter(|(name, _)| *name == "content-type" || name.starts_with("x-amz"));
        let signable = SignableRequest::new(parts.method.as_str(), url.as_str(), to_sign, SignableBody::Bytes(&body))
            .map_err(|error| unsigned(&error))?;
        let (instructions, _) = sign(signable, &signing).map_err(|error| unsigned(&error))?.into_parts();

        let mut request = Request::new(body.clone());
        *request.method_mut() = parts.method.clone();
        *request.uri_mut() = url.parse().map_err(|error| unsigned(&error))?;
        *request.headers_mut() = headers;
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }

    fn origin(&self, service: &str) -> String {
        let prefix = endpoint_prefix(service).unwrap_or(service);
        let domain = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        match &self.endpoint {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => format!("https://{prefix}.{}.{domain}", self.region),
        }
    }
}

fn endpoint_prefix(service: &str) -> Option<&'static str> {
    match service {
        "athena" => Some("athena"),
        "bedrock" => Some("bedrock-runtime"),
        "dynamodb" => Some("dynamodb"),
        "kendra" => Some("kendra"),
        _ => None,
    }
}

fn is_of_signature(name: &HeaderName) -> bool {
    matches!(name.as_str(), "x-amz-date" | "x-amz-security-token" | "x-amz-content-sha256")
}

fn unsent(error: reqwest::Error) -> Refusal {
    tracing::warn!(error = &error as &dyn std::error::Error, "real AWS could not be reached");
    Refusal::new(503, "ServiceUnavailableException", format!("Real AWS could not be reached: {error}"))
}

fn unsigned(error: &dyn std::error::Error) -> Refusal {
    Refusal::new(500, "InternalServerException", format!("The request could not be signed: {error}"))
}
