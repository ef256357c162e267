//! Where a link's secrets end up: with the person, and nowhere else.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tidegate_registry::audit::StoredEntry;
use tidegate_tests::{DECIDED, Decisions, LEAD, LOOKED_MS, RISK};

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Every file below a folder, one after the other.
fn everything(folder: &Path, into: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            everything(&entry.path(), into);
        } else {
            into.extend(std::fs::read(entry.path()).unwrap());
        }
    }
}

#[test]
fn a_links_secrets_are_in_no_log_no_report_no_queue_no_audit_entry_and_no_item() {
    let sink = Sink::default();
    let writer = sink.clone();
    let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).with_writer(move || writer.clone()).finish();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (secrets, places) = tracing::subscriber::with_default(lines, || runtime.block_on(life()));
    let logs = sink.0.lock().unwrap().clone();
    assert!(String::from_utf8_lossy(&logs).contains("a decision link was locked"), "the logs were taken");
    let (mut looked, mut found) = (0, 0);
    for (name, bytes) in places.iter().map(|(name, bytes)| (name.as_str(), bytes)).chain([("logs", &logs)]) {
        looked += bytes.len();
        for secret in &secrets {
            if bytes.windows(secret.len()).any(|window| window == secret.as_bytes()) {
                found += 1;
                println!("found a secret in {name}");
            }
        }
    }
    println!(
        "secrets: {} of 3 links looked for in {looked} bytes of logs, lake, queues, audit trail and table: {found} found",
        secrets.len()
    );
    assert_eq!(found, 0);
}

/// One link that is used, one that is locked, one that is opened by strangers. Returns their secrets and every place to look.
async fn life() -> (Vec<String>, Vec<(String, Vec<u8>)>) {
    let decisions = Decisions::prod(2).await;
    let (one, two) = (decisions.pending("run-1").await, decisions.pending("run-2").await);
    let links = [decisions.mail(&one, LEAD).await, decisions.mail(&one, RISK).await, decisions.mail(&two, LEAD).await];
    for link in &links {
        decisions.get(&link.address()).await;
        decisions.get(&link.address().replace("/decision?", "/decision/report?")).await;
        decisions.get(&format!("{}x", link.address())).await;
    }
    decisions.post(&links[0].address(), &links[0].form("approve", "good")).await;
    decisions.post(&links[0].address(), &links[0].form("reject", "no")).await;
    decisions.post(&links[1].address(), &links[1].form("approve", "good")).await;
    let wrong = if links[2].code.expose() == "AAAAAA" { "BBBBBB" } else { "AAAAAA" };
    for _ in 0..6 {
        decisions.post(&links[2].address(), &format!("choice=approve&code={wrong}")).await;
    }
    decisions.http("POST", &links[2].address(), &[("sec-fetch-site", "cross-site")], &links[2].form("approve", ""), LOOKED_MS).await;
    decisions.account.tick_registry("2013-08-09T00:00:00Z").await.unwrap();

    let mut secrets = Vec::new();
    for link in &links {
        let token = link.token.expose();
        let mac = token.rsplit('.').next().unwrap().to_owned();
        secrets.extend([token, mac, link.code.expose().to_owned(), link.code.printed()]);
    }
    let mut places = Vec::new();
    let mut files = Vec::new();
    everything(decisions.folder(), &mut files);
    places.push(("files of buckets and table".to_owned(), files));
    let table = decisions.table().await;
    places.push(("table".to_owned(), format!("{table:?}").into_bytes()));
    let entries = decisions.registry.entries(DECIDED, 0).await.unwrap();
    places.push(("audit trail".to_owned(), entries.iter().map(|StoredEntry { text, .. }| text.as_str()).collect::<String>().into_bytes()));
    for queue in [
        decisions.account.collect_queue(),
        decisions.account.drift_queue(),
        decisions.account.registry_queue(),
        decisions.account.validate_queue(),
    ] {
        let letters = decisions.account.dead_letters(queue).await.unwrap();
        let waiting = decisions.account.sqs.receive_message().queue_url(&queue.url).max_number_of_messages(10).send().await.unwrap();
        places.push((queue.url.clone(), format!("{letters:?} {waiting:?}").into_bytes()));
    }
    (secrets, places)
}
