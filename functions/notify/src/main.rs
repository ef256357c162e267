//! The Lambda function `notify`: wiring only.

use tidegate_notify::{Clients, Notifier, NotifyEvent, Settings};
use tidegate_runtime::{Deadline, aws_config, environment, serve, start_logs};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start_logs();
    let settings = Settings::from_lookup(environment)?;
    let aws = aws_config().await;
    let clients = Clients {
        s3: aws_sdk_s3::Client::new(&aws),
        dynamodb: aws_sdk_dynamodb::Client::new(&aws),
        kms: aws_sdk_kms::Client::new(&aws),
        sns: aws_sdk_sns::Client::new(&aws),
        events: aws_sdk_eventbridge::Client::new(&aws),
        sqs: aws_sdk_sqs::Client::new(&aws),
    };
    let function = &Notifier::new(settings, clients);
    serve(async |event: NotifyEvent, deadline: Deadline| function.handle(event, deadline).await).await
}
