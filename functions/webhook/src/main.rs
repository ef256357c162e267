//! The Lambda function `webhook`: wiring only.

use std::convert::Infallible;

use tidegate_runtime::{Deadline, aws_config, environment, serve, start_logs};
use tidegate_webhook::{Answer, Request, Settings, Webhook};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start_logs();
    let settings = Settings::from_lookup(environment)?;
    let aws = aws_config().await;
    let webhook = &Webhook::new(settings, aws_sdk_secretsmanager::Client::new(&aws), aws_sdk_sqs::Client::new(&aws));
    serve(async |request: Request, _: Deadline| Ok::<Answer, Infallible>(webhook.answer(&request).await)).await
}
