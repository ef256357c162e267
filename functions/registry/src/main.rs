//! The Lambda function `registry`: wiring only.

use tidegate_registry_function::{RegistryEvent, RegistryFunction, Settings};
use tidegate_runtime::{Deadline, aws_config, environment, serve, start_logs};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start_logs();
    let settings = Settings::from_lookup(environment)?;
    let aws = aws_config().await;
    let (s3, dynamodb, kms) = (aws_sdk_s3::Client::new(&aws), aws_sdk_dynamodb::Client::new(&aws), aws_sdk_kms::Client::new(&aws));
    let function = &RegistryFunction::new(settings, s3, dynamodb, kms);
    serve(async |event: RegistryEvent, deadline: Deadline| function.handle(event, deadline).await).await
}
