//! Objects that are larger than one part of an upload, or reach further than one object may.

use std::fmt::Write as _;

use tidegate_lake::{Outcome, PART_BYTES, read_records};
use tidegate_local_account::Dice;
use tidegate_tests::{World, log};

/// Records of one hour whose identifiers do not compress.
fn incompressible(records: usize) -> String {
    let mut dice = Dice::new(1);
    let mut text = String::new();
    for index in 0..records {
        let id: String =
            (0..48).map(|_| char::from(b'!' + u8::try_from(dice.below(89)).unwrap())).filter(|c| !matches!(c, '"' | '\\')).collect();
        writeln!(text, r#"{{"timestamp":"2013-07-01T05:00:00Z","inference_id":"{index}{id}","version":"1","features":{{"amount":1}}}}"#)
            .unwrap();
    }
    text
}

#[tokio::test]
async fn records_beyond_one_part_of_an_upload_are_one_readable_file() {
    let world = World::new().await;
    world.log("05.jsonl", incompressible(260_000)).await;
    world.settle().await;
    let [key] = &world.keys("records/")[..] else { panic!("{:?}", world.keys("")) };
    let bytes = world.lake().remove(key).unwrap();
    assert!(bytes.len() > PART_BYTES, "{} bytes are no test", bytes.len());
    let (content, batches) = read_records(key, bytes.into()).unwrap();
    assert_eq!(batches.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 260_000);
    assert_eq!(world.receipts().first().unwrap().content, content);
}

#[tokio::test]
async fn rejected_lines_beyond_one_part_of_an_upload_are_all_kept() {
    const BAD: usize = 12_000;
    let world = World::new().await;
    let bad = format!("not json, {}\n", "x".repeat(1_000));
    world.log("05.jsonl", log("2013-07-01", 5, 3, 100.0, 1) + &bad.repeat(BAD)).await;
    world.settle().await;
    let [key] = &world.keys("quarantine/")[..] else { panic!("{:?}", world.keys("")) };
    let bytes = world.lake().remove(key).unwrap();
    assert!(bytes.len() > PART_BYTES, "{} bytes are no test", bytes.len());
    let lines: Vec<serde_json::Value> =
        bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(|line| serde_json::from_slice(line).unwrap()).collect();
    assert_eq!(lines.len(), BAD);
    assert_eq!(lines.last().unwrap()["line"], 3 + BAD);
    let receipt = world.receipts().remove(0);
    assert_eq!((receipt.lines.accepted, receipt.lines.quarantined), (3, BAD as u64));
}

#[tokio::test]
async fn an_object_that_reaches_into_too_many_hours_is_not_collected_and_says_so() {
    let world = World::new().await;
    let mut hours = String::new();
    for hour in 0..1_001 {
        writeln!(hours, r#"{{"timestamp":{},"features":{{"amount":1}}}}"#, 1_372_636_800 + hour * 3_600).unwrap();
    }
    world.log("05.jsonl", hours).await;
    world.settle().await;
    let receipt = world.receipts().remove(0);
    assert_eq!(receipt.outcome, Outcome::Unreadable);
    assert!(receipt.reason.unwrap().contains("1000 versions and hours"));
    assert!(world.keys("records/").is_empty());
    assert_eq!(world.keys("profiles/").len(), 1, "the window shows it");
}
