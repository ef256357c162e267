//! The Lambda function `approve`: wiring only.

use std::convert::Infallible;

use tidegate_approve::{Approver, HttpAnswer, Settings};
use tidegate_runtime::{Deadline, HttpRequest, aws_config, environment, serve, start_logs};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start_logs();
    let settings = Settings::from_lookup(environment)?;
    let aws = aws_config().await;
    let (s3, dynamodb, kms) = (aws_sdk_s3::Client::new(&aws), aws_sdk_dynamodb::Client::new(&aws), aws_sdk_kms::Client::new(&aws));
    let approver = &Approver::new(settings, s3, dynamodb, kms);
    serve(async |request: HttpRequest, _: Deadline| Ok::<HttpAnswer, Infallible>(approver.answer(&request).await)).await
}
