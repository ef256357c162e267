//! The page about a candidate as a whole: what it says and in which order, and what it promises whatever it is given.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

#[allow(unreachable_pub, clippy::pedantic, reason = "shared with the other page's tests")]
mod checks;
#[allow(dead_code, unreachable_pub, missing_docs, clippy::pedantic, clippy::expect_used, reason = "shared with the example")]
mod gate_fixture;

use checks::{POISON, checked};
use gate_fixture::{Case, SET, better, failing, first, minutes, unclear};
use tidegate_contract::Metric;
use tidegate_report::STYLE;
use tidegate_validation::report::Part;
use tidegate_validation::{Finding, Outcome, Rule};

fn page(case: &Case) -> String {
    checked(&case.html())
}

/// The page as it is kept beside the tests: without the stylesheet, one tag a line.
fn kept(html: &str) -> String {
    html.replace(STYLE, "").replace("><", ">\n<") + "\n"
}

/// One section of the page.
fn part<'a>(html: &'a str, id: &str) -> &'a str {
    let from = html.split_once(&format!("<section id=\"{id}\"")).unwrap_or_else(|| panic!("no section {id}")).1;
    from.split_once("</section>").unwrap().0
}

fn in_order(html: &str, texts: &[&str]) {
    let mut rest = html;
    for text in texts {
        rest = rest.split_once(text).unwrap_or_else(|| panic!("{text:?} is not there, or not in its place")).1;
    }
}

/// Every text between tags, in order, one space apart.
fn read_aloud(html: &str) -> String {
    let texts = html.split('<').filter_map(|piece| piece.split_once('>').map(|(_, text)| text.trim())).filter(|text| !text.is_empty());
    texts.collect::<Vec<_>>().join(" ")
}

/// After a change that is meant, look at the page (`cargo run -p tidegate-report --example gate_sample -- gate.html`), then write
/// what the failing test left in the target folder over the kept one.
#[test]
fn the_page_of_a_seeded_candidate_is_the_one_that_was_looked_at() {
    let found = kept(&page(&better()));
    let written = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("gate.html");
    std::fs::write(&written, &found).unwrap();
    let differs = found.lines().zip(include_str!("golden/gate.html").lines()).find(|(found, kept)| found != kept);
    assert!(found == include_str!("golden/gate.html"), "{} differs: {differs:?}", written.display());
}

#[test]
fn the_outcome_stands_before_everything_and_the_model_card_before_the_numbers() {
    let html = page(&failing());
    in_order(
        &html,
        &[
            "<title>Fail: flight-delay, version 8</title>",
            "class=\"banner s-drift\"",
            "Gate report",
            "</svg>Fail</span>",
            "version 8</bdi> against <bdi>version 7",
            "<h1>8 fails 3 rules of 11.</h1>",
            "Why</h2><p>ROC AUC is 0.8",
            "It is rejected and cannot become champion.",
            "3 failed, 1 cannot be told, 7 passed",
            "shown to be worse",
            "id=\"card\"",
            "id=\"metrics\"",
            "id=\"rules\"",
            "id=\"fairness\"",
            "id=\"basis\"",
            "<footer>",
        ],
    );
}

#[test]
fn the_model_card_says_what_it_is_and_who_made_it_from_what() {
    let case = failing();
    let html = page(&case);
    let card = read_aloud(part(&html, "card"));
    for said in [
        "Model flight-delay Version 8 Run 2013-08-01-boosted-trees",
        "Submitted by arn:aws:iam::123456789012:user/mira",
        "Submitted Wed 31 July 2013, 12:30 UTC",
        "Code revision 4f1c2ab9e6d07b35 Framework xgboost 3.0",
        "Training set baa5a0964d33… Evaluation set 9b74c9897bac… Artifact 2c26b46b68ff…",
        "Artifact's size 84 MB in 2 files",
        "max_depth 6",
        "model/weights.ubj",
        "84,000,000",
    ] {
        assert!(card.contains(said), "{said:?} in {card}");
    }
    assert!(part(&html, "card").contains(&format!("<code title=\"{SET}\">")), "the whole digest on pointing");
    let basis = read_aloud(part(&html, "basis"));
    for said in [SET, &case.report.digest(), &case.report.computed_from.seed.to_string(), "Resamples 2,000", "DeLong's variance of ROC AUC"]
    {
        assert!(basis.contains(said), "{said:?} in {basis}");
    }
    let mut bare = case;
    (bare.texts.code_revision, bare.texts.framework, bare.texts.training_set) = (None, None, None);
    bare.parameters.clear();
    bare.texts.files.clear();
    let html = page(&bare);
    assert_eq!(part(&html, "card").matches("not said").count(), 3);
    assert!(!part(&html, "card").contains("<table"));
}

