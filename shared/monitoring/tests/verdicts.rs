//! What verdicts say about planted troubles, and that they say nothing without any.

#![expect(clippy::unwrap_used, clippy::cast_sign_loss, clippy::cast_possible_wrap, reason = "tests")]

mod support;

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use support::{learned, noise};
use tidegate_contract::{BaselineKind, Contract, FeatureMonitoring};
use tidegate_monitoring::{ActionKind, CauseKind, History, Input, QualityKind, State, Verdict, Window, assess};
use tidegate_profile::{Baseline, BatchFacts, Lines, Part, Profile, Profiler, Source, WindowProfile};

const DAY_MS: i64 = 86_400_000;

/// One record of a model with a numeric and a categorical feature and a score.
#[derive(Debug, Clone)]
struct Record {
    time_ms: i64,
    amount: Option<f64>,
    channel: Option<&'static str>,
    score: Option<f64>,
}

/// A day of records: amounts about 100 ± 15, shifted by that day's own ordinary variation.
fn day(day: i64, records: u64) -> Vec<Record> {
    let wobble = (noise(day as u64 + 77) - 0.5) * 2.0;
    (0..records)
        .map(|i| {
            let seed = day as u64 * 1_000_003 + i * 7;
            let bell: f64 = (0..12).map(|k| noise(seed * 31 + k)).sum::<f64>() - 6.0;
            let channel = match noise(seed + 3) {
                share if share < 0.6 => "web",
                share if share < 0.9 => "shop",
                _ => "phone",
            };
            Record {
                time_ms: day * DAY_MS + (i as i64 * DAY_MS / records as i64),
                amount: Some(100.0 + 15.0 * bell + wobble),
                channel: Some(channel),
                score: Some(noise(seed + 5)),
            }
        })
        .collect()
}

fn contract() -> Contract {
    let text = "model: churn\ntask: binary\nfeatures:\n  - { name: amount, type: numeric, range: [0, 1000] }\n  - { name: channel, type: categorical }\n";
    Contract::parse(text).unwrap()
}

fn batch(records: &[Record]) -> RecordBatch {
    let times: TimestampMillisecondArray = records.iter().map(|record| Some(record.time_ms)).collect();
    let texts =
        |of: fn(&Record) -> Option<&'static str>| -> ArrayRef { Arc::new(records.iter().map(of).collect::<DictionaryArray<Int32Type>>()) };
    let numbers = |of: fn(&Record) -> Option<f64>| -> ArrayRef { Arc::new(records.iter().map(of).collect::<Float64Array>()) };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("timestamp", Arc::new(times.with_timezone("UTC"))),
        ("inference_id", Arc::new(records.iter().map(|_| None::<&str>).collect::<StringArray>())),
        ("amount", numbers(|record| record.amount)),
        ("channel", texts(|record| record.channel)),
        ("score", numbers(|record| record.score)),
        ("prediction", texts(|_| None)),
        ("latency_ms", numbers(|_| None)),
    ];
    support::batch(columns)
}

fn baseline() -> Baseline {
    let records: Vec<Record> = (0..28).flat_map(|number| day(number, 600)).collect();
    learned(&contract(), &[batch(&records)])
}

fn profile(baseline: Option<&Baseline>, records: &[Record], facts: &BatchFacts) -> Profile {
    let profiler = Profiler::new(&contract().fields(), baseline);
    let mut profile = profiler.start();
    if !records.is_empty() {
        profiler.observe(&mut profile, &batch(records), facts).unwrap();
    }
    profile
}

fn judge_as(contract: &Contract, records: &[Record], facts: &BatchFacts, previous: Option<&Profile>) -> Verdict {
    let baseline = baseline();
    let current = WindowProfile::new(profile(Some(&baseline), records, facts));
    let window = Window { start_ms: 40 * DAY_MS, end_ms: 41 * DAY_MS };
    assess(&Input {
        contract,
        window,
        baseline: Some(&baseline),
        current: &current,
        history: History { previous, ..History::default() },
        in_series: false,
    })
}

fn judge(records: &[Record]) -> Verdict {
    judge_as(&contract(), records, &BatchFacts::default(), None)
}

/// The records of day 40 with every `each`-th one changed.
fn spoilt(each: usize, spoil: impl Fn(&mut Record)) -> Vec<Record> {
    let mut records = day(40, 2000);
    records.iter_mut().step_by(each).for_each(spoil);
    records
}

