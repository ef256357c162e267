//! `tidegate performance` on files of predictions and truth, and on a lake that the functions filled.

mod desk;

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use desk::{CONTRACT, Desk, colour, gzip, log, share};
use serde_json::Value;
use tidegate_local_account::{LOGS, LocalAccount, MODELS};

fn contract() -> String {
    format!("{CONTRACT}validation: {{ positive: late }}\n")
}

/// What came of a day's predictions, two hours after each: as often late as their scores say; `wrong` of them the other way round.
fn truth(day: u32, wrong: f64) -> String {
    let line = |minute: u32| {
        let score = share(minute, f64::from(day) * 0.1);
        // Another sequence than that of the scores, and than that of what is wrong.
        let (luck, fault) = ((f64::from(minute) * 0.754_877_666).fract(), (f64::from(minute) * 0.569_840_291 + 0.3).fract());
        let is_late = (luck < score) != (fault < wrong);
        let time = format!("2024-03-{:02}T{:02}:{:02}:30Z", day + minute / 1_320, (minute / 60 + 2) % 24, minute % 60);
        format!(r#"{{"inference_id":"{day}-{minute}","actual":"{}","time":"{time}"}}"#, if is_late { "late" } else { "on-time" })
    };
    (0..1_440).map(line).collect::<Vec<_>>().join("\n") + "\n"
}

/// Days of predictions and their truth.
fn days(desk: &Desk, days: RangeInclusive<u32>, wrong: f64) {
    desk.write("c.yaml", contract());
    for day in days {
        desk.write(&format!("logs/{day:02}.jsonl.gz"), gzip(&log(day, 0.0)));
        desk.write(&format!("truth/{day:02}.jsonl"), truth(day, wrong));
    }
}

const BASE: [&str; 7] = ["performance", "--contract", "c.yaml", "--predictions", "logs", "--truth", "truth"];

fn asked(desk: &Desk, more: &[&str]) -> desk::Answer {
    desk.tidegate(&[&BASE[..], more].concat())
}

fn parsed(answer: &desk::Answer) -> Value {
    serde_json::from_str(&answer.out).unwrap_or_else(|_| unreachable!("{answer:?}"))
}

#[test]
fn a_sound_model_is_as_good_as_it_was_whatever_becomes_of_the_files_of_truth() {
    let desk = Desk::new();
    days(&desk, 1..=10, 0.0);
    let answer = asked(&desk, &["--window", "1d", "--report", "out.html"]);
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{}", answer.out);
    assert!(
        answer.out.starts_with("late-trains  OK\n1,440 predictions of 2024-03-10 00:00 to 2024-03-11 00:00 UTC, truth is in of 1,440 (100 %)\n\nThe model is as good as it was: ROC AUC is 0.8"),
        "{}",
        answer.out
    );
    for text in [
        "in the first 7 windows whose truth is in",
        "To do: Nothing needs to be done.\n",
        "\nROC AUC over time\n",
        "  2024-03-01  1,440",
        "promised by the scores",
        "Half of the truth came within 2",
    ] {
        assert!(answer.out.contains(text), "{text}\nin\n{}", answer.out);
    }
    let page = desk.read("out.html");
    assert!(page.starts_with("<!DOCTYPE html>"));
    assert!(page.contains("with promises from all that had been learned by then. Their own pages may say otherwise."));
    let json = asked(&desk, &["--window", "1d", "--json"]);
    assert_eq!(parsed(&json)["trail"].as_array().unwrap().len(), 10);

    // The same truth as one file in another order, some of it wrong before it was corrected, beside a copy of the first; and a log that came twice.
    let all: Vec<String> = (1..=10).rev().map(|day| truth(day, 0.0)).collect();
    let wrong = truth(9, 1.0).replace("2024-03-09", "2024-03-08").replace("2024-03-10", "2024-03-09");
    desk.write("other/all.jsonl", wrong + &all.concat() + &truth(3, 0.0));
    desk.write("logs/again.jsonl.gz", gzip(&log(4, 0.0)));
    let again =
        desk.tidegate(&["performance", "--contract", "c.yaml", "--predictions", "logs", "--truth", "other", "--window", "1d", "--json"]);
    assert!(again.out == json.out, "{}", again.out);
    let answer = asked(&desk, &[]);
    assert!(answer.out.contains("1 file of predictions repeat another one and count once.\n"), "{}", answer.out);
}

#[test]
fn a_model_that_got_worse_is_told_and_programs_can_tell() {
    let desk = Desk::new();
    days(&desk, 1..=9, 0.0);
    days(&desk, 10..=10, 0.4);
    let answer = asked(&desk, &["--window", "1d"]);
    assert_eq!((answer.code, answer.err.as_str()), (Some(1), ""), "{}", answer.out);
    assert!(answer.out.starts_with("late-trains  DRIFT\n") && answer.out.contains(": worse by at least 0."), "{}", answer.out);
    let json = asked(&desk, &["--window", "1d", "--json"]);
    assert_eq!((json.code, parsed(&json)["state"].as_str()), (Some(1), Some("drift")));
    assert_eq!(asked(&desk, &["--window", "1d", "--fail-on", "never"]).code, Some(0));
}

#[test]
fn an_evaluation_set_is_what_quality_is_held_against_and_what_scores_mean() {
    let desk = Desk::new();
    days(&desk, 5..=5, 0.0);
    // Predictions and what really was in one record, without a time.
    let mut set = String::new();
    for row in 0..3_000 {
        let score = share(row, 0.05);
        let late = if (f64::from(row) * 0.754_877_666).fract() < score { "late" } else { "on-time" };
        writeln!(set, "row-{row},{},{score:.4},{late}", colour(row)).unwrap();
    }
    desk.write("set.csv", format!("inference_id,line,score,actual\n{set}"));
    let answer = asked(&desk, &["--evaluation", "set.csv"]);
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{}", answer.out);
    assert!(
        answer.out.contains("The model is as good as it was: ROC AUC is 0.8") && answer.out.contains(" on the evaluation set."),
        "{}",
        answer.out
    );
    let basis = &parsed(&asked(&desk, &["--evaluation", "set.csv", "--json"]))["estimated"]["basis"];
    assert_eq!((basis["kind"].as_str(), basis["rows"].as_u64()), (Some("evaluation-set"), Some(3_000)));
    desk.write("empty.csv", "inference_id,line,score,actual\n");
    let answer = asked(&desk, &["--evaluation", "empty.csv"]);
    assert!(
        answer.code == Some(2) && answer.err.contains("found no prediction with an id and what really was in the evaluation set empty.csv"),
        "{answer:?}"
    );
}

#[test]
fn no_truth_is_neither_good_nor_bad_and_garbage_is_said() {
    let desk = Desk::new();
    days(&desk, 1..=1, 0.0);
    desk.write("truth/01.jsonl", "nonsense\n{\"inference_id\":\"1-1\"}\n{\"inference_id\":\"1-1\",\"actual\":\"late\"}\n");
    let answer = asked(&desk, &[]);
    assert_eq!((answer.code, answer.err.as_str()), (Some(3), ""), "{}", answer.out);
    for text in [
        "late-trains  INSUFFICIENT-DATA\n",
        "Truth of 1 predictions is in, of 1,440 that were made; 50 are needed.",
        "truth/01.jsonl: 2 of 3 lines hold no outcome; the first: line 1, column 1: ",
        "Some of the truth does not say when it became known",
    ] {
        assert!(answer.out.contains(text), "{text}\nin\n{}", answer.out);
    }
    assert!(desk.tidegate(&["performance"]).err.contains("--predictions <FILE>..."));
    let answer = desk.tidegate(&["performance", "--predictions", "logs", "--truth", "truth"]);
    assert!(answer.code == Some(2) && answer.err.contains("--contract <FILE>"), "{answer:?}");
}

#[test]
fn records_without_a_time_are_one_window() {
    let desk = Desk::new();
    desk.write("c.yaml", contract());
    let row = |row: u32| {
        (
            format!("r{row},{},{:.4}\n", colour(row), share(row, 0.2)),
            format!("r{row},{}\n", if share(row, 0.4) < share(row, 0.2) { "late" } else { "on-time" }),
        )
    };
    let (scored, known): (String, String) = (0..400).map(row).unzip();
    desk.write("p.csv", format!("inference_id,line,score\n{scored}"));
    desk.write("t.csv", format!("inference_id,actual\n{known}"));
    let answer = desk.tidegate(&["performance", "--contract", "c.yaml", "--predictions", "p.csv", "--truth", "t.csv"]);
    assert_eq!((answer.code, answer.err.as_str()), (Some(3), ""), "{}", answer.out);
    assert!(answer.out.starts_with("late-trains  INSUFFICIENT-DATA\n400 predictions, truth is in of 400 (100 %)\n"), "{}", answer.out);
    assert!(answer.out.contains("there is nothing to hold it against yet"), "{}", answer.out);
}

#[test]
fn a_shadow_is_told_by_itself() {
    let desk = Desk::new();
    desk.write("c.yaml", contract());
    let row = |row: u32| {
        let line = |version: &str, score: f64| format!("r{row},{version},{},{score:.4}\n", colour(row));
        let shadow = if row < 300 { line("next", 1.0 - share(row, 0.2)) } else { String::new() };
        (line("now", share(row, 0.2)) + &shadow, format!("r{row},{}\n", if share(row, 0.4) < share(row, 0.2) { "late" } else { "on-time" }))
    };
    let (scored, known): (String, String) = (0..400).map(row).unzip();
    desk.write("p.csv", format!("inference_id,version,line,score\n{scored}"));
    desk.write("t.csv", format!("inference_id,actual\n{known}"));
    let answer = desk.tidegate(&["performance", "--contract", "c.yaml", "--predictions", "p.csv", "--truth", "t.csv"]);
    assert!(answer.out.contains("400 predictions, truth is in of 400 (100 %)"), "{}", answer.out);
    let says = "Version next answered 300 requests as a shadow of what served: that counts for itself alone; of all its predictions, ROC AUC is 0.";
    assert!(answer.out.contains(says), "{}", answer.out);
}

#[test]
fn what_a_lake_recorded_is_shown_over_time() {
    let desk = Desk::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let account = LocalAccount::start(&desk.path().join("state")).await.unwrap();
        let put = async |bucket: &str, key: &str, body: Vec<u8>| {
            account.s3.put_object().bucket(bucket).key(key).body(body.into()).send().await.unwrap();
        };
        put(MODELS, "contracts/late-trains.yaml", contract().into()).await;
        for day in 1..=4 {
            put(LOGS, &format!("late-trains/{day}.jsonl.gz"), gzip(&log(day, 0.0))).await;
            if day < 4 {
                put(LOGS, &format!("late-trains/truth/{day}.jsonl.gz"), gzip(&truth(day, 0.0))).await;
            }
        }
        account.settle().await.unwrap();
        for _ in 0..2 {
            account.tick_performance("2024-03-05T01:05:00Z").await.unwrap();
            account.settle().await.unwrap();
        }
    });
    let base = ["performance", "--state", "state", "--model", "late-trains"];
    let answer = desk.tidegate(&[&base[..], &["--report", "newest.html"]].concat());
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{}", answer.out);
    for text in [
        "late-trains  quality over 4 windows of 1d\n",
        "  2024-03-03  1,440        100 %",
        "\nThe newest window\nlate-trains  INSUFFICIENT-DATA\n",
        "Report: newest.html\n",
    ] {
        assert!(answer.out.contains(text), "{text}\nin\n{}", answer.out);
    }
    assert!(desk.read("newest.html").starts_with("<!DOCTYPE html>"));
    assert_eq!(parsed(&desk.tidegate(&[&base[..], &["--json"]].concat())).as_array().unwrap().len(), 4);
    let absent = desk.tidegate(&["performance", "--state", "state", "--model", "late-planes"]);
    assert!(
        absent.code == Some(2) && absent.err.contains("no window of 1d whose quality was judged of model \"late-planes\""),
        "{absent:?}"
    );
}
