//! The Lambda function `webhook`: wiring only.

use std::convert::Infallible;

use tidegate_runtime::{Deadline, HttpRequest, aws_config, environment, serve, start_logs};
use tidegate_webhook::{Answer, Settings, Webhook};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start_logs();
    let settings = Settings::from_lookup(environment)?;
    let aws = aws_config().await;
    let webhook = &Webhook::new(settings, aws_sdk_secretsmanager::Client::new(&aws), aws_sdk_sqs::Client::new(&aws));
    serve(async |request: HttpRequest, _: Deadline| Ok::<Answer, Infallible>(webhook.answer(&request).await)).await
}
