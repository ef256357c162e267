//! How long it takes to verify a chain, and to make the table again from it: `cargo run --release -p tidegate-registry --example
//! audit_chain -- 100000`.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, reason = "a measurement")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Instant;

use support::{Desk, HOUR, MODEL, answer, policy};
use tidegate_registry::audit::{rebuild, verify_to};
use tidegate_registry::{Answer, Command};

fn main() {
    let wanted: usize = std::env::args().nth(1).and_then(|number| number.parse().ok()).unwrap_or(100_000);
    let policy = policy(1, &["lead@example.com"]);
    let mut desk = Desk::default();
    for run in 0_i64.. {
        if desk.chain.len() >= wanted {
            break;
        }
        let number = desk.pending(&format!("run-{run}"), &policy, run * HOUR);
        desk.ask(number, "lead@example.com", answer(Answer::Approve, "because"), &policy, run * HOUR).unwrap();
        desk.ask(number, "function:registry", Command::Promote, &policy, run * HOUR).unwrap();
    }
    let bytes: usize = desk.chain.iter().map(|entry| entry.text.len()).sum();
    println!("{} entries, {:.1} MB, {} bytes each", desk.chain.len(), bytes as f64 / 1e6, bytes / desk.chain.len());
    let start = Instant::now();
    verify_to(MODEL, &desk.chain, &desk.records.head, &[]).expect("the chain is whole");
    println!("verified in {:.3} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    let again = rebuild(&desk.chain).expect("the chain can be read");
    println!("table rebuilt in {:.3} s, equal: {}", start.elapsed().as_secs_f64(), again == desk.records);
}