#[test]
fn every_metric_has_its_interval_its_rows_its_direction_and_its_limit() {
    let html = page(&failing());
    let metrics = read_aloud(part(&html, "metrics"));
    for said in [
        "ROC AUC decides higher is better; at least 0.70 asked 0.822 0.808–0.836 4,000 rows 0.840 0.827–0.853 4,000 rows",
        "Expected calibration error lower is better; at most 0.25 asked 0.065",
        "Candidate version 8 Champion version 7",
    ] {
        assert!(metrics.contains(said), "{said:?} in {metrics}");
    }
    let figure = part(&html, "metrics").split_once("<figure").unwrap().1;
    assert_eq!(figure.matches("class=\"f\" cx").count(), 13, "a filled dot for each of twelve metrics, and one in the key");
    assert_eq!(figure.matches("class=\"b\" cx").count(), 13, "and a ring");
    assert_eq!(figure.matches("class=\"t\"").count(), 3, "three limits");
    assert_eq!((figure.matches(">← better<").count(), figure.matches(">better →<").count()), (3, 9));
}

#[test]
fn errors_in_minutes_have_their_own_scales_and_rows_of_one_model_are_named() {
    let html = page(&minutes());
    let metrics = part(&html, "metrics");
    let said = read_aloud(metrics);
    for text in [
        "The candidate answered 2,000 rows of the evaluation set, the champion 1,600; they are compared on the 1,600 that both answered.",
        "Rows that the champion lacks row-0003",
        "RMSE decides lower is better; at most 10 asked",
        "Bias closer to 0 is better; −1.00 to 1.00 asked",
    ] {
        assert!(said.contains(text), "{text:?} in {said}");
    }
    let figure = metrics.split_once("<figure").unwrap().1;
    assert_eq!(figure.matches("class=\"t\"").count(), 3, "one limit of RMSE, two of bias");
    in_order(
        figure,
        &[">RMSE</text>", ">← better<", ">10</text>", ">R²</text>", ">better →<", ">Bias</text>", ">better near 0<", ">0</text>"],
    );
}

#[test]
fn the_metric_that_decides_stands_first() {
    let mut case = better();
    case.primary = Some(Metric::Recall);
    let html = page(&case);
    in_order(
        part(&html, "metrics"),
        &["<tbody><tr><th scope=\"row\">Recall <span class=\"tag\">decides", "ROC AUC", "<figure", ">Recall</text>", ">ROC AUC</text>"],
    );
    assert_eq!(html.matches("decides</span>").count(), 1);
    case.primary = None;
    assert!(!page(&case).contains("decides</span>"));
}

#[test]
fn rules_that_failed_stand_before_those_that_cannot_be_told_and_those_that_passed() {
    let html = page(&failing());
    in_order(
        &html,
        &[
            "id=\"rules\"",
            "Failed<span",
            "Fail</span><h4><bdi>Against the champion",
            "Fail</span><h4><bdi>Segments by carrier",
            "<caption>Part by part",
            "<bdi>DL</bdi>",
            "</svg>Fail</span>",
            "<bdi>VX</bdi>",
            "</svg>Pass</span>",
            "Fail</span><h4><bdi>Latency, 99th percentile",
            "Cannot be told<span",
            "Cannot tell</span><h4><bdi>Fairness by origin: equalized odds difference",
            "Passed<span",
            "Pass</span><h4><bdi>Enough rows",
        ],
    );
    let sentences = read_aloud(&html);
    for rule in &failing().report.rules {
        assert!(sentences.contains(&rule.sentence.replace('"', "&quot;")), "{}", rule.sentence);
    }
}

