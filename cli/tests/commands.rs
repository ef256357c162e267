//! The built binary on small real files: what it says, and with which exit code it ends.

mod desk;

use desk::{CONTRACT, Desk, gzip, log, training};

#[test]
fn a_wrong_contract_is_told_with_its_lines() {
    let desk = Desk::new();
    desk.write("c.yaml", CONTRACT.replace("task: binary", "task: binry").replace("segments", "segmnts"));
    let answer = desk.tidegate(&["check", "c.yaml"]);
    assert_eq!(answer.code, Some(2), "{answer:?}");
    assert_eq!(answer.out, "");
    assert_eq!(
        answer.err,
        "\
c.yaml:3:7: task: found \"binry\", expected one of: binary, multiclass, regression; did you mean \"binary\"?
  3 | task: binry
    |       ^
c.yaml:8:1: found unknown key \"segmnts\", expected one of: alerts, availability, compatibility, consumption, features, logs, model, monitoring, owners, promotion, record, registered_in, retraining, rollback, segments, sensitivity, service, task, truth, validation; did you mean \"segments\"?
  8 | segmnts: [line]
    | ^
c.yaml: 2 faults
"
    );
    let answer = desk.tidegate(&["check", "--json", "c.yaml"]);
    assert_eq!(answer.code, Some(2));
    let json: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(json["problems"][0]["line"], 3);
}

#[test]
fn a_right_contract_is_put_into_words() {
    let desk = Desk::new();
    desk.write("c.yaml", CONTRACT);
    let answer = desk.tidegate(&["check", "c.yaml"]);
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""));
    for sentence in [
        "c.yaml is right.",
        "late-trains answers one of two classes, one record at a time.",
        "Results belong to nobody, monitoring to on-call@example.com.",
        "Its logs arrive under late-trains/ in the logs bucket.",
        "Watched: 3 features, score, prediction and latency, over windows of 1d, against the training set, the same hours of past weeks and the window before.",
        "  line        categorical  red, green, blue  core",
        "  load_share  numeric      anything          from load",
        "Looked at apart by line.",
        "Fairness is measured by line.",
        "Nobody is named to approve a new version (promotion).",
    ] {
        assert!(answer.out.contains(sentence), "{sentence}\nin\n{}", answer.out);
    }
}

#[test]
fn a_sample_shows_what_a_record_maps_to_and_what_cannot_be_read() {
    let desk = Desk::new();
    desk.write("c.yaml", CONTRACT.to_owned() + "  - colour\n");
    assert_eq!(desk.tidegate(&["check", "c.yaml"]).code, Some(2));
    desk.write("c.yaml", CONTRACT);
    desk.write("good.jsonl.gz", gzip(&log(1, 0.0)));
    let answer = desk.tidegate(&["check", "c.yaml", "good.jsonl.gz"]);
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{}", answer.out);
    for sentence in [
        "The first record maps to:",
        "  timestamp     timestamp            2024-03-01T00:00:00Z",
        "time 2024-03-01 00:00:00.000 UTC",
        "  load_share    features.load.share  0.700",
        "number 0.7",
        "1,440 of 1,440 lines (jsonl, gzip) can be read.",
    ] {
        assert!(answer.out.contains(sentence), "{sentence}\nin\n{}", answer.out);
    }

    desk.write("bad.jsonl", log(1, 0.0).replace("\"line\":", "\"lime\":").replacen("\"score\"", "score", 1));
    let answer = desk.tidegate(&["check", "c.yaml", "bad.jsonl"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    for sentence in [
        "1,439 of 1,440 lines (jsonl, plain) can be read.",
        "1 line would be put aside: not valid JSON (1); the first is line 1, column ",
        "Without one usable value: line. Is their path right (record.features, or the feature's own path)?",
        "In the records, and not in the contract: lime.",
    ] {
        assert!(answer.out.contains(sentence), "{sentence}\nin\n{}", answer.out);
    }
}

#[test]
fn a_first_contract_fits_the_sample_it_was_guessed_from() {
    let desk = Desk::new();
    desk.write("late-trains.jsonl", log(1, 0.0));
    let answer = desk.tidegate(&["init", "late-trains.jsonl", "--out", "c.yaml"]);
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""));
    assert_eq!(
        answer.out,
        "Wrote c.yaml: 3 features, guessed from 1,440 records. Read it, then: tidegate check c.yaml late-trains.jsonl\n"
    );
    let text = desk.read("c.yaml");
    assert!(text.contains("model: late-trains\n"), "{text}");
    assert!(text.contains("{ name: load_share, type: numeric, path: load.share }"), "{text}");
    assert!(text.contains("# 3 values: red, green, blue"), "{text}");
    let answer = desk.tidegate(&["check", "c.yaml", "late-trains.jsonl"]);
    assert_eq!(answer.code, Some(0), "{}", answer.out);

    let again = desk.tidegate(&["init", "late-trains.jsonl", "--out", "c.yaml"]);
    assert_eq!(again.code, Some(2));
    assert_eq!(again.err, "error: c.yaml exists already, expected a new file: name another with --out, or say --force\n");
    let misnamed = desk.tidegate(&["init", "late-trains.jsonl", "--model", "Late Trains"]);
    assert_eq!(misnamed.code, Some(2));
    assert!(misnamed.err.contains("found \"Late Trains\", expected lower-case words joined by hyphens"), "{}", misnamed.err);
}

