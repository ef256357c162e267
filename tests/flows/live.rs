//! A candidate that already answers in live traffic, as a shadow or with a share of the requests, is held against the champion there.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tidegate_local_account::{Dice, LOGS};

use crate::candidates::{Desk, people};

/// Scoring logs of two versions on 1 August, and what became of everybody; of the candidate every request, or every second one.
async fn serve(desk: &Desk, candidate: (f64, f64), is_shadow: bool) {
    let (mut logs, mut truth) = ([String::new(), String::new()], String::new());
    let mut dice = Dice::new(3);
    for (place, (id, amount, age, plan, leaves)) in people(20_000, 5).into_iter().enumerate() {
        let minute = format!("2013-08-01T{:02}:{:02}:00Z", place / 200 % 24, place % 60);
        let versions = if is_shadow { vec![0, 1] } else { vec![usize::from(dice.roll() < 0.5)] };
        for version in versions {
            let (name, weights) = [("now", (1.5, 0.0)), ("next", candidate)][version];
            let score = 1.0 / (1.0 + (-(weights.0 * amount + weights.1 * age)).exp());
            let line = json!({
                "timestamp": minute, "inference_id": id, "version": name, "score": score, "features": { "amount": amount, "age": age, "plan": plan }
            });
            writeln!(logs[version], "{line}").unwrap();
        }
        writeln!(truth, "{}", json!({ "inference_id": id, "actual": u8::from(leaves), "time": "2013-08-02T08:00:00Z" })).unwrap();
    }
    let [now, next] = logs;
    for (key, text) in [("churn/2013-08-01/now.jsonl", now), ("churn/2013-08-01/next.jsonl", next), ("churn/truth/2013-08-02.jsonl", truth)]
    {
        desk.account.s3.put_object().bucket(LOGS).key(key).body(text.into_bytes().into()).send().await.unwrap();
    }
    desk.account.settle().await.unwrap();
}

/// What the gate says of live traffic.
async fn live(desk: &Desk, run: &str, weights: (f64, f64), span: (&str, &str)) -> (String, String) {
    let traffic = json!({ "version": "next", "champion": "now", "from": span.0, "to": span.1 });
    let version = desk.submit_with(run, weights, |manifest: &mut Value| manifest["live"] = traffic).await;
    let rule = version.gate.unwrap().rules.into_iter().find(|rule| rule.name == "live").unwrap();
    (rule.outcome.name().to_owned(), rule.says)
}

const DAY: (&str, &str) = ("2013-08-01", "2013-08-02");

#[tokio::test]
async fn a_shadow_is_compared_pair_by_pair() {
    let desk = Desk::new().await;
    desk.submit("first", (1.5, 0.0)).await;
    serve(&desk, (1.5, 1.5), true).await;
    let (outcome, says) = live(&desk, "better", (1.5, 1.5), DAY).await;
    assert_eq!(outcome, "pass", "{says}");
    assert!(says.starts_with("In live traffic from 2013-08-01 to 2013-08-02, both on the same requests: ROC AUC is"), "{says}");
    let (outcome, says) = live(&desk, "unseen", (1.5, 1.4), ("2013-08-05", "2013-08-06")).await;
    assert_eq!(outcome, "cannot-tell", "{says}");
    assert!(says.contains("the logs have 0 predictions of next and 0 of now"), "{says}");
}

#[tokio::test]
async fn a_split_is_compared_too_and_worse_answers_fail() {
    let desk = Desk::new().await;
    desk.submit("first", (1.5, 0.0)).await;
    serve(&desk, (-1.5, 0.1), false).await;
    let (outcome, says) = live(&desk, "worse-live", (1.5, 1.5), DAY).await;
    assert_eq!(outcome, "fail", "{says}");
    assert!(says.contains("each on its own requests"), "{says}");
}