#[test]
fn ordinary_days_are_not_drift() {
    let baseline = baseline();
    for number in 40..100 {
        let current = WindowProfile::new(profile(Some(&baseline), &day(number, 2000), &BatchFacts::default()));
        let window = Window { start_ms: number * DAY_MS, end_ms: (number + 1) * DAY_MS };
        let verdict = assess(&Input {
            contract: &contract(),
            window,
            baseline: Some(&baseline),
            current: &current,
            history: History::default(),
            in_series: false,
        });
        assert_eq!(verdict.state, State::Ok, "day {number}: {}", verdict.headline);
        assert_eq!((verdict.cause.kind, verdict.action.kind), (CauseKind::None, ActionKind::None));
    }
}

#[test]
fn a_shift_is_drift_of_that_feature_and_retraining_is_proposed() {
    let mut contract = contract();
    contract.retraining.minimum_records = 1000;
    let verdict =
        judge_as(&contract, &spoilt(1, |record| record.amount = record.amount.map(|amount| amount + 6.0)), &BatchFacts::default(), None);
    let first = &verdict.fields[0];
    assert_eq!((verdict.state, first.name.as_str(), first.state), (State::Drift, "amount", State::Drift));
    let test = first.decisive.as_ref().unwrap();
    assert_eq!(test.test, "location");
    assert!((test.effect - 0.4).abs() < 0.1 && test.effect_low > 0.2, "{test:?}");
    assert!(first.sentence.contains("higher: mean 107, was 100"), "{}", first.sentence);
    assert_eq!((verdict.cause.kind, verdict.action.kind), (CauseKind::CovariateDrift, ActionKind::Retrain));
    assert_eq!(verdict.fields[1].state, State::Ok, "the others stay calm: {:?}", verdict.fields[1]);
}

#[test]
fn where_a_few_values_pull_the_mean_the_other_way_the_median_is_told() {
    let mut records = day(40, 2_000);
    for (number, record) in records.iter_mut().enumerate() {
        record.amount = record.amount.map(|amount| if number % 50 == 0 { 900.0 } else { amount - 6.0 });
    }
    let verdict = judge(&records);
    let amount = &verdict.fields[0];
    let location = amount.tests.iter().find(|test| test.test == "location").unwrap();
    assert!(location.effect < -0.2 && amount.mean_current > amount.mean_baseline, "{amount:?}");
    assert!(location.says.starts_with("its values are lower: median 9"), "{}", location.says);
}

#[test]
fn a_column_that_turns_null_is_the_first_thing_said_and_never_a_reason_to_retrain() {
    let verdict = judge(
        &spoilt(10, |_| ())
            .into_iter()
            .enumerate()
            .map(|(i, record)| if i % 10 == 0 { record } else { Record { amount: None, ..record } })
            .collect::<Vec<_>>(),
    );
    assert_eq!(verdict.state, State::Drift);
    assert!(verdict.headline.contains("Amount is missing in 90 % of the records, 0 % in the baseline"), "{}", verdict.headline);
    assert_eq!((verdict.quality[0].kind, verdict.quality[0].state), (QualityKind::Missing, State::Drift));
    assert_eq!((verdict.cause.kind, verdict.action.kind), (CauseKind::DataFault, ActionKind::MendData));
}

#[test]
fn a_feature_that_no_record_carries_is_said_with_its_path() {
    let verdict = judge(&spoilt(1, |record| record.channel = None));
    assert_eq!(verdict.quality[0].kind, QualityKind::AbsentFeature);
    assert!(verdict.quality[0].sentence.contains("expected at features.channel"), "{}", verdict.quality[0].sentence);
    assert_eq!(verdict.cause.kind, CauseKind::DataFault);
}

#[test]
fn another_unit_is_a_data_fault() {
    let verdict = judge(&spoilt(1, |record| record.amount = record.amount.map(|amount| amount / 100.0)));
    assert_eq!((verdict.state, verdict.cause.kind, verdict.action.kind), (State::Drift, CauseKind::DataFault, ActionKind::MendData));
    assert!(verdict.cause.evidence.contains("as when a unit changes"), "{}", verdict.cause.evidence);
}

#[test]
fn a_stuck_value_is_a_data_fault() {
    let verdict = judge(&spoilt(5, |record| record.amount = Some(104.5)));
    assert_eq!((verdict.state, verdict.cause.kind), (State::Drift, CauseKind::DataFault), "{verdict:?}");
    assert!(verdict.cause.evidence.contains("stuck"), "{}", verdict.cause.evidence);
}