#[test]
fn without_a_champion_the_candidate_stands_alone() {
    let html = page(&first());
    assert!(html.contains("class=\"banner s-ok\"") && html.contains("<h1>8 may become the first champion: all 10 rules hold.</h1>"));
    let metrics = part(&html, "metrics");
    assert!(!metrics.contains("Champion") && !metrics.contains("champion") && !metrics.contains("class=\"b\""));
    assert!(html.contains("no champion yet") && !html.contains("Intervals that overlap"));
    assert!(!read_aloud(part(&html, "basis")).contains("Champion"));
}

#[test]
fn what_cannot_be_told_is_neither_a_pass_nor_a_fail() {
    let html = page(&unclear());
    assert!(html.contains("class=\"banner s-few\"") && html.contains("<title>Cannot tell: "));
    assert!(!part(&html, "rules").contains("Failed") && !html.contains("s-drift\""));
    let said = read_aloud(&html);
    for text in [
        "8 fails no rule, but 8 of 11 cannot be told.",
        "It never passes by itself",
        "Not judged: 25 rows, fewer than 100",
        "about 22,000 rows would tell.",
        "origin : nothing to compare",
    ] {
        assert!(said.contains(text), "{text:?} in {said}");
    }
}

#[test]
fn every_outcome_has_its_word_its_shape_and_its_class() {
    let judged = better();
    let mut symbols = Vec::new();
    for (outcome, word, class) in
        [(Outcome::Fail, "Fail", "s-drift"), (Outcome::CannotTell, "Cannot tell", "s-few"), (Outcome::Pass, "Pass", "s-ok")]
    {
        let mut case = judged.clone();
        case.report.outcome = outcome;
        let html = page(&case);
        let mark = html.split_once("<p class=\"state\">").unwrap().1.split_once("</span>").unwrap().0.to_owned();
        assert!(mark.starts_with(&format!("<span class=\"badge {class}\"><svg")) && mark.ends_with(&format!("</svg>{word}")), "{mark}");
        symbols.push(mark.split_once("<svg").unwrap().1.split_once("</svg>").unwrap().0.to_owned());
    }
    symbols.dedup();
    assert_eq!(symbols.len(), 3);
    for finding in [Finding::NoChampion, Finding::Better, Finding::AsGood, Finding::Worse, Finding::CannotTell, Finding::Refused] {
        let mut case = judged.clone();
        case.report.finding = finding;
        page(&case);
    }
}

#[test]
fn equal_inputs_give_equal_bytes() {
    assert_eq!(page(&failing()), page(&failing()));
}

#[test]
fn text_from_outside_stays_text_wherever_it_stands() {
    let mut case = failing();
    let places = poison(&mut case);
    let html = page(&case);
    // Browsers read these only in a tag; what is counted here would be one.
    assert_eq!(html.matches("<script").count() + html.matches("<img").count(), 0);
    assert_eq!(html.matches("</style>").count(), 1);
    assert_eq!(html.matches("</title>").count(), 1);
    for place in 1..=places {
        assert!(
            html.contains(&format!("№{place}&lt;/title&gt;&lt;/style&gt;&lt;script&gt;")),
            "text {place} of {places} is not shown, escaped"
        );
    }
    // A digest is cut to its first digits, and stays an attribute's text.
    assert!(html.contains("<code title=\"№"));
}

/// Puts [`POISON`] with a number before it into every text of the page's inputs and says how many texts that are.
fn poison(case: &mut Case) -> usize {
    let mut places = 0;
    let mut bad = |text: &mut String| {
        places += 1;
        *text = format!("№{places}{POISON}");
    };
    let report = &mut case.report;
    for text in [&mut report.format, &mut report.model, &mut report.headline] {
        bad(text);
    }
    for rule in &mut report.rules {
        bad(&mut rule.name);
        bad(&mut rule.sentence);
        for part in &mut rule.parts {
            bad(&mut part.name);
            bad(part.reason.insert(String::new()));
        }
    }
    for line in &mut report.metrics {
        line.candidate.value = None;
        bad(line.candidate.undefined.insert(String::new()));
        if let Some(champion) = &mut line.champion {
            champion.value = None;
            bad(champion.undefined.insert(String::new()));
        }
    }
    // One table for each feature, by whose name its lines are gathered.
    bad(&mut report.fairness[0].feature);
    report.rows.candidate_lacks = vec![String::new(); 3];
    report.rows.champion_lacks = vec![String::new(); 3];
    report.rows.candidate_lacks.iter_mut().chain(&mut report.rows.champion_lacks).for_each(&mut bad);
    let basis = &mut report.computed_from;
    for text in [
        &mut basis.candidate,
        &mut basis.candidate_digest,
        &mut basis.evaluation_digest,
        &mut basis.contract_digest,
        &mut basis.policy_digest,
    ] {
        bad(text);
    }
    bad(basis.champion.insert(String::new()));
    bad(basis.champion_digest.insert(String::new()));
    let (mut name, mut value) = (String::new(), String::new());
    bad(&mut name);
    bad(&mut value);
    case.parameters = [(name, value)].into_iter().collect();
    let texts = &mut case.texts;
    for text in [&mut texts.run, &mut texts.submitter, &mut texts.artifact_writer, &mut texts.artifact] {
        bad(text);
    }
    for text in [&mut texts.code_revision, &mut texts.framework, &mut texts.training_set, &mut texts.manifest] {
        bad(text.insert(String::new()));
    }
    for (name, digest, _) in &mut texts.files {
        bad(name);
        bad(digest);
    }
    places
}

