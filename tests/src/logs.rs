//! Synthetic scoring logs of a small model, the same for the same arguments.

use std::fmt::Write as _;

use tidegate_local_account::Dice;

/// The model's name.
pub const MODEL: &str = "churn";

/// Its contract: small, so that a test's window is judged in milliseconds.
pub const CONTRACT: &str = "\
model: churn
task: binary
features:
  - { name: amount, type: numeric, range: [0, 100000] }
  - { name: plan, type: categorical }
monitoring: { windows: [1d], baselines: [training, seasonal, previous], bad_lines: 0.2, late: 1d }
";

/// Scoring logs of one hour (`day` is `2013-07-01`): so many records, with amounts about so high.
#[must_use]
pub fn log(day: &str, hour: u32, records: usize, amount: f64, seed: u64) -> String {
    let mut text = String::new();
    for (index, (amount, plan, score)) in values(records, amount, seed).enumerate() {
        let second = index * 3600 / records.max(1);
        let time = format!("{day}T{hour:02}:{:02}:{:02}Z", second / 60, second % 60);
        let prediction = if score > 0.5 { "leaves" } else { "stays" };
        writeln!(
            text,
            r#"{{"timestamp":"{time}","inference_id":"{day}-{hour}-{seed}-{index}","version":"1","latency_ms":7,"features":{{"amount":{amount:.2},"plan":"{plan}"}},"prediction":"{prediction}","score":{score:.3}}}"#
        )
        .unwrap();
    }
    text
}

/// A training set of the month before, as JSON lines: a few days, so that ordinary variation can be learned.
#[must_use]
pub fn training_set(amount: f64) -> String {
    (1..=8).map(|day| log(&format!("2013-06-{day:02}"), 12, 60, amount, 1_000 + day)).collect()
}

fn values(records: usize, amount: f64, seed: u64) -> impl Iterator<Item = (f64, &'static str, f64)> {
    let mut dice = Dice::new(seed);
    (0..records).map(move |_| {
        let plan = ["basic", "basic", "family", "business"].get(dice.below(4)).copied().unwrap_or_default();
        (amount * (0.5 + dice.roll()), plan, dice.roll())
    })
}