#[test]
fn the_tail_of_a_column_that_moved_as_a_whole_is_no_other_finding() {
    let verdict = judge(&spoilt(1, |record| record.amount = record.amount.map(|amount| amount + 15.0)));
    let p = |name: &str| verdict.fields[0].tests.iter().find(|test| test.test == name).unwrap().p_adjusted;
    assert!(p("location") < 1e-9 && p("tail") > 0.5, "{:?}", verdict.fields[0].tests);
}

#[test]
fn a_tail_that_grows_within_the_known_range_is_drift() {
    let verdict = judge(&spoilt(50, |record| record.amount = record.score.map(|share| 142.0 + 10.0 * share)));
    let amount = &verdict.fields[0];
    let tail = amount.tests.iter().find(|test| test.test == "tail").unwrap();
    assert_eq!((amount.name.as_str(), amount.state), ("amount", State::Drift), "{verdict:?}");
    assert!(tail.p_adjusted < 1e-3 && tail.sure_effect() > 0.01, "{tail:?}");
    assert!(tail.says.contains("1.6 % of the values lie from 147 up, 0.04 % in the baseline"), "{}", tail.says);
    assert!(amount.tests.iter().all(|test| test.test != "location" || test.p_adjusted > 0.02), "{amount:?}");
}

#[test]
fn six_values_in_a_thousand_that_lie_beyond_all_others_are_drift() {
    let verdict = judge(&spoilt(180, |record| record.amount = Some(300.0)));
    let decisive = verdict.fields[0].decisive.as_ref().unwrap();
    assert_eq!((verdict.state, decisive.test.as_str()), (State::Drift, "beyond"), "{verdict:?}");
    assert_eq!(decisive.says, "0.60 % of the values lie above the baseline's greatest");
}

#[test]
fn values_outside_the_contract_are_named_with_what_was_expected() {
    let verdict = judge(&spoilt(20, |record| record.amount = Some(-999.0)));
    let finding = verdict.quality.iter().find(|finding| finding.kind == QualityKind::OutOfRange).unwrap();
    assert_eq!(finding.sentence, "amount lies outside 0 to 1000 in 5.0 % of the records");
    assert_eq!(verdict.cause.kind, CauseKind::DataFault);
}

#[test]
fn values_of_another_type_are_named() {
    let facts = BatchFacts { wrong_type: vec![100, 0, 0, 0, 0], ..BatchFacts::default() };
    let verdict = judge_as(&contract(), &spoilt(20, |record| record.amount = None), &facts, None);
    let finding = verdict.quality.iter().find(|finding| finding.kind == QualityKind::WrongType).unwrap();
    assert_eq!((finding.state, finding.sentence.as_str()), (State::Drift, "amount is not a number in 5.0 % of the records"));
}

#[test]
fn a_new_category_is_named_and_its_drift_is_called() {
    let verdict = judge(&spoilt(10, |record| record.channel = Some("chat")));
    let finding = verdict.quality.iter().find(|finding| finding.kind == QualityKind::UnseenCategory).unwrap();
    assert!(finding.sentence.contains("10 % of the records: \"chat\""), "{}", finding.sentence);
    assert_eq!((verdict.state, verdict.fields[0].name.as_str()), (State::Drift, "channel"));
    assert_eq!(verdict.cause.kind, CauseKind::CovariateDrift, "new values may be new business");
}

#[test]
fn scores_that_move_alone_are_prediction_drift() {
    let verdict = judge(&spoilt(1, |record| record.score = record.score.map(|score| score * score)));
    assert_eq!(
        (verdict.state, verdict.cause.kind, verdict.action.kind),
        (State::Drift, CauseKind::PredictionDrift, ActionKind::Investigate)
    );
}

#[test]
fn drift_that_begins_with_a_version_is_laid_at_its_door() {
    let before = profile(Some(&baseline()), &day(39, 2000), &BatchFacts { version: "1".into(), ..BatchFacts::default() });
    let facts = BatchFacts { version: "2".into(), ..BatchFacts::default() };
    let verdict = judge_as(&contract(), &spoilt(1, |record| record.score = record.score.map(|score| score * score)), &facts, Some(&before));
    assert_eq!((verdict.cause.kind, verdict.action.kind), (CauseKind::VersionChange, ActionKind::Investigate));
    assert!(verdict.cause.evidence.contains("version 2"), "{}", verdict.cause.evidence);
    assert!(verdict.headline.contains("new since the window before"), "{}", verdict.headline);
}

