//! The Lambda function `performance`: wiring only.

use tidegate_performance_function::{PerformanceEvent, PerformanceFunction, Settings};
use tidegate_runtime::{Deadline, aws_config, environment, serve, start_logs};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start_logs();
    let settings = Settings::from_lookup(environment)?;
    let aws = aws_config().await;
    let (s3, dynamodb, sqs) = (aws_sdk_s3::Client::new(&aws), aws_sdk_dynamodb::Client::new(&aws), aws_sdk_sqs::Client::new(&aws));
    let function = &PerformanceFunction::new(settings, s3, dynamodb, sqs);
    serve(async |event: PerformanceEvent, deadline: Deadline| function.handle(event, deadline).await).await
}
