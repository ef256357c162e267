//! What `tidegate dataset` says, on a demo's folder.

#![expect(clippy::unwrap_used, reason = "tests")]

mod desk;

use std::fmt::Write as _;

use desk::{CONTRACT, Desk, colour, share};
use serde_json::Value;
use tidegate_local_account::{LOGS, LocalAccount, MODELS};

/// Log lines of a day, one a minute.
fn lines(day: &str, seed: f64) -> String {
    let mut text = String::new();
    for minute in 0..600_u32 {
        let (hour, rest) = (minute / 60, minute % 60);
        let (delay, load) = (share(minute, seed) * 60.0, share(minute, seed + 0.5));
        let line = colour(minute);
        writeln!(
            text,
            r#"{{"timestamp":"{day}T{hour:02}:{rest:02}:00Z","inference_id":"{day}-{minute}","version":"1","features":{{"delay":{delay:.2},"line":"{line}","load":{{"share":{load:.4}}}}},"score":0.5}}"#
        )
        .unwrap();
    }
    text
}

/// A folder with a training set, one that fails its checks, and a day of logs.
fn filled(desk: &Desk) -> String {
    let folder = desk.path().join("state");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let account = LocalAccount::start(&folder).await.unwrap();
        let bad = lines("2024-02-02", 0.2).replace(r#""line":"red""#, r#""line":"purple""#);
        for (bucket, key, text) in [
            (MODELS, "contracts/late-trains.yaml", CONTRACT.to_owned()),
            (MODELS, "datasets/late-trains/february.jsonl", lines("2024-02-01", 0.1)),
            (MODELS, "datasets/late-trains/purple.jsonl", bad),
            (LOGS, "late-trains/day.jsonl", lines("2024-03-01", 0.3)),
        ] {
            account.s3.put_object().bucket(bucket).key(key).body(text.into_bytes().into()).send().await.unwrap();
            account.settle().await.unwrap();
        }
    });
    folder.display().to_string()
}

#[test]
fn dataset_versions_are_listed_shown_and_published() {
    let desk = Desk::new();
    let state = filled(&desk);
    let list = || {
        let answer = desk.tidegate(&["dataset", "list", "late-trains", "--state", &state, "--json"]);
        let list: Value = serde_json::from_str(&answer.out).unwrap_or_else(|_| unreachable!("{answer:?}"));
        list["versions"].as_array().unwrap().clone()
    };
    let before = list();
    assert_eq!(before.len(), 2);
    let of = |name: &str| before.iter().find(|version| version["name"] == name).unwrap().clone();
    assert_eq!((&of("february.jsonl")["is_baseline"], &of("february.jsonl")["records"]), (&true.into(), &600.into()));
    assert_eq!((&of("purple.jsonl")["outcome"], &of("purple.jsonl")["is_baseline"]), (&"fail".into(), &false.into()));

    let published = desk.tidegate(&["dataset", "publish", "late-trains", "--from", "2024-03-01", "--to", "2024-03-02", "--state", &state]);
    assert_eq!(published.code, Some(0), "{published:?}");
    assert!(published.out.starts_with("600 records of late-trains from 2024-03-01_2024-03-02 are dataset version "), "{}", published.out);
    let empty = desk.tidegate(&["dataset", "publish", "late-trains", "--from", "2024-03-05", "--to", "2024-03-06", "--state", &state]);
    assert_eq!((empty.code, empty.out.as_str()), (Some(3), "No record of late-trains from 2024-03-05_2024-03-06 was collected.\n"));
    let unknown = desk.tidegate(&["dataset", "publish", "early-trains", "--from", "2024-03-05", "--to", "2024-03-06", "--state", &state]);
    assert!(unknown.err.contains("found no contracts/early-trains.yaml"), "{unknown:?}");
    let backwards = desk.tidegate(&["dataset", "publish", "late-trains", "--from", "2024-03-05", "--to", "2024-03-04", "--state", &state]);
    assert!(backwards.err.contains("expected it to end after it begins"), "{backwards:?}");
    assert_eq!(list().len(), 3);

    let table = desk.tidegate(&["dataset", "list", "late-trains", "--state", &state]).out;
    let row = |name: &str| table.lines().find(|line| line.contains(name)).unwrap().to_owned();
    assert!(row("february.jsonl").ends_with("yes"), "{table}");
    assert!(row("purple.jsonl").contains("failed: range"), "{table}");
    assert!(row("window 2024-03-01_2024-03-02").ends_with('–'), "{table}");

    let version = of("purple.jsonl")["version"].as_str().unwrap().to_owned();
    let shown = desk.tidegate(&["dataset", "show", "late-trains", version.get(..8).unwrap(), "--state", &state]).out;
    assert!(shown.contains("◆ FAIL  range"), "{shown}");
    assert!(shown.contains("line lies outside of what the contract allows in 200 of 600 rows (33 %)"), "{shown}");
    assert!(shown.contains("load_share  feature"), "{shown}");
    let nobody = desk.tidegate(&["dataset", "show", "late-trains", "zz", "--state", &state]);
    assert_eq!(nobody.code, Some(2));
    assert!(nobody.err.contains("found no dataset version zz of model \"late-trains\""), "{nobody:?}");
}

#[test]
fn retraining_is_asked_for_by_hand_and_names_its_data() {
    let desk = Desk::new();
    let state = filled(&desk);
    let ask = || {
        let span = ["--from", "2024-03-01", "--to", "2024-03-02"];
        let mut all = vec!["retrain", "late-trains", "--reason", "a drill", "--by", "ops@example.com", "--state", &state];
        all.extend(span);
        desk.tidegate(&all)
    };
    let asked = ask();
    assert_eq!(asked.code, Some(0), "{asked:?}");
    assert!(asked.out.starts_with("Retraining 1 of late-trains is requested on 2024-03-01_2024-03-02: dataset version "), "{}", asked.out);
    assert!(asked.out.contains(", 600 records."), "{}", asked.out);
    // Until a candidate comes, one is enough.
    let again = ask();
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(again.err.contains("one at a time is enough"), "{}", again.err);
}