#[test]
fn a_muted_feature_is_shown_but_raises_nothing() {
    let mut contract = contract();
    contract.features[0].monitoring = Some(FeatureMonitoring { mute: true, ..FeatureMonitoring::default() });
    let verdict =
        judge_as(&contract, &spoilt(1, |record| record.amount = record.amount.map(|amount| amount + 30.0)), &BatchFacts::default(), None);
    assert_eq!(verdict.state, State::Ok, "{}", verdict.headline);
    let amount = verdict.fields.iter().find(|field| field.name == "amount").unwrap();
    assert!(amount.muted && amount.state == State::Drift);
}

/// The contract with settings of `amount`, judged on amounts that are higher by a share of a standard deviation.
fn judge_amount(settings: &str, shift: f64) -> tidegate_monitoring::FieldVerdict {
    let text = format!(
        "model: churn\ntask: binary\nfeatures:\n  - {{ name: amount, type: numeric, monitoring: {{ {settings} }} }}\n  - {{ name: channel, type: categorical }}\n"
    );
    let records = spoilt(1, |record| record.amount = record.amount.map(|amount| amount + 15.0 * shift));
    let verdict = judge_as(&Contract::parse(&text).unwrap(), &records, &BatchFacts::default(), None);
    verdict.fields.into_iter().find(|field| field.name == "amount").unwrap()
}

#[test]
fn a_named_method_says_how_large_a_change_is_and_the_tests_whether_it_is_chance() {
    // 0.4 sd: by Yurdakul's approximation a PSI of about 0.16.
    let psi = judge_amount("method: psi", 0.4);
    let test = psi.decisive.as_ref().unwrap();
    assert_eq!((psi.state, test.test.as_str(), test.unit.as_str()), (State::Drift, "psi", "distance"));
    assert!((0.1..0.25).contains(&test.effect) && test.effect_low > 0.1 && test.p_adjusted < 1e-3, "{test:?}");
    assert!((psi.distances["psi"] - test.effect).abs() < 1e-12);
    assert!(psi.sentence.starts_with("its values are higher: mean 1"), "{}", psi.sentence);
    assert!(psi.sentence.ends_with("worth acting on from 0.100 on)"), "{}", psi.sentence);
    // The same change is not large by a higher threshold, and a smaller one by no method.
    assert_eq!(judge_amount("method: psi, threshold: 0.5", 0.4).state, State::Ok);
    for method in ["psi", "ks", "jensen-shannon", "hellinger", "wasserstein", "total-variation", "l-infinity", "chi-squared"] {
        let moved = judge_amount(&format!("method: {method}, threshold: 0.05"), 0.5);
        assert_eq!((moved.state, moved.decisive.unwrap().test.as_str()), (State::Drift, method), "{method}");
        assert_eq!(judge_amount(&format!("method: {method}"), 0.03).state, State::Ok, "{method}");
    }
}

#[test]
fn a_distance_near_its_threshold_is_a_warning() {
    let effect = judge_amount("method: ks", 0.4).decisive.unwrap().effect;
    let near = judge_amount(&format!("method: ks, threshold: {}", effect - 0.005), 0.4);
    assert_eq!(near.state, State::Warning, "{near:?}");
}

#[test]
fn sagemakers_rule_asks_for_no_evidence() {
    // Its own allowance for chance: 1.8·√(1/m + 1/n) of the Kolmogorov-Smirnov distance to the four days of the same weekday.
    let robust = judge_amount("method: sagemaker-robust", 0.5);
    let test = robust.decisive.as_ref().unwrap();
    let expected = robust.distances["ks"] - 1.8 * (1.0_f64 / 2400.0 + 1.0 / 2000.0).sqrt();
    assert!((test.effect - expected).abs() < 1e-9 && robust.state == State::Drift, "{test:?}");
    assert_eq!(judge_amount("method: sagemaker-robust, threshold: 0.2", 0.5).state, State::Ok);
}

#[test]
fn what_the_model_hardly_listens_to_raises_a_warning_only() {
    let mut contract = contract();
    contract.features[0].importance = 0.04;
    let records = spoilt(1, |record| record.amount = record.amount.map(|amount| amount + 6.0));
    let verdict = judge_as(&contract, &records, &BatchFacts::default(), None);
    let amount = verdict.fields.iter().find(|field| field.name == "amount").unwrap();
    assert_eq!((verdict.state, amount.state), (State::Warning, State::Drift));
    assert!(verdict.headline.contains("hardly listens"), "{}", verdict.headline);
    assert!((verdict.importance_moved - 0.04 / 1.04).abs() < 1e-12);
}

