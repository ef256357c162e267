//! Every event may come twice, late, or in any order.

use futures::future::join_all;
use tidegate_drift::DriftFunction;
use tidegate_local_account::{Dice, LAKE, LocalAccount, MAX_RECEIVES, MODELS, TABLE};
use tidegate_tests::{State, World, log, training_set};

/// A day of three logs; one holds a bad line and reaches into the next hour.
async fn three_logs(world: &World) {
    let second = log("2013-07-01", 6, 30, 100.0, 2);
    world.log("05.jsonl", log("2013-07-01", 5, 40, 100.0, 1)).await;
    world.log("06.jsonl", format!("{second}not json\n{}", log("2013-07-01", 7, 10, 100.0, 3))).await;
    world.log("08.jsonl", log("2013-07-01", 8, 20, 100.0, 4)).await;
}

async fn trained() -> World {
    let world = World::new().await;
    world.train("june.jsonl", &training_set(100.0)).await;
    world.settle().await;
    world
}

async fn send(account: &LocalAccount, bodies: &[String]) {
    for body in bodies {
        account.send_to_collect(body).await.unwrap();
    }
}

async fn expect(world: &World, expected: &State, what: &str) {
    let difference = expected.difference(&world.state().await);
    assert!(difference.is_empty(), "{what}:\n{difference}");
}

#[tokio::test]
async fn a_second_delivery_changes_nothing() {
    let world = trained().await;
    three_logs(&world).await;
    let events = world.account.take_notifications().unwrap();
    send(&world.account, &events).await;
    world.tick("2013-07-02T00:05:00Z").await;
    let once = world.state().await;
    for _ in 0..3 {
        send(&world.account, &events).await;
        world.tick("2013-07-02T00:05:00Z").await;
    }
    expect(&world, &once, "after three more deliveries").await;
}

#[tokio::test]
async fn every_order_of_five_events_with_repeats_gives_the_same_bytes() {
    let world = World::new().await;
    three_logs(&world).await;
    world.log("late.jsonl", log("2013-07-01", 5, 10, 100.0, 5)).await;
    world.train("june.jsonl", &training_set(100.0)).await;
    let events = world.account.take_notifications().unwrap();
    assert_eq!(events.len(), 5);
    let mut expected = None;
    let mut dice = Dice::new(7);
    for order in permutations(events.len()) {
        let fork = world.fork().await;
        for index in order.iter().copied() {
            let repeats = if dice.roll() < 0.3 { 2 } else { 1 };
            for _ in 0..repeats {
                fork.account.send_to_collect(&events[index]).await.unwrap();
            }
            // Sometimes a batch for itself, sometimes together with the next.
            if dice.roll() < 0.7 {
                fork.settle().await;
            }
        }
        fork.tick("2013-07-02T00:05:00Z").await;
        let state = fork.state().await;
        let expected = expected.get_or_insert_with(|| state.clone());
        let difference = expected.difference(&state);
        assert!(difference.is_empty(), "order {order:?}:\n{difference}");
    }
}

#[tokio::test]
async fn a_late_object_is_judged_with_its_hour() {
    let world = trained().await;
    three_logs(&world).await;
    world.settle().await;
    world.tick("2013-07-02T00:05:00Z").await;
    assert_eq!(world.verdict("2013-07-02").0.records, 100);
    world.log("late.jsonl", log("2013-07-01", 5, 11, 100.0, 5)).await;
    world.settle().await;
    world.tick("2013-07-02T01:05:00Z").await;
    assert_eq!(world.verdict("2013-07-02").0.records, 111);

    let on_time = trained().await;
    three_logs(&on_time).await;
    on_time.log("late.jsonl", log("2013-07-01", 5, 11, 100.0, 5)).await;
    on_time.settle().await;
    on_time.tick("2013-07-02T00:05:00Z").await;
    assert_eq!(String::from_utf8(world.verdict("2013-07-02").1), String::from_utf8(on_time.verdict("2013-07-02").1));
}

#[tokio::test]
async fn an_object_that_is_uploaded_again_with_fewer_hours_leaves_nothing_behind() {
    let world = trained().await;
    let hours: String = (5..9).map(|hour| log("2013-07-01", hour, 15, 100.0, u64::from(hour))).collect();
    world.log("day.jsonl", &hours).await;
    world.settle().await;
    assert_eq!(world.keys("records/").len(), 4);
    world.log("day.jsonl", log("2013-07-01", 6, 15, 100.0, 6)).await;
    world.settle().await;
    assert_eq!((world.keys("records/").len(), world.keys("profiles/").len()), (1, 1));
    world.tick("2013-07-02T00:05:00Z").await;
    assert_eq!(world.verdict("2013-07-02").0.records, 15);
}

#[tokio::test]
async fn the_same_content_under_another_key_is_counted_once() {
    let world = trained().await;
    let content = log("2013-07-01", 5, 80, 100.0, 1);
    world.log("a.jsonl", &content).await;
    world.log("b.jsonl", &content).await;
    world.settle().await;
    world.tick("2013-07-02T00:05:00Z").await;
    let (verdict, _) = world.verdict("2013-07-02");
    assert_eq!(verdict.records, 80);
    assert_eq!(verdict.intake.repeated, 1);
}

