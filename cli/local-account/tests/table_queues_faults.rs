//! DynamoDB, SQS and the faults, through the SDK, as functions use them.
#![expect(clippy::unwrap_used, reason = "tests")]

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, Put, ScalarAttributeType, TransactWriteItem,
};
use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};
use tidegate_local_account::{Fault, Faults, Moment, Odds, Services};

async fn table(services: &Services) -> aws_sdk_dynamodb::Client {
    let client = aws_sdk_dynamodb::Client::new(&services.sdk_config(None, 1));
    let mut request = client.create_table().table_name("registry").billing_mode(BillingMode::PayPerRequest);
    for (name, kind) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
        request = request
            .attribute_definitions(
                AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build().unwrap(),
            )
            .key_schema(KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap());
    }
    request.send().await.unwrap();
    client
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn put(sk: &str, condition: &str) -> TransactWriteItem {
    let put = Put::builder().table_name("registry").item("pk", text("m")).item("sk", text(sk)).condition_expression(condition);
    TransactWriteItem::builder().put(put.build().unwrap()).build()
}

#[tokio::test]
async fn a_condition_decides_and_says_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let client = table(&Services::open(folder.path()).unwrap()).await;
    let write = || {
        client
            .put_item()
            .table_name("registry")
            .item("pk", text("m"))
            .item("sk", text("w"))
            .condition_expression("attribute_not_exists(pk)")
            .send()
    };
    write().await.unwrap();
    assert!(write().await.unwrap_err().into_service_error().is_conditional_check_failed_exception());
    let reserved = client
        .put_item()
        .table_name("registry")
        .item("pk", text("m"))
        .item("sk", text("w"))
        .condition_expression("attribute_exists(state)");
    let refused = reserved.send().await.unwrap_err().into_service_error();
    assert_eq!(refused.code(), Some("ValidationException"));
    assert!(refused.message().unwrap().contains("reserved keyword"), "{refused:?}");
}

#[tokio::test]
async fn a_transaction_happens_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let client = table(&Services::open(folder.path()).unwrap()).await;
    let transact = |items: Vec<TransactWriteItem>| client.transact_write_items().set_transact_items(Some(items)).send();
    transact(vec![put("1", "attribute_not_exists(pk)"), put("2", "attribute_not_exists(pk)")]).await.unwrap();
    let refused =
        transact(vec![put("3", "attribute_not_exists(pk)"), put("2", "attribute_not_exists(pk)")]).await.unwrap_err().into_service_error();
    let codes: Vec<_> = match &refused {
        aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(canceled) => {
            canceled.cancellation_reasons().iter().filter_map(|reason| reason.code()).collect()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(codes, ["None", "ConditionalCheckFailed"]);
    let query = client.query().table_name("registry").key_condition_expression("pk = :m").expression_attribute_values(":m", text("m"));
    assert_eq!(query.send().await.unwrap().count(), 2);
}

#[tokio::test]
async fn the_table_outlives_the_account_that_made_it() {
    let folder = tempfile::tempdir().unwrap();
    let client = table(&Services::open(folder.path()).unwrap()).await;
    client.put_item().table_name("registry").item("pk", text("m")).item("sk", text("kept")).send().await.unwrap();
    let again = aws_sdk_dynamodb::Client::new(&Services::open(folder.path()).unwrap().sdk_config(None, 1));
    let kept = again.get_item().table_name("registry").key("pk", text("m")).key("sk", text("kept")).send().await.unwrap();
    assert!(kept.item().is_some());
}

async fn queue(sqs: &aws_sdk_sqs::Client, most_receives: u32) -> (String, String) {
    let dead = sqs.create_queue().queue_name("dead").send().await.unwrap().queue_url.unwrap();
    let arn = sqs.get_queue_attributes().queue_url(&dead).attribute_names(QueueAttributeName::QueueArn).send().await.unwrap();
    let arn = &arn.attributes().unwrap()[&QueueAttributeName::QueueArn];
    let policy = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{most_receives}}}"#);
    let live = sqs.create_queue().queue_name("live").attributes(QueueAttributeName::RedrivePolicy, policy).send().await.unwrap();
    (live.queue_url.unwrap(), dead)
}

#[tokio::test]
async fn a_message_that_keeps_failing_ends_in_the_dead_letter_queue() {
    let folder = tempfile::tempdir().unwrap();
    let sqs = aws_sdk_sqs::Client::new(&Services::open(folder.path()).unwrap().sdk_config(None, 1));
    let (live, dead) = queue(&sqs, 3).await;
    sqs.send_message().queue_url(&live).message_body("poison").send().await.unwrap();
    let mut seen = 0;
    while let Some(message) = sqs.receive_message().queue_url(&live).send().await.unwrap().messages.unwrap_or_default().pop() {
        seen += 1;
        assert!(sqs.receive_message().queue_url(&live).send().await.unwrap().messages().is_empty(), "hidden while it is worked on");
        sqs.change_message_visibility()
            .queue_url(&live)
            .receipt_handle(message.receipt_handle.unwrap())
            .visibility_timeout(0)
            .send()
            .await
            .unwrap();
    }
    assert_eq!(seen, 3);
    let letters = sqs.receive_message().queue_url(&dead).send().await.unwrap();
    assert_eq!(letters.messages()[0].body(), Some("poison"));
}