#[test]
fn the_contract_decides_which_baseline_has_the_say() {
    // Amounts rose long ago: the training set differs, the window before does not.
    let shifted = |number: i64| -> Vec<Record> {
        day(number, 2000).into_iter().map(|record| Record { amount: record.amount.map(|amount| amount + 8.0), ..record }).collect()
    };
    let before = profile(Some(&baseline()), &shifted(39), &BatchFacts::default());
    let judged = |baselines: &str| {
        let text = format!(
            "model: churn\ntask: binary\nfeatures:\n  - {{ name: amount, type: numeric, monitoring: {{ baselines: {baselines} }} }}\n"
        );
        let verdict = judge_as(&Contract::parse(&text).unwrap(), &shifted(40), &BatchFacts::default(), Some(&before));
        let amount = verdict.fields.iter().find(|field| field.name == "amount").unwrap();
        (amount.state, amount.baseline, amount.opinions.iter().map(|opinion| opinion.state).collect::<Vec<_>>(), verdict.baselines.len())
    };
    let (drift, ok) = (State::Drift, State::Ok);
    assert_eq!(judged("[training, previous]"), (drift, Some(BaselineKind::Training), vec![drift, ok], 2));
    assert_eq!(judged("[previous, training]"), (ok, Some(BaselineKind::Previous), vec![ok, drift], 2));
    // Without a single past week the next in the list decides.
    assert_eq!(judged("[seasonal, training]"), (drift, Some(BaselineKind::Training), vec![drift], 2));
}

#[test]
fn too_few_records_are_said_to_be_too_few_with_what_they_could_have_shown() {
    let verdict = judge(&day(40, 20));
    assert_eq!((verdict.state, verdict.action.kind), (State::InsufficientData, ActionKind::Supply));
    let amount = verdict.fields.iter().find(|field| field.name == "amount").unwrap();
    assert!(amount.smallest_visible.unwrap() > 0.8, "{:?}", amount.smallest_visible);
    assert!(amount.sentence.contains("20, at least 50"), "{}", amount.sentence);
}

#[test]
fn a_larger_window_could_have_shown_a_smaller_shift() {
    let visible = |records| judge(&day(40, records)).fields.iter().find(|field| field.name == "amount").unwrap().smallest_visible.unwrap();
    assert!(visible(8000) < visible(500) && visible(500) < 0.4);
}

#[test]
fn no_records_are_no_data_neither_fine_nor_drift() {
    let verdict = judge(&[]);
    assert_eq!((verdict.state, verdict.action.kind), (State::NoData, ActionKind::MendData));
    assert!(verdict.action.sentence.contains("churn/"), "{}", verdict.action.sentence);
}

#[test]
fn without_a_baseline_the_verdict_asks_for_one() {
    let current = WindowProfile::new(profile(None, &day(40, 2000), &BatchFacts::default()));
    let window = Window { start_ms: 40 * DAY_MS, end_ms: 41 * DAY_MS };
    let verdict =
        assess(&Input { contract: &contract(), window, baseline: None, current: &current, history: History::default(), in_series: false });
    assert_eq!((verdict.state, verdict.action.kind), (State::InsufficientData, ActionKind::Supply));
    assert!(verdict.action.sentence.contains("datasets/churn/"), "{}", verdict.action.sentence);
}

#[test]
fn unreadable_lines_and_refused_files_are_faults_of_the_data() {
    let baseline = baseline();
    let profiler = Profiler::new(&contract().fields(), Some(&baseline));
    let part = |id: &str, records: &[Record], quarantined: u64| {
        let lines = Lines { read: records.len() as u64 + quarantined, accepted: records.len() as u64, quarantined, blank: 0 };
        let source = Source { id: id.into(), location: id.into(), content: id.into(), lines };
        Part {
            source,
            lines,
            reasons: [("json".to_owned(), quarantined)].into(),
            profile: profile(Some(&baseline), records, &BatchFacts::default()),
        }
    };
    let parts = vec![part("good", &day(40, 2000), 4), part("bad", &day(40, 50), 50)];
    let current = WindowProfile::combine(profiler.start(), parts, 0.05).unwrap();
    let window = Window { start_ms: 40 * DAY_MS, end_ms: 41 * DAY_MS };
    let verdict = assess(&Input {
        contract: &contract(),
        window,
        baseline: Some(&baseline),
        current: &current,
        history: History::default(),
        in_series: false,
    });
    assert_eq!((verdict.state, verdict.records), (State::Drift, 2000));
    assert_eq!(
        verdict.quality[0].sentence,
        "54 of 2104 lines could not be read, most often: not valid JSON; 1 file was left out because too many of its lines were bad"
    );
}

