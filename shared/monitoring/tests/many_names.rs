//! Fields of very many names: postal codes, shops, products. Most names are seen a few times, and which of them a baseline saw is chance.

#![expect(clippy::unwrap_used, clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss, reason = "tests")]

mod support;

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use support::{learned, noise};
use tidegate_contract::Contract;
use tidegate_monitoring::{FieldVerdict, History, Input, State, Window, assess};
use tidegate_profile::{Baseline, BatchFacts, Profiler, WindowProfile};

const DAY_MS: i64 = 86_400_000;

fn contract() -> Contract {
    Contract::parse("model: sales\ntask: binary\nfeatures:\n  - { name: shop, type: categorical }\n").unwrap()
}

/// Three thousand shops, all alike.
fn alike(at: f64) -> u64 {
    (at * 3_000.0) as u64
}

/// As many, the k-th about `1/k` as frequent as the first.
fn few_frequent(at: f64) -> u64 {
    3_000_f64.powf(at) as u64
}

/// The frequent half of the shops, and all others, a fifth more frequent in turn.
fn other_mix(at: f64) -> u64 {
    let shop = few_frequent(at);
    // One sixth of the odd shops' records go to their even neighbours.
    if shop % 2 == 1 && noise((at * 1e15) as u64) < 1.0 / 6.0 { shop - 1 } else { shop }
}

fn batch(seed: u64, records: u64, shop: fn(f64) -> u64) -> RecordBatch {
    let shops: Vec<u64> = (0..records).map(|record| shop(noise(seed * 10_000_019 + record))).collect();
    named(seed, &shops)
}

/// Records of these shops.
fn named(seed: u64, shops: &[u64]) -> RecordBatch {
    let records = shops.len() as u64;
    let shops: Vec<String> = shops.iter().map(|shop| format!("shop {shop}")).collect();
    let times: TimestampMillisecondArray = (0..records).map(|record| Some((record * 20 * DAY_MS as u64 / records) as i64)).collect();
    let none = || -> ArrayRef { Arc::new((0..records).map(|_| None::<&str>).collect::<DictionaryArray<Int32Type>>()) };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("timestamp", Arc::new(times.with_timezone("UTC"))),
        ("inference_id", Arc::new((0..records).map(|_| None::<&str>).collect::<StringArray>())),
        ("shop", Arc::new(shops.iter().map(|shop| Some(shop.as_str())).collect::<DictionaryArray<Int32Type>>())),
        ("score", Arc::new((0..records).map(|record| Some(noise(seed + record))).collect::<Float64Array>())),
        ("prediction", none()),
        ("latency_ms", Arc::new((0..records).map(|_| None::<f64>).collect::<Float64Array>())),
    ];
    support::batch(columns)
}

fn baseline(records: u64, shop: fn(f64) -> u64) -> Baseline {
    learned(&contract(), &[batch(1, records, shop)])
}

/// What is said of the shops.
fn judged(baseline: &Baseline, records: &RecordBatch) -> FieldVerdict {
    let contract = contract();
    let profiler = Profiler::new(&contract.fields(), Some(baseline));
    let mut profile = profiler.start();
    profiler.observe(&mut profile, records, &BatchFacts::default()).unwrap();
    let verdict = assess(&Input {
        contract: &contract,
        window: Window { start_ms: 40 * DAY_MS, end_ms: 41 * DAY_MS },
        baseline: Some(baseline),
        current: &WindowProfile::new(profile),
        history: History::default(),
        in_series: false,
    });
    verdict.fields.into_iter().find(|field| field.name == "shop").unwrap()
}

fn decisive(field: &FieldVerdict) -> &str {
    field.decisive.as_ref().map_or("", |test| &test.test)
}

#[test]
fn which_rare_names_a_baseline_saw_is_no_drift() {
    for shop in [alike, few_frequent] {
        for size in [1_000, 20_000] {
            let baseline = baseline(size, shop);
            for (seed, records) in [(2, 500), (3, 5_000), (4, 50_000)] {
                let shops = judged(&baseline, &batch(seed, records, shop));
                assert!(!matches!(shops.state, State::Drift | State::Warning), "{size} {records}: {shops:?}");
            }
        }
    }
}

#[test]
fn another_mix_of_them_is() {
    let baseline = baseline(20_000, few_frequent);
    let shops = judged(&baseline, &batch(2, 5_000, other_mix));
    assert_eq!((shops.state, decisive(&shops)), (State::Drift, "mix"), "{shops:?}");
}

#[test]
fn names_that_the_baseline_knew_nothing_of_are() {
    let baseline = baseline(20_000, few_frequent);
    let shops = judged(
        &baseline,
        &batch(2, 5_000, |at| if noise((at * 1e15) as u64) < 0.05 { 1_000_000 + (at * 100.0) as u64 } else { few_frequent(at) }),
    );
    assert_eq!((shops.state, decisive(&shops)), (State::Drift, "unseen"), "{shops:?}");
    assert!(shops.sentence.contains("none of its 1,000 most frequent"), "{}", shops.sentence);
}

#[test]
fn a_name_that_was_hardly_there_is_seen_to_grow() {
    let hardly = |at: f64| u64::from(at > 0.999);
    let baseline = baseline(2_000, hardly);
    assert_eq!(judged(&baseline, &batch(2, 2_000, hardly)).state, State::Ok);
    let shops = judged(&baseline, &batch(2, 2_000, |at| u64::from(at > 0.95)));
    assert_eq!((shops.state, decisive(&shops)), (State::Drift, "name"), "{shops:?}");
}

/// Another one every time.
fn identifier(at: f64) -> u64 {
    at.to_bits()
}

#[test]
fn identifiers_are_others_every_time_and_a_value_among_them_that_repeats_is_seen() {
    let baseline = baseline(20_000, identifier);
    for (seed, records) in [(2, 500), (3, 5_000), (4, 50_000)] {
        let shops = judged(&baseline, &batch(seed, records, identifier));
        assert!(!matches!(shops.state, State::Drift | State::Warning), "{records}: {shops:?}");
        let shops = judged(&baseline, &batch(seed, records, |at| if noise(at.to_bits()) < 0.05 { 7 } else { identifier(at) }));
        assert_eq!((shops.state, decisive(&shops)), (State::Drift, "name"), "{records}: {shops:?}");
        assert!(shops.sentence.contains("\"shop 7\""), "{}", shops.sentence);
    }
    // Fifty values in the place of a quarter of them.
    let shops = judged(&baseline, &batch(5, 5_000, |at| if at < 0.25 { (at * 200.0) as u64 } else { identifier(at) }));
    assert_eq!((shops.state, decisive(&shops)), (State::Drift, "name"), "{shops:?}");
    assert!(shops.sentence.contains("are 50 that repeat"), "{}", shops.sentence);
}

/// Users that come for an hour and send ten records then.
fn visits(seed: u64, records: u64) -> RecordBatch {
    let users: Vec<u64> = (0..records).map(|record| (noise(seed * 10_000_019 + record / 10) * 1e15) as u64).collect();
    named(seed, &users)
}

#[test]
fn a_user_who_sends_many_records_at_once_is_no_default() {
    let baseline = learned(&contract(), &[visits(1, 20_000)]);
    for (seed, records) in [(2, 300), (3, 1_000), (4, 20_000)] {
        let shops = judged(&baseline, &visits(seed, records));
        assert!(!matches!(shops.state, State::Drift | State::Warning), "{records}: {shops:?}");
    }
}