#[test]
fn the_schema_is_printed_for_editors() {
    let answer = Desk::new().tidegate(&["schema"]);
    assert_eq!(answer.code, Some(0));
    let schema: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(schema["title"], "Tidegate contract");
}

#[test]
fn records_like_the_baseline_are_ok() {
    let desk = Desk::new();
    desk.write("c.yaml", CONTRACT);
    desk.write("train.csv", training());
    desk.write("logs/a/1.jsonl.gz", gzip(&log(1, 0.0)));
    desk.write("logs/b/2.jsonl.gz", gzip(&log(2, 0.0)));
    let arguments = [
        "drift",
        "--baseline",
        "train.csv",
        "--current",
        "logs/**/*.jsonl.gz",
        "--contract",
        "c.yaml",
        "--report",
        "out.html",
        "--verdict",
        "v.json",
    ];
    let answer = desk.tidegate(&arguments);
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{}", answer.out);
    assert!(
        answer.out.starts_with("late-trains  OK\n2,880 records of 2024-03-01 00:00 to 2024-03-03 00:00 UTC against 5,760 of train.csv\n"),
        "{}",
        answer.out
    );
    assert!(answer.out.contains("2,880 lines read.\n"), "{}", answer.out);
    assert!(answer.out.ends_with("Report: out.html\nVerdict: v.json\n"), "{}", answer.out);
    assert!(desk.read("out.html").starts_with("<!DOCTYPE html>"));
    let verdict = desk.read("v.json");
    assert_eq!(desk.tidegate(&arguments).out, answer.out);
    assert_eq!(desk.read("v.json"), verdict, "the same records give the same bytes");
}

#[test]
fn records_that_moved_are_drift_and_programs_can_tell() {
    let desk = Desk::new();
    desk.write("c.yaml", CONTRACT);
    desk.write("train.csv", training());
    desk.write("logs/1.jsonl", log(1, 0.0));
    desk.write("logs/2.jsonl", log(2, 30.0));
    let base = ["drift", "--baseline", "train.csv", "--current", "logs", "--contract", "c.yaml", "--window", "1d"];
    let answer = desk.tidegate(&base);
    assert_eq!((answer.code, answer.err.as_str()), (Some(1), ""), "{}", answer.out);
    assert!(
        answer
            .out
            .starts_with("late-trains  DRIFT\n1,440 records of 2024-03-02 00:00 to 2024-03-03 00:00 UTC against 5,760 of train.csv\n"),
        "{}",
        answer.out
    );
    assert!(answer.out.contains("\n  delay "), "{}", answer.out);
    assert!(answer.out.contains("\nTo do: "), "{}", answer.out);
    assert!(!answer.out.contains('\u{1b}'), "no colours where there is no terminal");

    let json = desk.tidegate(&[&base[..], &["--json"]].concat());
    assert_eq!(json.code, Some(1));
    let verdict: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(verdict["state"], "drift");
    assert_eq!(verdict["fields"][0]["name"], "delay");
    assert_eq!(desk.tidegate(&[&base[..], &["--fail-on", "never"]].concat()).code, Some(0));
}