#[test]
fn odd_numbers_never_stop_the_page() {
    let judged = failing();
    for value in [0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, 1e-320, 1e15, -1e99] {
        for interval in [None, Some([value, value]), Some([-1.0, value]), Some([value, f64::NAN]), Some([5.0, -5.0])] {
            let mut case = judged.clone();
            for line in &mut case.report.metrics {
                (line.candidate.value, line.candidate.interval, line.candidate.rows) = (Some(value), interval, u64::MAX);
                if let Some(champion) = &mut line.champion {
                    (champion.value, champion.interval) = (Some(0.5), interval);
                }
            }
            for rule in &mut case.report.rules {
                (rule.value, rule.interval, rule.minimum, rule.maximum, rule.p) =
                    (Some(value), interval, Some(value), Some(value), Some(value));
                for part in &mut rule.parts {
                    (part.candidate, part.improvement, part.interval, part.p_adjusted) = (Some(value), Some(value), interval, Some(value));
                }
            }
            for line in &mut case.report.fairness {
                (line.value, line.interval) = (Some(value), interval);
            }
            case.texts.files.iter_mut().for_each(|file| file.2 = u64::MAX);
            let dots = page(&case).matches("class=\"f\" cx").count();
            assert_eq!(dots, if value.abs() < 1e100 { 13 } else { 1 }, "{value} and {interval:?}: what is no number is not drawn");
        }
    }
}

#[test]
fn a_report_of_nothing_is_still_a_page() {
    let mut case = first();
    case.report.rules.clear();
    case.report.metrics.clear();
    case.report.fairness.clear();
    case.report.headline.clear();
    case.parameters.clear();
    case.texts.files.clear();
    let html = page(&case);
    assert!(html.contains("No metric was measured.") && !html.contains("<figure") && !html.contains("id=\"fairness\""));
}

#[test]
fn many_rules_with_long_names_stay_below_the_limit_and_lose_no_rule_that_failed_to_one_that_passed() {
    let judged = failing();
    for name in ["a_segment_with_quite_a_long_name", "<&>\"'<&>\"'<&>\"'<&>\"'<&>\"'<&>\"'<&>\"'<&>\"'<&>\"'<&>\"'<&>\"'<&>\"'<&>\"'"] {
        let mut case = judged.clone();
        let model: Part = case.report.rules.iter().find(|rule| !rule.parts.is_empty()).unwrap().parts[0].clone();
        for index in 0..300 {
            let mut rule = Rule::new(format!("segments:{name}{index}"), Outcome::Pass, name.repeat(40));
            rule.parts = (0..40).map(|part| Part { name: format!("{name}{part}"), ..model.clone() }).collect();
            case.report.rules.insert(0, rule);
            case.parameters.insert(format!("{name}{index}"), name.repeat(9));
            case.texts.files.push((format!("{name}{index}"), SET.to_owned(), 1));
            let mut line = case.report.fairness[0].clone();
            line.feature = format!("{name}{index}");
            case.report.fairness.push(line);
            case.report.rows.candidate_lacks.push(format!("{name}{index}"));
        }
        let html = page(&case);
        in_order(&html, &["Against the champion", "Latency, 99th percentile", "Cannot be told", "Passed", "more, see gate.json"]);
    }
}
