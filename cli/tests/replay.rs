//! `tidegate replay` on a lake that the functions filled, and on plain files.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod desk;

use std::collections::BTreeMap;
use std::path::Path;

use desk::{CONTRACT, Desk, gzip, log, training};
use serde_json::Value;
use tidegate_local_account::{LOGS, LocalAccount, MODELS};

/// Six days, of which the fourth's trains are late and the last has few records: each judged on the morning after.
fn lake(desk: &Desk) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let account = LocalAccount::start(&desk.path().join("state")).await.unwrap();
        let put = async |bucket: &str, key: &str, body: Vec<u8>| {
            account.s3.put_object().bucket(bucket).key(key).body(body.into()).send().await.unwrap();
        };
        put(MODELS, "contracts/late-trains.yaml", CONTRACT.into()).await;
        put(MODELS, "datasets/late-trains/february.csv", training().into()).await;
        account.settle().await.unwrap();
        for day in 1..=6 {
            let text = log(day, if day == 4 { 30.0 } else { 0.0 });
            let text = if day == 6 { text.lines().take(200).fold(String::new(), |text, line| text + line + "\n") } else { text };
            put(LOGS, &format!("late-trains/{day}.jsonl.gz"), gzip(&text)).await;
            account.settle().await.unwrap();
            account.tick(&format!("2024-03-{:02}T00:05:00Z", day + 1)).await.unwrap();
            account.settle().await.unwrap();
        }
    });
}

/// Every file of the state by name, with its bytes; the table's own book-keeping files aside.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                waiting.push(entry.path());
            } else {
                found.insert(entry.path().display().to_string(), std::fs::read(entry.path()).unwrap());
            }
        }
    }
    found
}

const PERIOD: [&str; 7] = ["replay", "--state", "state", "--from", "2024-03-01", "--to", "2024-03-07"];

