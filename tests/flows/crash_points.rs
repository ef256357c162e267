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

/// `collect` takes a file of truth, then another content under the same key, whose outcomes became known on another day: what the first left must go.
async fn truth(moment: Moment) {
    let start = World::new().await;
    start.log("05.jsonl", log("2013-07-01", 5, 10, 100.0, 1)).await;
    start.settle().await;
    let points = check(moment, &start, async |world| {
        for day in ["2013-07-09", "2013-07-05"] {
            world
                .log(
                    "truth/a.jsonl",
                    format!("{{\"inference_id\":\"2013-07-01-5-1-0\",\"actual\":\"stays\",\"time\":\"{day}T00:00:00Z\"}}\nnonsense\n"),
                )
                .await;
            world.settle().await;
        }
    })
    .await;
    eprintln!("truth, {moment:?}: {points} points");
    assert!(points > 20, "only {points} points");
}

/// `performance` plans and judges a day; one that it has not looked at yet, or one whose truth came in later.
async fn performance(moment: Moment, is_judged: bool) {
    let start = World::new().await;
    let scored = log("2013-07-01", 5, 120, 100.0, 1);
    let outcomes = |lines: std::ops::Range<usize>| -> String {
        let id = |line: &str| line.split('"').nth(7).unwrap_or_default().to_owned();
        let line = |(place, line): (usize, &str)| {
            let actual = if place % 3 == 0 { "1" } else { "0" };
            format!("{{\"inference_id\":\"{}\",\"actual\":{actual},\"time\":\"2013-07-01T20:00:00Z\"}}\n", id(line))
        };
        scored.lines().enumerate().filter(|(place, _)| lines.contains(place)).map(line).collect()
    };
    start.contract(&format!("{}truth: {{ late_days: 1 }}\n", tidegate_tests::CONTRACT)).await;
    start.log("05.jsonl", &scored).await;
    start.log("truth/a.jsonl", outcomes(0..70)).await;
    start.settle().await;
    if is_judged {
        start.account.tick_performance("2013-07-02T00:05:00Z").await.unwrap();
        start.settle().await;
    }
    start.log("truth/b.jsonl", outcomes(60..120)).await;
    start.settle().await;
    let points = check(moment, &start, async |world| {
        world.account.tick_performance("2013-07-02T00:05:00Z").await.unwrap();
        world.settle().await;
    })
    .await;
    eprintln!("performance, {moment:?}, judged before: {is_judged}: {points} points");
    assert!(points > 20, "only {points} points");
}

#[tokio::test]
async fn truth_recovers_whatever_call_fails() {
    for moment in [Moment::Before, Moment::After, Moment::Midway] {
        Box::pin(truth(moment)).await;
    }
}

#[tokio::test]
async fn performance_recovers_when_any_call_is_lost() {
    Box::pin(performance(Moment::Before, false)).await;
    Box::pin(performance(Moment::Before, true)).await;
}

#[tokio::test]
async fn performance_recovers_when_any_answer_is_lost() {
    Box::pin(performance(Moment::After, true)).await;
}

#[tokio::test]
async fn performance_recovers_when_any_answer_breaks_off() {
    Box::pin(performance(Moment::Midway, true)).await;
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
