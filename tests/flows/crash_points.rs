//! The crash-point proof: every AWS call of a scenario fails once, before it took effect, after it, and in the middle of its
//! answer; once as an error that the function sees, once as the death of its process. Whatever happened, delivering again ends
//! in the state of a run without faults.

use tidegate_local_account::{Fault, Moment};
use tidegate_tests::{State, World, log, training_set};

/// More calls than any scenario makes: a test that gets here goes round in circles.
const MOST_CALLS: u64 = 2_000;

/// Runs the scenario once without faults, then once for every call and every way in which it can fail. Returns how many
/// points were tried.
pub(crate) async fn check(moment: Moment, start: &World, act: impl AsyncFn(&World)) -> u64 {
    let calm = start.fork().await;
    act(&calm).await;
    calm.recover().await;
    let expected = calm.state().await;
    let mut points = 0;
    for deadly in [false, true] {
        for call in 1..MOST_CALLS {
            let world = start.fork().await;
            world.faults.plan(Fault { call, moment, deadly });
            act(&world).await;
            if world.faults.struck() == 0 {
                break;
            }
            points += 1;
            world.recover().await;
            expect(&world, &expected, call, moment, deadly).await;
        }
    }
    points
}

async fn expect(world: &World, expected: &State, call: u64, moment: Moment, deadly: bool) {
    let difference = expected.difference(&world.state().await);
    let name = world.faults.calls().get(usize::try_from(call).unwrap() - 1).cloned().unwrap_or_default();
    assert!(difference.is_empty(), "call {call} ({name}) failed {moment:?}, deadly: {deadly}:\n{difference}");
}

/// `collect` takes two logs, one with a bad line and two hours, then the first one again with another content and fewer hours:
/// what it left must go.
async fn collect(moment: Moment) {
    let start = World::new().await;
    start.train("june.jsonl", &training_set(100.0)).await;
    start.settle().await;
    let points = check(moment, &start, async |world| {
        let first = log("2013-07-01", 5, 10, 100.0, 1) + "bad line\n" + &log("2013-07-01", 6, 10, 100.0, 2);
        world.log("05.jsonl", first).await;
        world.log("07.jsonl", log("2013-07-01", 7, 10, 100.0, 3)).await;
        world.settle().await;
        world.log("05.jsonl", log("2013-07-01", 6, 12, 100.0, 4)).await;
        world.settle().await;
    })
    .await;
    eprintln!("collect, {moment:?}: {points} points");
    assert!(points > 50, "only {points} points");
}

/// `collect` makes a baseline of a training set that comes after the first logs.
async fn training(moment: Moment) {
    let start = World::new().await;
    start.log("05.jsonl", log("2013-07-01", 5, 60, 100.0, 1)).await;
    start.settle().await;
    let points = check(moment, &start, async |world| {
        world.train("june.jsonl", &training_set(100.0)).await;
        world.settle().await;
    })
    .await;
    eprintln!("training set, {moment:?}: {points} points");
    assert!(points > 15, "only {points} points");
}

/// `drift` plans and judges a day whose first log, and the same day of a past week, were counted before there was a baseline.
async fn drift(moment: Moment) {
    let start = World::new().await;
    start.log("past.jsonl", log("2013-06-10", 5, 60, 100.0, 3)).await;
    start.log("05.jsonl", log("2013-07-01", 5, 60, 100.0, 1)).await;
    start.settle().await;
    start.train("june.jsonl", &training_set(100.0)).await;
    start.log("06.jsonl", log("2013-07-01", 6, 60, 150.0, 2)).await;
    start.settle().await;
    let points = check(moment, &start, async |world| {
        world.account.tick("2013-07-02T00:05:00Z").await.unwrap();
        world.settle().await;
    })
    .await;
    eprintln!("drift, {moment:?}: {points} points");
    assert!(points > 20, "only {points} points");
}

#[tokio::test]
async fn collect_recovers_when_any_call_is_lost() {
    Box::pin(collect(Moment::Before)).await;
}

#[tokio::test]
async fn collect_recovers_when_any_answer_is_lost() {
    Box::pin(collect(Moment::After)).await;
}

#[tokio::test]
async fn collect_recovers_when_any_answer_breaks_off() {
    Box::pin(collect(Moment::Midway)).await;
}

#[tokio::test]
async fn a_training_set_recovers_whatever_call_fails() {
    for moment in [Moment::Before, Moment::After, Moment::Midway] {
        Box::pin(training(moment)).await;
    }
}

#[tokio::test]
async fn drift_recovers_when_any_call_is_lost() {
    drift(Moment::Before).await;
}

#[tokio::test]
async fn drift_recovers_when_any_answer_is_lost() {
    drift(Moment::After).await;
}

#[tokio::test]
async fn drift_recovers_when_any_answer_breaks_off() {
    drift(Moment::Midway).await;
}

/// `collect` takes a log whose rejected lines leave in parts.
#[tokio::test]
async fn an_upload_in_parts_recovers_when_any_answer_is_lost() {
    let start = World::new().await;
    let text = log("2013-07-01", 5, 3, 100.0, 1) + &format!("{}\n", "x".repeat(60_000)).repeat(145);
    // Half a minute for each moment: the one that leaves most behind.
    let points = check(Moment::After, &start, async |world| {
        world.log("05.jsonl", &text).await;
        world.settle().await;
    })
    .await;
    eprintln!("upload in parts, After: {points} points");
    assert!(points > 20, "only {points} points");
}
