//! Requests and responses that were logged apart: joined by their id across objects, in any order, whatever crashes.

use std::fmt::Write as _;

use tidegate_lake::{Outcome, Receipt};
use tidegate_local_account::{Dice, Moment};
use tidegate_tests::{World, training_set};

use crate::crash_points::check;
use crate::deliveries::permutations;

/// Events of one collection of Azure's collector: one call a minute from 05:`from`, each of two rows.
fn events(kind: &str, from: u32, calls: u32, row: impl Fn(u32) -> String) -> String {
    let mut log = String::new();
    for call in from..from + calls {
        let (hour, minute) = (5 + call / 60, call % 60);
        writeln!(
            log,
            r#"{{"specversion":"1.0","id":"{kind}-{call}","type":"azureml.inference.{kind}","time":"2013-07-01T{hour:02}:{minute:02}:00Z","data":[{},{}],"correlationid":"c{call}","modelversion":"3"}}"#,
            row(call),
            row(call + 1_000)
        )
        .unwrap();
    }
    log
}

fn inputs(from: u32, calls: u32) -> String {
    events("model_inputs", from, calls, |call| {
        format!(r#"{{"amount":{}.5,"plan":"{}"}}"#, 80 + call % 40, if call % 2 == 0 { "basic" } else { "family" })
    })
}

fn outputs(from: u32, calls: u32) -> String {
    events("model_outputs", from, calls, |call| format!(r#"{{"score":0.{:02},"prediction":{}}}"#, 10 + call % 80, call % 2))
}

/// Inputs of two instances that reach from hour 5 into hour 6, their outputs cut otherwise, and one input without an output.
async fn four_logs(world: &World) {
    world.log("in/a.jsonl", inputs(40, 30)).await;
    world.log("in/b.jsonl", inputs(70, 6)).await;
    world.log("out/a.jsonl", outputs(40, 15)).await;
    world.log("out/b.jsonl", outputs(55, 20)).await;
}

/// The receipts of the hours that were joined.
fn hours(world: &World) -> Vec<Receipt> {
    let receipts = world.lake().into_iter().filter(|(key, _)| key.starts_with("receipts/"));
    let receipts = receipts.map(|(_, bytes)| serde_json::from_slice::<Receipt>(&bytes).unwrap());
    let mut hours: Vec<Receipt> = receipts.filter(|receipt| receipt.outcome == Outcome::Joined).collect();
    hours.sort_by_key(|receipt| receipt.last_modified_ms);
    hours
}

#[tokio::test]
async fn every_order_and_repetition_of_inputs_and_outputs_gives_the_same_bytes() {
    let world = World::new().await;
    world.train("june.jsonl", &training_set(100.0)).await;
    world.settle().await;
    four_logs(&world).await;
    let events = world.account.take_notifications().unwrap();
    assert_eq!(events.len(), 4);
    let mut expected = None;
    let mut dice = Dice::new(11);
    for order in permutations(events.len()) {
        let fork = world.fork().await;
        for index in order.iter().copied() {
            for _ in 0..if dice.roll() < 0.3 { 2 } else { 1 } {
                fork.account.send_to_collect(&events[index]).await.unwrap();
            }
            if dice.roll() < 0.7 {
                fork.settle().await;
            }
        }
        fork.tick("2013-07-02T00:05:00Z").await;
        let joined: Vec<(u64, u64)> = hours(&fork).iter().map(|hour| (hour.lines.accepted, hour.waiting)).collect();
        assert_eq!(joined, [(40, 0), (30, 2)], "20 calls of two rows in hour 5, 15 in hour 6, and the one that waits");
        let state = fork.state().await;
        let expected = expected.get_or_insert_with(|| state.clone());
        let difference = expected.difference(&state);
        assert!(difference.is_empty(), "order {order:?}:\n{difference}");
    }
}

#[tokio::test]
async fn a_half_that_never_comes_is_seen_waiting_and_is_no_record() {
    let world = World::new().await;
    world.log("in/a.jsonl", inputs(10, 3)).await;
    world.settle().await;
    let joined = hours(&world);
    assert_eq!(joined.iter().map(|hour| (hour.lines.accepted, hour.waiting)).collect::<Vec<_>>(), [(0, 6)]);
    assert!(world.lake().keys().all(|key| !key.starts_with("records/")));
    world.log("out/a.jsonl", outputs(10, 3)).await;
    world.settle().await;
    assert_eq!(hours(&world).iter().map(|hour| (hour.lines.accepted, hour.waiting)).collect::<Vec<_>>(), [(6, 0)]);
}

#[tokio::test]
async fn an_object_that_comes_again_without_its_halves_takes_their_records_along() {
    let world = World::new().await;
    world.log("in/a.jsonl", inputs(10, 3)).await;
    world.log("out/a.jsonl", outputs(10, 3)).await;
    world.settle().await;
    world.log("out/a.jsonl", outputs(10, 1)).await;
    world.settle().await;
    assert_eq!(hours(&world).iter().map(|hour| (hour.lines.accepted, hour.waiting)).collect::<Vec<_>>(), [(2, 4)]);
    world.log("out/a.jsonl", "").await;
    world.settle().await;
    assert_eq!(hours(&world).iter().map(|hour| (hour.lines.accepted, hour.waiting)).collect::<Vec<_>>(), [(0, 6)]);
    assert!(world.lake().keys().all(|key| !key.starts_with("records/")));
}

async fn crash(moment: Moment) {
    let start = World::new().await;
    let points = check(moment, &start, async |world| {
        world.log("in/a.jsonl", inputs(10, 2)).await;
        world.log("out/a.jsonl", outputs(10, 2)).await;
        world.settle().await;
    })
    .await;
    eprintln!("join, {moment:?}: {points} points");
    assert!(points > 50, "only {points} points");
}

#[tokio::test]
async fn a_join_recovers_when_any_call_is_lost() {
    Box::pin(crash(Moment::Before)).await;
}

#[tokio::test]
async fn a_join_recovers_when_any_answer_is_lost() {
    Box::pin(crash(Moment::After)).await;
}
