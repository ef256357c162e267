//! What came before a window is part of what it is judged from, and costs few calls.

use aws_sdk_dynamodb::types::AttributeValue;
use tidegate_lake::{HOUR_MS, Lake, PartKey, parse_time};
use tidegate_local_account::{Faults, LAKE, Services, TABLE};
use tidegate_monitoring::{Spans, Window, spans};
use tidegate_tests::{MODEL, World, log, training_set};

/// The registry's digest of everything that the day which ended at this midnight was judged from, and how often it was recorded.
async fn record(world: &World, end: &str) -> (String, String) {
    let key = |text: String| AttributeValue::S(text);
    let call = world.account.dynamodb.get_item().table_name(TABLE).key("pk", key(format!("MODEL#{MODEL}")));
    let item = call.key("sk", key(format!("WINDOW#1d#{end}T00:00:00Z"))).send().await.unwrap().item.unwrap();
    (item.get("inputs_digest").unwrap().as_s().unwrap().clone(), item.get("revision").unwrap().as_n().unwrap().clone())
}

#[tokio::test]
async fn a_late_record_of_a_past_week_is_noticed_and_one_of_another_day_is_not() {
    let world = World::new().await;
    world.train("may.jsonl", &training_set(100.0)).await;
    // A Monday, and the same day three weeks before.
    world.log("now.jsonl", log("2013-07-01", 5, 60, 100.0, 1)).await;
    world.log("then.jsonl", log("2013-06-10", 5, 60, 100.0, 2)).await;
    world.settle().await;
    world.tick("2013-07-02T00:05:00Z").await;
    let first = record(&world, "2013-07-02").await;

    world.log("wednesday.jsonl", log("2013-06-12", 5, 60, 100.0, 3)).await;
    world.settle().await;
    world.tick("2013-07-02T01:05:00Z").await;
    assert_eq!(record(&world, "2013-07-02").await, first, "no span of the window holds that day");

    world.log("late.jsonl", log("2013-06-10", 7, 60, 100.0, 4)).await;
    world.settle().await;
    world.tick("2013-07-02T02:05:00Z").await;
    assert_ne!(record(&world, "2013-07-02").await.0, first.0);
}

#[tokio::test]
async fn a_window_that_did_not_change_costs_eight_calls() {
    let world = World::new().await;
    world.train("may.jsonl", &training_set(100.0)).await;
    for (day, seed) in [("2013-07-01", 1), ("2013-06-24", 2), ("2013-05-27", 3)] {
        world.log(&format!("{day}.jsonl"), log(day, 5, 60, 100.0, seed)).await;
    }
    world.settle().await;
    world.tick("2013-07-02T00:05:00Z").await;
    let message = format!(r#"{{"model":"{MODEL}","window":"1d","end":"2013-07-02T00:00:00Z"}}"#);
    world.faults.reset();
    let queue = world.account.drift_queue().url.clone();
    world.account.sqs.send_message().queue_url(queue).message_body(message).send().await.unwrap();
    world.settle().await;
    let calls = world.faults.calls();
    let count = |is: &dyn Fn(&&String) -> bool| calls.iter().filter(is).count();
    let lists = count(&|call| call.contains("list-type=2"));
    let heads = count(&|call| call.starts_with("HEAD"));
    // Contracts, versions, parts; who is champion; the pointer to the baseline; the two files of the report; the record.
    assert_eq!((lists, heads, calls.len()), (3, 2, 8), "{calls:#?}");
}

#[tokio::test]
async fn a_listing_leaps_over_the_weeks_between() {
    let folder = tempfile::tempdir().unwrap();
    let faults = Faults::default();
    let s3 = aws_sdk_s3::Client::new(&Services::open(folder.path()).unwrap().sdk_config(Some(faults.clone()), 1));
    s3.create_bucket().bucket(LAKE).send().await.unwrap();
    // Eighteen days of ten objects an hour: 4,320 keys.
    let start = parse_time("2013-07-01T00:00:00Z").unwrap();
    for hour in 0..18 * 24 {
        for source in 0..10 {
            let at = PartKey::new(start + hour * HOUR_MS, "1", &format!("{source}"));
            let path = folder.path().join("s3").join(LAKE).join(at.profile(MODEL));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
    }
    let lake = Lake::new(s3, LAKE);
    let span = |first: i64, hours: i64| (start + first * HOUR_MS, start + (first + hours) * HOUR_MS);
    let list = async |spans: &[(i64, i64)]| {
        faults.reset();
        let listed = lake.list_parts(MODEL, spans).await.unwrap();
        // One call is for the versions.
        (listed.len(), faults.calls().len() - 1)
    };
    assert_eq!(list(&[span(0, 18 * 24)]).await, (4_320, 5), "everything, by the thousand");
    assert_eq!(list(&[span(0, 1), span(17 * 24, 1)]).await, (20, 2), "two hours far apart: a call each");
    assert_eq!(list(&[span(0, 1), span(24, 1), span(48, 1)]).await, (30, 1), "three hours within a thousand keys: one call");
    assert_eq!(list(&[span(0, 1), span(99, 2)]).await, (30, 2), "a span that a page ends in goes on with the next");
    assert_eq!(list(&[span(99, 2), span(0, 1), span(100, 1)]).await, (30, 2), "whatever the order, each once");
    assert_eq!(list(&[span(30 * 24, 1)]).await, (0, 1));
}

#[tokio::test]
async fn eight_past_weeks_of_an_object_an_hour_are_listed_by_two_calls() {
    let folder = tempfile::tempdir().unwrap();
    let faults = Faults::default();
    let s3 = aws_sdk_s3::Client::new(&Services::open(folder.path()).unwrap().sdk_config(Some(faults.clone()), 1));
    s3.create_bucket().bucket(LAKE).send().await.unwrap();
    let end = parse_time("2013-07-01T00:00:00Z").unwrap();
    for hour in 1..=9 * 7 * 24 {
        let path = folder.path().join("s3").join(LAKE).join(PartKey::new(end - hour * HOUR_MS, "1", "a").profile(MODEL));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }
    let lake = Lake::new(s3, LAKE);
    for hours in [1, 24, 7 * 24] {
        let window = Window { start_ms: end - hours * HOUR_MS, end_ms: end };
        let Spans { same_hours, week, .. } = spans(window);
        let wanted: Vec<(i64, i64)> = same_hours.into_iter().chain(week).chain([window]).map(|span| (span.start_ms, span.end_ms)).collect();
        faults.reset();
        lake.list_parts(MODEL, &wanted).await.unwrap();
        // One call is for the versions.
        assert_eq!(faults.calls().len() - 1, 2, "{hours} hours");
    }
}