#[test]
fn a_real_summer_is_no_fault_of_the_data() {
    // July beside January: degrees double, as kilograms do that become pounds, and new planes fly that are no year old.
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/demo");
    let path = |rest: &str| format!("{demo}/{rest}");
    let (contract, training, july) = (path("flight-delay.yaml"), path("training.parquet"), path("logs/flight-delay/2013/07/**/*.jsonl.gz"));
    let answer = Desk::new().tidegate(&["drift", "--json", "--contract", &contract, "--baseline", &training, "--current", &july]);
    let json: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    let causes: Vec<&str> =
        json["incidents"].as_array().unwrap().iter().map(|incident| incident["cause"]["kind"].as_str().unwrap()).collect();
    assert_eq!(causes, ["covariate-drift"], "{}", json["incidents"]);
    assert_eq!(json["incidents"][0]["action"]["kind"], "retrain");
}

#[test]
fn without_a_contract_what_both_sides_have_is_compared() {
    let desk = Desk::new();
    desk.write("train.csv", training());
    desk.write("now.jsonl", log(1, 30.0).replace("\"delay\":", "\"colour\":\"x\",\"delay\":"));
    let answer = desk.tidegate(&["drift", "--baseline", "train.csv", "--current", "now.jsonl"]);
    assert_eq!((answer.code, answer.err.as_str()), (Some(1), ""), "{}", answer.out);
    assert!(
        answer.out.contains("No contract was given, so the fields were guessed. Not compared: colour (only in the current records)"),
        "{}",
        answer.out
    );
}

#[test]
fn too_few_records_are_neither_good_nor_bad() {
    let desk = Desk::new();
    desk.write("c.yaml", CONTRACT);
    desk.write("train.csv", training());
    desk.write("few.jsonl", log(1, 0.0).lines().take(5).collect::<Vec<_>>().join("\n"));
    let answer = desk.tidegate(&["drift", "--baseline", "train.csv", "--current", "few.jsonl", "--contract", "c.yaml"]);
    assert_eq!((answer.code, answer.err.as_str()), (Some(3), ""), "{}", answer.out);
    assert!(answer.out.starts_with("late-trains  INSUFFICIENT-DATA\n5 records"), "{}", answer.out);
    desk.write("none.jsonl", "");
    let answer = desk.tidegate(&["drift", "--baseline", "train.csv", "--current", "none.jsonl", "--contract", "c.yaml"]);
    assert_eq!((answer.code, answer.err.as_str()), (Some(3), ""), "{}", answer.out);
    assert!(answer.out.starts_with("late-trains  NO-DATA\n0 records against"), "{}", answer.out);
}

