//! Where a candidate is served: at an HTTP address that the account allows, or behind SageMaker's runtime.

use std::fmt;
use std::sync::OnceLock;
use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderName, Method, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tidegate_contract::{EndpointBody, EndpointTest};
use tidegate_runtime::chain;

use super::body::{content_type, quoted};

/// Most bytes of an answer.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// What stands for the candidate's run.
const RUN: &str = "{run}";

/// Characters that a run keeps in an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// SageMaker's runtime, as requests to it are signed.
const SAGEMAKER: &str = "sagemaker";

/// Which production variant of an endpoint is asked.
const VARIANT: HeaderName = HeaderName::from_static("x-amzn-sagemaker-target-variant");

type Http = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// The client that endpoints are asked with, and the addresses that may be.
#[derive(Debug)]
pub struct Endpoints {
    /// Schemes, hosts and ports that the account allows (`https://model.test.example.com`).
    origins: Vec<String>,
    aws: SdkConfig,
    http: OnceLock<Http>,
}

/// One endpoint.
pub(crate) struct Served<'a> {
    http: &'a Http,
    body: EndpointBody,
    address: Uri,
    /// Of a SageMaker endpoint: its name and variant, and what its requests are signed with.
    sagemaker: Option<SageMaker<'a>>,
}

struct SageMaker<'a> {
    name: String,
    variant: Option<&'a str>,
    region: String,
    aws: &'a SdkConfig,
}

impl Endpoints {
    /// Endpoints at these origins, and those of SageMaker that this account's function may ask.
    #[must_use]
    pub fn new(origins: Vec<String>, aws: SdkConfig) -> Self {
        Self { origins, aws, http: OnceLock::new() }
    }

    /// Made when it is first asked for: it reads the machine's certificates of authorities, and most candidates are tested without.
    fn http(&self) -> Result<&Http, String> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .map_err(|error| format!("the certificates of authorities cannot be read: {error}"))?
            .https_or_http() // http only where the account's own list says so
            .enable_http1()
            .build();
        Ok(self.http.get_or_init(|| Client::builder(TokioExecutor::new()).build(connector)))
    }

    /// The endpoint of a run, or why it is not asked.
    pub(crate) fn of<'a>(&'a self, test: &'a EndpointTest, run: &str) -> Result<Served<'a>, String> {
        let (address, sagemaker) = match (&test.url, &test.sagemaker) {
            (Some(url), _) => (self.allowed(&url.replace(RUN, &utf8_percent_encode(run, PLAIN).to_string()))?, None),
            (None, Some(name)) => {
                let region = self.aws.region().ok_or("the function knows no region")?.to_string();
                let sagemaker = SageMaker { name: name.replace(RUN, run), variant: test.variant.as_deref(), region, aws: &self.aws };
                (sagemaker.address()?, Some(sagemaker))
            }
            (None, None) => return Err("the contract names none".to_owned()),
        };
        Ok(Served { http: self.http()?, body: test.body, address, sagemaker })
    }

    /// Contracts come from many hands; which addresses a function may reach is the account's to say.
    fn allowed(&self, url: &str) -> Result<Uri, String> {
        let address: Uri = url.parse().map_err(|error| format!("found the address \"{url}\": {error}"))?;
        let origin = match (address.scheme_str(), address.authority()) {
            (Some(scheme), Some(authority)) if !authority.as_str().contains('@') => format!("{scheme}://{authority}"),
            _ => return Err(format!("found the address \"{url}\", expected one with a scheme and a host")),
        };
        if self.origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(&origin)) {
            Ok(address)
        } else {
            Err(format!("{origin} is none of the origins that this account allows (ENDPOINT_ORIGINS)"))
        }
    }
}

impl SageMaker<'_> {
    /// [`InvokeEndpoint`](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html).
    fn address(&self) -> Result<Uri, String> {
        if !self.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') || self.name.is_empty() {
            return Err(format!("found the SageMaker endpoint \"{}\", expected letters, digits and hyphens", self.name));
        }
        let domain = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let host = format!("https://runtime.sagemaker.{}.{domain}", self.region);
        let host = self.aws.endpoint_url().unwrap_or(&host).trim_end_matches('/');
        format!("{host}/endpoints/{}/invocations", self.name).parse().map_err(|error| format!("{host}: {error}"))
    }

    #[expect(clippy::disallowed_methods, reason = "a signature is of the moment at which it is made")]
    async fn sign(&self, request: &mut Request<Full<Bytes>>, body: &[u8]) -> Result<(), String> {
        let credentials = self.aws.credentials_provider().ok_or("the function has no credentials")?;
        let identity = credentials.provide_credentials().await.map_err(|error| chain(&error))?.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(SAGEMAKER)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| error.to_string())?
            .into();
        let headers = request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let signable = SignableRequest::new(request.method().as_str(), request.uri().to_string(), headers, SignableBody::Bytes(body));
        let signed = signable.and_then(|signable| sign(signable, &params)).map_err(|error| chain(&error))?;
        signed.into_parts().0.apply_to_request_http1x(request);
        Ok(())
    }
}