fn changes(json: &str) -> Vec<String> {
    let json: Value = serde_json::from_str(json).unwrap();
    json["windows"].as_array().unwrap().iter().map(|window| window["change"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn under_the_same_contract_every_window_is_the_same_to_the_last_byte_and_nothing_is_written() {
    let desk = Desk::new();
    lake(&desk);
    let before = files(&desk.path().join("state/s3"));
    let answer = desk.tidegate(&[&PERIOD[..], &["--report", "pages"]].concat());
    assert_eq!((answer.code, answer.err.as_str()), (Some(1), ""), "{answer:?}");
    for line in [
        "late-trains\n\nWindows of 1d\n  window                   before  now    what changed\n",
        "  2024-03-01 … 2024-03-03  ok      ok     3 windows, all the same\n",
        "  2024-03-04               drift   drift  the same\n",
        "Of 6 windows: 1 alarmed before, 1 would now. The same to the last byte: 6.\n",
        "\nReports: pages\n",
    ] {
        assert!(answer.out.contains(line), "{line}\nin\n{}", answer.out);
    }
    assert!(files(&desk.path().join("state/s3")) == before, "a replay wrote to the lake");
    let page = "model=late-trains/window=1d/end=2024-03-05T00/verdict.json";
    assert_eq!(desk.read(&format!("pages/reports/{page}")), desk.read(&format!("state/s3/lake/reports/{page}")));
    assert!(desk.read("pages/reports/model=late-trains/window=1d/end=2024-03-05T00/index.html").starts_with("<!DOCTYPE html>"));
}

#[test]
fn what_the_model_learned_since_changes_no_replay() {
    let desk = Desk::new();
    lake(&desk);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let account = LocalAccount::start(&desk.path().join("state")).await.unwrap();
        let half =
            training().lines().enumerate().filter(|(line, _)| line % 2 == 0).fold(String::new(), |text, (_, line)| text + line + "\n");
        account.s3.put_object().bucket(MODELS).key("datasets/late-trains/march.csv").body(half.into_bytes().into()).send().await.unwrap();
        account.settle().await.unwrap();
    });
    let answer = desk.tidegate(&PERIOD);
    assert!(answer.out.contains("The same to the last byte: 6.\n"), "{answer:?}");
    assert!(!answer.out.contains("training set"), "{answer:?}");
}

#[test]
fn a_changed_contract_shows_what_it_would_have_said() {
    let desk = Desk::new();
    lake(&desk);
    let before = files(&desk.path().join("state/s3"));
    // Only the last day has fewer records: the others' verdicts stay as they are, to the last byte.
    desk.write("more.yaml", CONTRACT.to_owned() + "monitoring: { minimum_records: 300 }\n");
    let answer = desk.tidegate(&[&PERIOD[..], &["--contract", "more.yaml", "--json"]].concat());
    assert_eq!((answer.code, answer.err.as_str()), (Some(1), ""), "{answer:?}");
    assert_eq!(changes(&answer.out), ["identical", "identical", "identical", "identical", "identical", "otherwise"]);

    desk.write("mute.yaml", CONTRACT.replace("[-60, 1440]", "[-60, 1440], monitoring: { mute: true }"));
    let answer = desk.tidegate(&[&PERIOD[..], &["--contract", "mute.yaml"]].concat());
    assert_eq!((answer.code, answer.err.as_str()), (Some(1), ""), "{answer:?}");
    assert!(answer.out.contains("  2024-03-04               drift   drift  muted now: delay"), "{}", answer.out);
    assert!(files(&desk.path().join("state/s3")) == before, "a replay wrote to the lake");
}

#[test]
fn records_are_counted_again_where_the_contract_reads_values_otherwise() {
    let desk = Desk::new();
    lake(&desk);
    let before = files(&desk.path().join("state/s3"));
    let changed =
        CONTRACT.replace("[-60, 1440]", "[-60, 30]").replace("  - { name: load", "  - { name: guard, type: numeric }\n  - { name: load");
    desk.write("c.yaml", changed);
    let answer = desk.tidegate(&[&PERIOD[..], &["--contract", "c.yaml", "--json"]].concat());
    assert_eq!((answer.code, answer.err.as_str()), (Some(1), ""), "{answer:?}");
    let json: Value = serde_json::from_str(&answer.out).unwrap();
    // Half of the delays are above half an hour.
    assert_eq!(json["windows"][0]["now"]["findings"]["delay (out of range)"], "drift", "{}", json["windows"][0]);
    let notes: Vec<&str> = json["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect();
    assert_eq!(
        notes,
        [
            "delay: counted again from the records by the new range or values; the training set's share outside of them is still by the old ones.",
            "guard cannot be judged on records from 2024-03-01T00:00:00Z to 2024-03-06T04:00:00Z: they were not read for it, or not as this type, and the lake keeps no more than was read.",
        ]
    );
    assert!(files(&desk.path().join("state/s3")) == before, "a replay wrote to the lake");
}

#[test]
fn two_contracts_are_compared_on_plain_files() {
    let desk = Desk::new();
    desk.write("train.csv", training());
    for day in 1..=4 {
        desk.write(&format!("logs/{day}.jsonl.gz"), gzip(&log(day, if day == 3 { 30.0 } else { 0.0 })));
    }
    desk.write("old.yaml", CONTRACT);
    desk.write("new.yaml", CONTRACT.to_owned() + "monitoring: { effect: 20 }\n");
    let base = ["replay", "--baseline", "train.csv", "--current", "logs", "--contract", "new.yaml"];
    let alone = desk.tidegate(&base);
    assert_eq!(alone.code, Some(0), "{alone:?}");
    assert!(alone.out.contains("Of 4 windows: 0 would alarm.\n"), "{}", alone.out);
    assert!(alone.out.contains("Files record no verdicts"), "{}", alone.out);

    let both = desk.tidegate(&[&base[..], &["--recorded-contract", "old.yaml", "--from", "2024-03-02"]].concat());
    assert_eq!((both.code, both.err.as_str()), (Some(0), ""), "{both:?}");
    assert!(both.out.contains("Of 3 windows: 1 alarmed before, 0 would now. No longer alarming: 2024-03-03."), "{}", both.out);
    assert!(!both.out.contains("2024-03-01"), "{}", both.out);
}

#[test]
fn wrong_arguments_are_told() {
    let desk = Desk::new();
    desk.write("c.yaml", CONTRACT);
    desk.write("other.yaml", CONTRACT.replace("late-trains", "early-trains"));
    let told = |arguments: &[&str]| {
        let answer = desk.tidegate(&[&["replay"], arguments].concat());
        assert_eq!((answer.code, answer.out.as_str()), (Some(2), ""), "{answer:?}");
        answer.err
    };
    let period = ["--from", "2024-03-01", "--to", "2024-03-07"];
    assert!(
        told(&[&period[..], &["--state", "nowhere"]].concat())
            .starts_with("error: found no state of a demo in nowhere, expected the folder")
    );
    assert!(told(&period).contains("--state <FOLDER>"), "a place is asked for");
    assert!(told(&["--state", "nowhere", "--from", "2024-03-01"]).contains("--to <TIME>"));
    assert!(
        told(&["--state", "x", "--from", "march", "--to", "2024-03-07"]).contains("found \"march\", expected a day such as 2013-07-01")
    );
    assert_eq!(
        told(&["--state", "x", "--from", "2024-03-07", "--to", "2024-03-01"]),
        "error: found a period from 2024-03-07T00:00:00Z to 2024-03-01T00:00:00Z, expected it to end after it begins\n"
    );
    assert!(told(&[&period[..], &["--lake-bucket", "lake"]].concat()).contains("--models-bucket <NAME>"));
    assert!(!desk.path().join("nowhere").exists(), "nothing is made");

    lake(&desk);
    assert_eq!(
        told(&[&period[..], &["--state", "state", "--model", "late-trains", "--contract", "other.yaml"]].concat()),
        "error: found a contract of model \"early-trains\", expected one of \"late-trains\"\n"
    );
    assert_eq!(
        told(&[&period[..], &["--state", "state", "--model", "trams"]].concat()),
        "error: found no contract of model \"trams\" in the models bucket, expected one of: late-trains\n"
    );
    assert!(
        told(&["--state", "state", "--from", "2024-03-01T01:00:00Z", "--to", "2024-03-01T05:00:00Z"])
            .starts_with("error: no window ends after 2024-03-01T01:00:00Z and by 2024-03-01T05:00:00Z")
    );
}