#[test]
fn wrong_input_is_told_and_ends_with_two() {
    let desk = Desk::new();
    desk.write("c.yaml", CONTRACT);
    desk.write("train.csv", training());
    desk.write("now.jsonl", log(1, 0.0));
    desk.write("junk.csv", "a,b\n1,2\n");
    desk.write("untimed.csv", "delay,line,load_share\n1,red,0.5\n2,blue,0.5\n");
    let drift = |baseline: &str, current: &str, more: &[&str]| {
        let answer = desk.tidegate(&[&["drift", "--baseline", baseline, "--current", current], more].concat());
        assert_eq!((answer.code, answer.out.as_str()), (Some(2), ""), "{answer:?}");
        answer.err
    };
    let contract = ["--contract", "c.yaml"];
    assert_eq!(
        drift("absent.parquet", "now.jsonl", &contract),
        "error: found no file for \"absent.parquet\", expected the path of a file or folder, or a pattern such as 'logs/**/*.jsonl.gz'\n"
    );
    assert!(drift("train.csv", "logs/***", &contract).starts_with("error: \"logs/***\" is not a pattern of file names\n  because: "));
    assert!(drift("train.csv", "none/*.gz", &contract).starts_with("error: found no file for \"none/*.gz\""));
    assert!(drift("train.csv", "now.jsonl", &["--contract", "no.yaml"]).starts_with("error: no.yaml could not be read\n  because: "));
    assert!(
        drift("train.csv", "now.jsonl", &["--window", "40d"])
            .contains("found \"40d\", expected a length from 1h to 30d, such as 6h or 7d, or all")
    );
    assert!(
        drift("train.csv", "untimed.csv", &["--contract", "c.yaml", "--window", "1d"])
            .starts_with("error: found no time in the records of untimed.csv")
    );
    desk.write("flat.jsonl", "{\"timestamp\": \"2026-03-01T00:00:00Z\", \"delay\": 1, \"line\": \"red\", \"load_share\": 0.5}\n");
    assert_eq!(
        drift("train.csv", "flat.jsonl", &contract),
        "error: found none of the features in \"features\" of a record of flat.jsonl, but delay and 1 more beside its time, expected them where \
         the contract says: let it say record.features: \"\", or write them there\n"
    );
    assert!(drift("junk.csv", "now.jsonl", &[]).starts_with("error: found no column that the baseline and the current records have both"));
    assert!(
        drift("train.csv", "now.jsonl", &["--report", "no/such/folder.html", "--contract", "c.yaml"])
            .starts_with("error: no/such/folder.html could not be written")
    );
    let foreign = drift("junk.csv", "now.jsonl", &contract);
    assert!(foreign.contains("found no readable record in the baseline junk.csv"), "{foreign}");
    assert!(foreign.contains("found no column of any field in the first line"), "{foreign}");
    desk.write("other.jsonl", "{\"a\": 1}\n");
    let foreign = drift("other.jsonl", "now.jsonl", &contract);
    assert!(foreign.starts_with("error: found not one value of the contract's features in the baseline other.jsonl"), "{foreign}");
    desk.write("empty.csv", "");
    assert!(drift("empty.csv", "now.jsonl", &contract).starts_with("error: found no readable record in the baseline empty.csv"));
    desk.write("torn.jsonl", "{\"delay\": 1}\n{\"delay\": \n");
    assert!(drift("torn.jsonl", "now.jsonl", &contract).starts_with("error: found 1 of 2 lines of the baseline unreadable (line 2"));
    assert_eq!(desk.tidegate(&["drift"]).code, Some(2));
}

#[test]
fn a_file_that_was_uploaded_twice_counts_once() {
    let desk = Desk::new();
    desk.write("c.yaml", CONTRACT);
    desk.write("train.csv", training());
    desk.write("logs/1.jsonl", log(1, 0.0));
    desk.write("logs/again.jsonl.gz", gzip(&log(1, 0.0)));
    let answer = desk.tidegate(&["drift", "--baseline", "train.csv", "--current", "logs", "--contract", "c.yaml"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.out.contains("1,440 records of"), "{}", answer.out);
    assert!(answer.out.contains("logs/again.jsonl.gz: repeats another file, counted once"), "{}", answer.out);
}

#[test]
fn a_table_without_times_is_judged_as_a_whole() {
    let desk = Desk::new();
    desk.write("train.csv", training());
    let training = training();
    let untimed: Vec<&str> = training.lines().filter_map(|line| Some(line.split_once(',')?.1)).collect();
    desk.write("now.csv", untimed.join("\n"));
    let answer = desk.tidegate(&["drift", "--baseline", "train.csv", "--current", "now.csv"]);
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{}", answer.out);
    assert!(answer.out.starts_with("model  OK\n5,760 records against 5,760 of train.csv\n"), "{}", answer.out);
}

#[test]
fn a_profile_is_printed_for_programs() {
    let desk = Desk::new();
    desk.write("now.jsonl", log(1, 0.0));
    let answer = desk.tidegate(&["profile", "now.jsonl"]);
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""));
    let profile: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(profile["profile"]["records"], 1_440);
    assert_eq!(profile["intake"]["lines"]["accepted"], 1_440);
    assert_eq!(profile["profile"]["fields"][0]["name"], "delay");
}