#[tokio::test]
async fn a_baseline_that_comes_after_the_logs_gives_the_same_verdict() {
    let before = trained().await;
    three_logs(&before).await;
    before.settle().await;
    before.tick("2013-07-02T00:05:00Z").await;

    let after = World::new().await;
    three_logs(&after).await;
    after.settle().await;
    after.train("june.jsonl", &training_set(100.0)).await;
    after.settle().await;
    after.tick("2013-07-02T00:05:00Z").await;
    assert_eq!(String::from_utf8(before.verdict("2013-07-02").1), String::from_utf8(after.verdict("2013-07-02").1));
}

#[tokio::test]
async fn a_window_judged_again_gives_the_same_bytes() {
    let world = trained().await;
    three_logs(&world).await;
    world.settle().await;
    world.tick("2013-07-02T00:05:00Z").await;
    let first = world.state().await;
    let fork = world.fork().await;
    std::fs::remove_dir_all(fork.account.bucket_folder("lake").join("reports")).unwrap();
    fork.tick("2013-07-02T00:05:00Z").await;
    expect(&fork, &first, "judged from the same records").await;
}

#[tokio::test]
async fn a_poison_message_among_ten_fails_alone_and_a_redrive_does_it_once() {
    let world = World::new().await;
    world.settle().await;
    for hour in 0..9 {
        world.log(&format!("{hour}.jsonl"), log("2013-07-01", hour, 5, 100.0, u64::from(hour))).await;
    }
    world.log("poison.jsonl", log("2013-07-01", 9, 5, 100.0, 9)).await;
    world.faults.block("poison.jsonl");
    for body in world.account.take_notifications().unwrap() {
        world.account.send_to_collect(&body).await.unwrap();
    }
    let mut receives = 0;
    let first = world.account.run_collect_once().await.unwrap().unwrap();
    assert_eq!((first.messages, first.failed), (10, 1));
    while let Some(batch) = world.account.run_collect_once().await.unwrap() {
        receives += batch.failed;
    }
    assert_eq!(receives + 1, MAX_RECEIVES as usize);
    assert_eq!(world.keys("records/").len(), 9);
    let letters = world.account.dead_letters(world.account.collect_queue()).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert!(letters[0].contains("poison.jsonl"));

    world.faults.heal();
    assert_eq!(world.account.redrive(world.account.collect_queue()).await.unwrap(), 1);
    world.settle().await;
    assert_eq!(world.keys("records/").len(), 10);
    assert!(world.account.dead_letters(world.account.collect_queue()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_message_that_says_nothing_ends_among_the_dead_letters_and_costs_no_neighbour() {
    let world = trained().await;
    world.log("05.jsonl", log("2013-07-01", 5, 5, 100.0, 1)).await;
    for body in ["not json", "{}", r#"{"Records":[{"s3":{}}]}"#] {
        world.account.send_to_collect(body).await.unwrap();
    }
    world.settle().await;
    assert_eq!(world.keys("records/").len(), 1);
    assert!(!world.account.dead_letters(world.account.collect_queue()).await.unwrap().is_empty());
}

pub(crate) fn permutations(count: usize) -> Vec<Vec<usize>> {
    match count {
        0 => vec![Vec::new()],
        _ => permutations(count - 1)
            .into_iter()
            .flat_map(|order| {
                (0..count).map(move |place| {
                    let mut order = order.clone();
                    order.insert(place, count - 1);
                    order
                })
            })
            .collect(),
    }
}

#[tokio::test]
async fn workers_whose_windows_overlap_do_not_stand_in_each_others_way() {
    let world = World::new().await;
    for hour in 0..24 {
        world.log(&format!("{hour:02}.jsonl"), log("2013-07-01", hour, 20, 100.0, u64::from(hour))).await;
    }
    world.settle().await;
    // What was collected before there was a baseline is counted again, by every worker that comes upon it.
    world.train("june.jsonl", &training_set(100.0)).await;
    world.settle().await;
    let alone = world.fork().await;
    alone.tick("2013-07-02T00:05:00Z").await;

    let account = &world.account;
    let workers: Vec<DriftFunction> = (0..6)
        .map(|_| {
            let settings = tidegate_drift::Settings::from_lookup(|name| match name {
                "MODELS_BUCKET" => Some(MODELS.to_owned()),
                "LAKE_BUCKET" => Some(LAKE.to_owned()),
                "REGISTRY_TABLE" => Some(TABLE.to_owned()),
                "DRIFT_QUEUE_URL" => Some("nobody plans here".to_owned()),
                _ => None,
            });
            DriftFunction::new(settings.unwrap(), account.s3.clone(), account.dynamodb.clone(), account.sqs.clone())
        })
        .collect();
    let jobs = ["1d", "2d", "3d", "4d", "5d", "6d"]
        .map(|length| format!(r#"{{"model":"churn","window":"{length}","end":"2013-07-02T00:00:00Z"}}"#));
    let done = join_all(workers.iter().zip(&jobs).map(|(worker, job)| worker.judge(job))).await;
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    assert_eq!(world.verdict("2013-07-02"), alone.verdict("2013-07-02"));
}