#[test]
fn the_trail_follows_the_fields_that_matter() {
    let baseline = baseline();
    let shifted = |number: i64| -> Vec<Record> {
        day(number, 600)
            .into_iter()
            .map(|record| Record { amount: record.amount.map(|amount| amount + if number < 38 { 0.0 } else { 8.0 }), ..record })
            .collect()
    };
    let of_day = |number: i64| {
        (
            Window { start_ms: number * DAY_MS, end_ms: (number + 1) * DAY_MS },
            profile(Some(&baseline), &shifted(number), &BatchFacts::default()),
        )
    };
    let trail: Vec<(Window, Profile)> = (34..41).map(of_day).collect();
    let current = WindowProfile::new(trail[6].1.clone());
    let window = trail[6].0;
    let verdict = assess(&Input {
        contract: &contract(),
        window,
        baseline: Some(&baseline),
        current: &current,
        history: History { previous: Some(&trail[5].1), trail: &trail, ..History::default() },
        in_series: false,
    });
    let effects: Vec<bool> = verdict.trail.iter().map(|point| point.effects["amount"] > 0.3).collect();
    assert_eq!(effects, [false, false, false, false, true, true, true]);
    assert!(verdict.headline.contains("as in the window before"), "{}", verdict.headline);
}

/// Two weeks and a day, of which some days lack so many of a hundred amounts.
fn fortnight_without(missing: impl Fn(i64) -> u64) -> Verdict {
    let baseline = baseline();
    let of_day = |number: i64| {
        let lacks = |index: usize| noise(number as u64 * 7919 + index as u64) < missing(number) as f64 / 100.0;
        let records: Vec<Record> = day(number, 600)
            .into_iter()
            .enumerate()
            .map(|(index, record)| Record { amount: record.amount.filter(|_| !lacks(index)), ..record })
            .collect();
        let window = Window { start_ms: number * DAY_MS, end_ms: (number + 1) * DAY_MS };
        (window, profile(Some(&baseline), &records, &BatchFacts::default()))
    };
    let trail: Vec<(Window, Profile)> = (40..55).map(of_day).collect();
    let mut whole = profile(Some(&baseline), &[], &BatchFacts::default());
    for (_, day) in &trail {
        whole.merge(day).unwrap();
    }
    assess(&Input {
        contract: &contract(),
        window: Window { start_ms: 40 * DAY_MS, end_ms: 55 * DAY_MS },
        baseline: Some(&baseline),
        current: &WindowProfile::new(whole),
        history: History { trail: &trail, ..History::default() },
        in_series: false,
    })
}

#[test]
fn what_came_and_went_in_few_of_a_windows_days_is_said_and_no_alarm() {
    let amount = |verdict: &Verdict| {
        let field = verdict.fields.iter().find(|field| field.name == "amount").unwrap();
        (field.state, field.sentence.clone())
    };
    let (state, sentence) = amount(&fortnight_without(|day| if [43, 48].contains(&day) { 15 } else { 0 }));
    assert_eq!(state, State::Warning, "{sentence}");
    assert!(sentence.ends_with("most of it on 2 of 15 days (1970-02-13 and 1970-02-18), and not since"), "{sentence}");
    for (what, days) in [("lasts", 53..55), ("is there every day", 40..55)] {
        let share = 30 / (days.end - days.start) as u64;
        let (state, sentence) = amount(&fortnight_without(|day| if days.contains(&day) { share } else { 0 }));
        assert_eq!(state, State::Drift, "{what}: {sentence}");
        assert!(!sentence.contains("not since"), "{what}: {sentence}");
    }
}

#[test]
fn a_long_outage_is_a_fault_of_the_data_though_it_passed() {
    let verdict = fortnight_without(|day| if [43, 48].contains(&day) { 90 } else { 0 });
    assert_eq!((verdict.state, verdict.action.kind), (State::Drift, ActionKind::MendData), "{}", verdict.headline);
}

#[test]
fn verdicts_read_back_as_they_were_written() {
    let verdict = judge(&spoilt(10, |record| record.channel = Some("chat")));
    let text = serde_json::to_string_pretty(&verdict).unwrap();
    assert_eq!(serde_json::from_str::<Verdict>(&text).unwrap(), verdict);
}