impl Served<'_> {
    /// Sends one request. One that fails is not sent again: it is a failure that users would have seen.
    pub(crate) async fn ask(&self, body: Bytes) -> Result<Bytes, String> {
        let content_type = content_type(self.body);
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(self.address.clone())
            .header(CONTENT_TYPE, content_type)
            .header(ACCEPT, content_type);
        if let Some(variant) = self.sagemaker.as_ref().and_then(|sagemaker| sagemaker.variant) {
            request = request.header(VARIANT, variant);
        }
        let mut request = request.body(Full::new(body.clone())).map_err(|error| error.to_string())?;
        if let Some(sagemaker) = &self.sagemaker {
            sagemaker.sign(&mut request, &body).await?;
        }
        let answer = self.http.request(request).await.map_err(|error| chain(&error))?;
        let status = answer.status();
        let answer = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await.map_err(|error| chain(error.as_ref()))?.to_bytes();
        if status.is_success() { Ok(answer) } else { Err(format!("status {}: {}", status.as_u16(), quoted(&answer))) }
    }
}

impl fmt::Display for Served<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sagemaker {
            None => write!(out, "{}", self.address),
            Some(SageMaker { name, variant: Some(variant), .. }) => write!(out, "the SageMaker endpoint {name}, variant {variant}"),
            Some(SageMaker { name, variant: None, .. }) => write!(out, "the SageMaker endpoint {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use aws_config::{BehaviorVersion, Region};
    use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    fn endpoints(aws_endpoint: &str) -> Endpoints {
        let aws = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .endpoint_url(aws_endpoint)
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("AKID", "secret", None, None, "test")))
            .build();
        Endpoints::new(vec!["https://model.example.com".to_owned()], aws)
    }

    /// Answers one request, and returns it.
    async fn answer_one(listener: TcpListener) -> String {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"1.5,AA") {
            let mut piece = [0; 4_096];
            let read = stream.read(&mut piece).await.unwrap();
            request.extend_from_slice(&piece[..read]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ncontent-length: 4\r\n\r\n0.25").await.unwrap();
        String::from_utf8(request).unwrap()
    }

    #[tokio::test]
    async fn a_sagemaker_endpoint_is_asked_as_its_runtime_wants_it() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let endpoints = endpoints(&format!("http://{}", listener.local_addr().unwrap()));
        let test = EndpointTest {
            sagemaker: Some("churn-{run}".to_owned()),
            variant: Some("canary".to_owned()),
            body: EndpointBody::Csv,
            ..EndpointTest::default()
        };
        let served = endpoints.of(&test, "june").unwrap();
        assert_eq!(served.to_string(), "the SageMaker endpoint churn-june, variant canary");
        let (asked, answer) = tokio::join!(answer_one(listener), served.ask(Bytes::from_static(b"1.5,AA")));
        assert_eq!(answer.unwrap(), "0.25");
        assert!(asked.starts_with("POST /endpoints/churn-june/invocations HTTP/1.1\r\n"), "{asked}");
        for header in
            ["x-amzn-sagemaker-target-variant: canary", "content-type: text/csv", "/eu-west-1/sagemaker/aws4_request, SignedHeaders="]
        {
            assert!(asked.contains(header), "{header} in {asked}");
        }
    }

    #[test]
    fn only_addresses_that_the_account_allows_are_asked() {
        let endpoints = endpoints("http://127.0.0.1:1");
        let of = |url: &str| {
            let test = EndpointTest { url: Some(url.to_owned()), ..EndpointTest::default() };
            endpoints.of(&test, "r").map(|served| served.to_string())
        };
        assert_eq!(of("https://model.example.com/{run}").unwrap(), "https://model.example.com/r");
        assert_eq!(of("https://MODEL.example.com/").unwrap(), "https://MODEL.example.com/");
        for url in [
            "http://model.example.com/",
            "https://model.example.com:8443/",
            "https://model.example.com.attacker.example/",
            "https://model.example.com@attacker.example/",
            "https://user@model.example.com/",
            "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
            "model.example.com",
        ] {
            assert!(of(url).is_err(), "{url}");
        }
        let test = EndpointTest { sagemaker: Some("../models/{run}".to_owned()), ..EndpointTest::default() };
        assert!(endpoints.of(&test, "r").err().unwrap().contains("expected letters, digits and hyphens"));
    }
}