#[tokio::test]
async fn a_batch_of_eleven_messages_is_refused_as_sqs_refuses_it() {
    let folder = tempfile::tempdir().unwrap();
    let sqs = aws_sdk_sqs::Client::new(&Services::open(folder.path()).unwrap().sdk_config(None, 1));
    let (live, _) = queue(&sqs, 3).await;
    let entry = |i: usize| SendMessageBatchRequestEntry::builder().id(i.to_string()).message_body("x").build().unwrap();
    let send = |count: usize| sqs.send_message_batch().queue_url(&live).set_entries(Some((0..count).map(entry).collect())).send();
    assert_eq!(send(10).await.unwrap().successful().len(), 10);
    assert!(send(11).await.unwrap_err().into_service_error().is_too_many_entries_in_batch_request());
    let nowhere = sqs.send_message().queue_url("https://sqs.eu-central-1.amazonaws.com/1/nowhere").message_body("x").send().await;
    assert!(nowhere.unwrap_err().into_service_error().is_queue_does_not_exist());
}

/// A bucket whose puts go through faults, and whether the object is there afterwards.
async fn put_through(faults: &Faults, attempts: u32) -> (bool, bool) {
    let folder = tempfile::tempdir().unwrap();
    let services = Services::open(folder.path()).unwrap();
    let outside = aws_sdk_s3::Client::new(&services.sdk_config(None, 1));
    outside.create_bucket().bucket("lake").send().await.unwrap();
    let inside = aws_sdk_s3::Client::new(&services.sdk_config(Some(faults.clone()), attempts));
    let put = inside.put_object().bucket("lake").key("k").body(Vec::from("x").into()).send().await;
    (put.is_ok(), outside.head_object().bucket("lake").key("k").send().await.is_ok())
}

#[tokio::test]
async fn a_fault_before_leaves_nothing_and_one_after_leaves_the_effect() {
    let faults = Faults::default();
    faults.plan(Fault { call: 1, moment: Moment::Before, deadly: false });
    assert_eq!(put_through(&faults, 1).await, (false, false));
    faults.reset();
    faults.plan(Fault { call: 1, moment: Moment::After, deadly: false });
    assert_eq!(put_through(&faults, 1).await, (false, true));
    assert_eq!((faults.struck(), faults.calls().len()), (1, 1));
}

#[tokio::test]
async fn retries_of_the_sdk_get_past_one_fault_of_every_kind() {
    for moment in [Moment::Before, Moment::After] {
        let faults = Faults::default();
        faults.plan(Fault { call: 1, moment, deadly: false });
        assert_eq!(put_through(&faults, 3).await, (true, true));
        assert_eq!(faults.calls().len(), 2);
    }
}

#[tokio::test]
async fn a_crash_ends_every_later_call_until_a_new_process_takes_over() {
    let faults = Faults::default();
    faults.plan(Fault { call: 1, moment: Moment::After, deadly: true });
    assert_eq!(put_through(&faults, 3).await, (false, true));
    assert!(faults.is_crashed());
    assert_eq!(put_through(&faults, 1).await, (false, false));
    faults.revive();
    assert_eq!(put_through(&faults, 1).await, (true, true));
}

#[tokio::test]
async fn throttling_is_recognised_by_the_sdk_and_retried() {
    let faults = Faults::default();
    faults.roll(3, Odds { throttle: 0.5, ..Odds::default() });
    for _ in 0..8 {
        assert_eq!(put_through(&faults, 12).await, (true, true));
    }
    assert!(faults.struck() > 2, "{}", faults.struck());
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_an_error_of_the_body() {
    let folder = tempfile::tempdir().unwrap();
    let services = Services::open(folder.path()).unwrap();
    let faults = Faults::default();
    let s3 = aws_sdk_s3::Client::new(&services.sdk_config(Some(faults.clone()), 1));
    s3.create_bucket().bucket("lake").send().await.unwrap();
    s3.put_object().bucket("lake").key("k").body(Vec::from("0123456789").into()).send().await.unwrap();
    faults.plan(Fault { call: 3, moment: Moment::Midway, deadly: false });
    let mut reply = s3.get_object().bucket("lake").key("k").send().await.unwrap();
    assert_eq!(reply.body.next().await.unwrap().unwrap().as_ref(), b"01234");
    assert!(reply.body.next().await.unwrap().is_err());
}

#[tokio::test]
async fn the_same_seed_gives_the_same_faults() {
    let run = async |seed| {
        let faults = Faults::default();
        faults.roll(seed, Odds { lost_request: 0.2, lost_reply: 0.2, throttle: 0.2, crash: 0.1 });
        let mut outcomes = Vec::new();
        for _ in 0..12 {
            outcomes.push(put_through(&faults, 1).await);
            faults.revive();
        }
        outcomes
    };
    assert_eq!(run(1).await, run(1).await);
    assert_ne!(run(1).await, run(2).await);
}
