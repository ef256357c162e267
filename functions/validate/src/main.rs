//! The Lambda function `validate`: wiring only.

use std::convert::Infallible;

use aws_lambda_events::sqs::SqsEvent;
use tidegate_runtime::{Deadline, aws_config, environment, serve, start_logs};
use tidegate_validate::{Endpoints, Settings, Validator};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start_logs();
    let settings = Settings::from_lookup(environment)?;
    let aws = aws_config().await;
    let endpoints = Endpoints::new(settings.endpoint_origins.clone(), aws.clone());
    let validator = &Validator::new(settings, aws_sdk_s3::Client::new(&aws), aws_sdk_dynamodb::Client::new(&aws), endpoints);
    serve(async |batch: SqsEvent, deadline: Deadline| Ok::<_, Infallible>(validator.handle(batch, deadline).await)).await
}
