//! The Lambda function `drift`: wiring only.

use tidegate_drift::{DriftEvent, DriftFunction, Settings};
use tidegate_runtime::{Deadline, aws_config, environment, serve, start_logs};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start_logs();
    let settings = Settings::from_lookup(environment)?;
    let aws = aws_config().await;
    let (s3, dynamodb, sqs) = (aws_sdk_s3::Client::new(&aws), aws_sdk_dynamodb::Client::new(&aws), aws_sdk_sqs::Client::new(&aws));
    let function = &DriftFunction::new(settings, s3, dynamodb, sqs);
    serve(async |event: DriftEvent, deadline: Deadline| function.handle(event, deadline).await).await
}
