//! Collects one object, for `tests/benchmarks`: `collect_bench LOG CONTRACT TRAINING FOLDER`.
//!
//! The function, its SDK client and its writes are the real ones. Only the log does not come out of the local account's S3, whose
//! folder digests an object whenever it is read and hands it out in pieces of 4 KiB: that would be measured as Tidegate's work.
//! It is read from its file in pieces as large as a socket's.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};

use aws_lambda_events::sqs::SqsEvent;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::Frame;
use serde_json::json;
use tidegate_collect::{Collector, Settings};
use tidegate_local_account::{LAKE, LOGS, MODELS, Services};
use tidegate_runtime::Deadline;

/// The log's key.
const KEY: &str = "flight-delay/benchmark.jsonl";

/// Bytes handed out at once.
const PIECE_BYTES: usize = 64 * 1024;

type Failed = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "a program's answer")]
async fn main() -> Result<(), Failed> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [log, contract, training, folder] = arguments.as_slice() else {
        return Err("expected: collect_bench LOG CONTRACT TRAINING FOLDER".into());
    };
    let services = Services::open(folder)?;
    let config = services.sdk_config(None, 3);
    let team = aws_sdk_s3::Client::new(&config);
    for bucket in [LOGS, MODELS, LAKE] {
        team.create_bucket().bucket(bucket).send().await?;
    }
    for (key, file) in [("contracts/flight-delay.yaml", contract), ("datasets/flight-delay/training.parquet", training)] {
        team.put_object().bucket(MODELS).key(key).body(std::fs::read(file)?.into()).send().await?;
    }

    let queue = aws_sdk_sqs::Client::new(&config).create_queue().queue_name("registry").send().await?.queue_url;
    let services = config.http_client().ok_or("the local account has no client")?;
    let shortcut = Shortcut { log: log.clone(), services, connector: None };
    let function = config.into_builder().http_client(shortcut).build();
    let settings = Settings::from_lookup(|name| match name {
        "LOGS_BUCKET" => Some(LOGS.to_owned()),
        "MODELS_BUCKET" => Some(MODELS.to_owned()),
        "LAKE_BUCKET" => Some(LAKE.to_owned()),
        "REGISTRY_QUEUE_URL" => queue.clone(),
        _ => None,
    })?;
    let collector = Collector::new(settings, aws_sdk_s3::Client::new(&function), aws_sdk_sqs::Client::new(&function));
    for (bucket, key) in [(MODELS, "datasets/flight-delay/training.parquet"), (LOGS, KEY)] {
        let answer = collector.handle(told_of(bucket, key)?, Deadline::never()).await;
        if !answer.batch_item_failures.is_empty() {
            return Err(format!("{key} was not collected").into());
        }
    }
    let receipts = folder.join("s3").join(LAKE).join("receipts");
    let written = std::fs::read_dir(receipts)?.filter_map(Result::ok).filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
    for receipt in written {
        let receipt: serde_json::Value = serde_json::from_slice(&std::fs::read(receipt.path())?)?;
        println!("{receipt}");
    }
    Ok(())
}

/// A batch of one message that tells of an object.
fn told_of(bucket: &str, key: &str) -> Result<SqsEvent, serde_json::Error> {
    let body = json!({ "Records": [{ "s3": { "bucket": { "name": bucket }, "object": { "key": key } } }] });
    serde_json::from_value(
        json!({ "Records": [{ "messageId": "1", "body": body.to_string(), "attributes": {}, "messageAttributes": {} }] }),
    )
}

/// Answers reads of the log from its file, and hands everything else on.
#[derive(Debug, Clone)]
struct Shortcut {
    log: PathBuf,
    services: SharedHttpClient,
    connector: Option<SharedHttpConnector>,
}

impl HttpClient for Shortcut {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let connector = Some(self.services.http_connector(settings, components));
        SharedHttpConnector::new(Self { connector, ..self.clone() })
    }
}

impl HttpConnector for Shortcut {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let of_log = request.uri().split('?').next().is_some_and(|path| path.ends_with(KEY));
        if of_log && request.method() == "GET" {
            return HttpConnectorFuture::ready(respond(&self.log).map_err(ConnectorError::io));
        }
        match &self.connector {
            Some(connector) => connector.call(request),
            None => HttpConnectorFuture::ready(Err(ConnectorError::user("asked before it was connected".into()))),
        }
    }
}

fn respond(log: &Path) -> Result<HttpResponse, Failed> {
    let file = File::open(log)?;
    let answer = http::Response::builder()
        .header("content-length", file.metadata()?.len())
        .header("etag", "\"benchmark\"")
        .header("last-modified", "Mon, 01 Jul 2013 23:59:59 GMT")
        .body(SdkBody::from_body_1_x(Pieces(file)))?;
    Ok(HttpResponse::try_from(answer)?)
}

/// A file as the body of an answer.
struct Pieces(File);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let mut piece = vec![0; PIECE_BYTES];
        Poll::Ready(match self.0.read(&mut piece) {
            Ok(0) => None,
            Ok(read) => {
                piece.truncate(read);
                Some(Ok(Frame::data(piece.into())))
            }
            Err(error) => Some(Err(error)),
        })
    }
}
