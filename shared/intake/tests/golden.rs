//! The golden cases: every count of values, every usable number, every category, as the reference implementation has them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::float_cmp, reason = "tests")]

mod support;

use std::collections::BTreeMap;

use serde_json::Value;
use tidegate_contract::Contract;
use tidegate_intake::{Layout, Plan};

#[test]
fn values_are_counted_as_the_golden_cases_count_them() {
    let Some(folder) = support::beside("cases") else { return };
    let mut features = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(expected) = std::fs::read(path.join("expected.json")) else { continue };
        let expected: Value = serde_json::from_slice(&expected).unwrap();
        let Some(schema) = expected["schema"].as_object() else { continue };
        let fields: Vec<Value> = schema
            .iter()
            .enumerate()
            .filter(|(_, (_, kind))| ["numeric", "categorical"].contains(&kind.as_str().unwrap_or_default()))
            .map(|(at, (name, kind))| serde_json::json!({"name": format!("f{at}"), "path": name, "type": kind}))
            .collect();
        let contract = serde_json::json!({"model": "m", "task": "binary", "record": {"features": "", "timestamp": "no time", "version": "no version", "inference_id": "no id", "prediction": "no prediction", "score": "no score", "latency_ms": "no latency"}, "features": fields});
        let contract: Contract = serde_json::from_value(contract).unwrap();
        let plan = Plan::new(&contract, Layout::Dataset).unwrap();
        for side in ["reference", "current"] {
            let Some(file) = expected["files"][side].as_str() else { continue };
            let (kept, summary) = support::read(&plan, std::fs::read(path.join(file)).unwrap());
            if let Some(rows) = expected["rows"][side].as_u64() {
                assert_eq!(summary.lines.accepted, rows, "{}/{side}", path.display());
            }
            for (place, field) in plan.fields().iter().enumerate().take(fields.len()) {
                let case = format!("{}/{side}/{}", path.display(), field.path);
                let counts = &expected["features"][&field.path]["counts"][side];
                let count = |class: &str| counts[class].as_u64().unwrap_or(0);
                if counts.is_null() {
                    continue;
                }
                if schema[&field.path] == "numeric" {
                    let values = kept.numbers(&field.name);
                    let finite: Vec<f64> = values.iter().flatten().copied().filter(|value| value.is_finite()).collect();
                    assert_eq!(finite.len() as u64, count("finite") + count("numeric_string"), "{case}");
                    let infinite = |sign: f64| values.iter().flatten().filter(|value| **value == sign * f64::INFINITY).count() as u64;
                    assert_eq!((infinite(1.0), infinite(-1.0)), (count("pos_inf"), count("neg_inf")), "{case}");
                    assert_eq!(kept.wrong(place), count("non_numeric") + count("bool"), "{case}");
                    let missing = values.iter().filter(|value| value.is_none()).count() as u64 - kept.wrong(place);
                    assert_eq!(missing, count("missing"), "{case}");
                    let moments = &expected["features"][&field.path]["moments"][side];
                    if let (Some(mean), false) = (moments["mean"].as_f64(), finite.is_empty()) {
                        let found = finite.iter().sum::<f64>() / finite.len() as f64;
                        assert!((found - mean).abs() <= 1e-9 * mean.abs().max(1.0), "{case}: {found} {mean}");
                    }
                } else {
                    let mut found: BTreeMap<String, u64> = BTreeMap::new();
                    for text in kept.texts(&field.name).into_iter().flatten() {
                        *found.entry(text).or_default() += 1;
                    }
                    let missing = kept.texts(&field.name).iter().filter(|text| text.is_none()).count() as u64 - kept.wrong(place);
                    if let Some(expected) = counts["missing"].as_u64() {
                        assert_eq!(missing, expected, "{case}");
                    }
                    if let Some(expected) = counts["distinct"].as_u64() {
                        assert_eq!(found.len() as u64, expected, "{case}");
                    }
                }
                features += 1;
            }
        }
    }
    assert!(features > 100, "{features}");
}
