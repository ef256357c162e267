//! `statistics.json` of a window, in Model Monitor's shape.
//!
//! A field's cells become the items of a sketch: a cell that counts `n` values puts the value that stands for it into level `i` for every
//! bit `i` that is set in `n`, as items of level `i` weigh `2^i`. The counts read back as they were; only where in its cell a value lay is
//! lost.

use serde_json::{Map, Value, json};
use tidegate_contract::FieldRole;
use tidegate_profile::{Baseline, FieldAnchor, FieldProfile, NumericProfile, Profile};

/// Model Monitor's parameters of a sketch, which its readers expect to find.
const SKETCH_K: f64 = 2_048.0;
/// As above.
const SKETCH_C: f64 = 0.64;
/// Model Monitor's number of equal buckets.
const BUCKETS: usize = 10;

/// The statistics of a window, JSON with a line end. Distributions are there for fields that the baseline has cells for.
#[must_use]
pub fn statistics_json(profile: &Profile, baseline: Option<&Baseline>) -> String {
    let baseline = baseline.filter(|baseline| profile.anchor.as_ref() == Some(&baseline.id));
    let said = |field: &&FieldProfile| field.role == FieldRole::Feature || field.present > 0;
    let features: Vec<Value> = profile
        .fields
        .iter()
        .filter(said)
        .map(|field| feature(field, baseline.and_then(|baseline| baseline.anchor_of(&field.name))))
        .collect();
    let file = json!({ "version": 0.0, "dataset": { "item_count": profile.records }, "features": features });
    format!("{file:#}\n")
}

fn feature(field: &FieldProfile, anchor: Option<&FieldAnchor>) -> Value {
    let missing = field.missing + field.wrong_type + field.infinite;
    let common = json!({ "num_present": field.present, "num_missing": missing });
    let mut feature = Map::from_iter([("name".to_owned(), json!(field.name))]);
    let (inferred, key, statistics) = if let Some(numeric) = &field.numeric {
        ("Fractional", "numerical_statistics", numbers(field.present, numeric, anchor, common))
    } else {
        ("String", "string_statistics", names(field, anchor, &common))
    };
    feature.insert("inferred_type".to_owned(), json!(inferred));
    feature.insert(key.to_owned(), statistics);
    Value::Object(feature)
}

fn numbers(present: u64, numeric: &NumericProfile, anchor: Option<&FieldAnchor>, common: Value) -> Value {
    let mut statistics = Map::from_iter([("common".to_owned(), common)]);
    if let (Some(min), Some(max)) = (numeric.min, numeric.max) {
        statistics.extend([
            ("mean".to_owned(), json!(numeric.mean)),
            ("sum".to_owned(), json!(numeric.mean * present as f64)),
            ("std_dev".to_owned(), json!((numeric.m2 / present.max(1) as f64).sqrt())),
            ("min".to_owned(), json!(min)),
            ("max".to_owned(), json!(max)),
        ]);
        if let Some(FieldAnchor::Numeric(anchor)) = anchor {
            // What stands for a cell lies in it, and no value lay outside the least and the greatest.
            let values: Vec<f64> = anchor.representatives().into_iter().map(|value| value.clamp(min, max)).collect();
            let counted: Vec<(f64, u64)> = values.into_iter().zip(numeric.cells.iter().copied()).filter(|(_, count)| *count > 0).collect();
            let sketch = json!({ "parameters": { "c": SKETCH_C, "k": SKETCH_K }, "data": levels(&counted) });
            let kll = json!({ "kll": { "buckets": buckets(&counted, min, max), "sketch": sketch } });
            statistics.insert("distribution".to_owned(), kll);
        }
    }
    Value::Object(statistics)
}

/// The items of each level.
fn levels(counted: &[(f64, u64)]) -> Vec<Vec<f64>> {
    let greatest = counted.iter().map(|(_, count)| *count).max().unwrap_or_default();
    let bits = u64::BITS - greatest.leading_zeros();
    (0..bits).map(|bit| counted.iter().filter(|(_, count)| count >> bit & 1 == 1).map(|(value, _)| *value).collect()).collect()
}

fn buckets(counted: &[(f64, u64)], min: f64, max: f64) -> Vec<Value> {
    let bound = |bucket: usize| min + (max - min) * (bucket as f64 / BUCKETS as f64);
    let last = BUCKETS - 1;
    let mut counts = [0_u64; BUCKETS];
    for (value, count) in counted {
        let bucket = (0..last).find(|bucket| *value < bound(bucket + 1)).unwrap_or(last);
        if let Some(counted) = counts.get_mut(bucket) {
            *counted += count;
        }
    }
    counts
        .iter()
        .enumerate()
        .map(|(bucket, count)| {
            let upper = if bucket == last { max } else { bound(bucket + 1) };
            json!({ "lower_bound": bound(bucket), "upper_bound": upper, "count": *count as f64 })
        })
        .collect()
}

fn names(field: &FieldProfile, anchor: Option<&FieldAnchor>, common: &Value) -> Value {
    let Some(categorical) = &field.categorical else { return json!({ "common": common }) };
    let known = match anchor {
        Some(FieldAnchor::Categorical(anchor)) => anchor.values.as_slice(),
        _ => &[],
    };
    let mut counts: Vec<(&str, u64)> = categorical.named(known).collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let buckets: Vec<Value> = counts.iter().map(|(value, count)| json!({ "value": value, "count": count })).collect();
    json!({
        "common": common,
        "distinct_count": counts.len() as f64,
        "distribution": { "categorical": { "buckets": buckets } },
    })
}
