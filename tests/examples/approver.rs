//! The approver's page with a candidate behind it, for a browser: prints where the link is and what code its mail carries, as one line of
//! JSON, and serves until its input ends. A word names the stage: `prod`, `test` or `dev`.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "an example talks to a program, and stops at the first surprise")]

use std::io::Read as _;
use std::sync::Arc;

use serde_json::json;
use tidegate_local_account::Server;
use tidegate_registry::{Answer, Command, Stage};
use tidegate_tests::{DECIDED, Decisions, LEAD, LOOKED_MS, RISK, request_id};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let stage: Stage = std::env::args().nth(1).unwrap_or_else(|| "prod".to_owned()).parse().unwrap();
    let promotion = format!("promotion: {{ {stage}: {{ approvals: 2, approvers: [{LEAD}, {RISK}], expires: 3d, hold: 4h }} }}");
    let decisions = Decisions::new(stage, &promotion).await;
    decisions.champion("2013-05-logistic").await;
    let version = decisions.pending("2013-08-logistic").await;
    let said = Command::Decide { request: request_id("2013-08-logistic"), answer: Answer::Approve, reason: String::new() };
    let version = decisions.ask(version.number, RISK, said, LOOKED_MS - 3_000_000).await.unwrap();
    let mailed = decisions.mail(&version, LEAD).await;
    let server = Server::start_at(Arc::clone(&decisions.account), 0, Arc::new(|| LOOKED_MS)).await.unwrap();
    let told = json!({
        "url": mailed.token.url(&server.url), "code": mailed.code.printed(), "name": format!("{DECIDED} {}", version.number)
    });
    println!("{told}");
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await.unwrap().unwrap();
}
