//! The Lambda function `collect`: wiring only.

use std::convert::Infallible;

use aws_lambda_events::sqs::SqsEvent;
use tidegate_collect::{Collector, Settings};
use tidegate_runtime::{Deadline, aws_config, environment, serve, start_logs};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start_logs();
    let settings = Settings::from_lookup(environment)?;
    let aws = aws_config().await;
    let collector = &Collector::new(settings, aws_sdk_s3::Client::new(&aws), aws_sdk_sqs::Client::new(&aws));
    serve(async |batch: SqsEvent, deadline: Deadline| Ok::<_, Infallible>(collector.handle(batch, deadline).await)).await
}
