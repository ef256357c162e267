//! The first contract that is written for a team.

use std::collections::BTreeMap;

use tidegate_contract::Contract;

#[test]
fn a_first_contract_reads_back_as_what_it_was_written_from() {
    let contract = Contract::parse(
        r#"{ "model": "no", "task": "multiclass",
             "record": { "timestamp": "event time.at", "features": "", "score": "n", "format": "csv" },
             "features": [
               { "name": "x", "type": "numeric", "path": "weird: \"path\" # 1", "range": [-1.5, 1e300], "importance": 2 },
               { "name": "w", "type": "numeric", "range": [0, .inf], "monitoring": { "missing": 0.02, "mute": true } },
               { "name": "on", "type": "categorical", "allowed": ["yes", "1", "", "a b", "Ä", "- x", "~"], "protected": true },
               { "name": "z", "type": "numeric", "derived_from": ["x", "raw field"] } ],
             "owners": { "monitoring": "yes@example.com" },
             "consumption": "batch",
             "compatibility": { "sagemaker": { "statistics": false, "metrics": true, "schedule": "nightly" } },
             "registered_in": { "sagemaker": "churn-2", "mlflow": "team a/Churn model" },
             "logs": { "prefix": "apps/# no/" },
             "monitoring": { "effect": 0.1, "windows": ["1h", "7d"] },
             "promotion": { "prod": { "approvals": 1, "approvers": ["a@example.com"] } } }"#,
    )
    .unwrap();
    let notes = BTreeMap::from([("x".to_owned(), "0 to 5;\n3 % missing # in the sample".to_owned())]);
    let text = contract.to_first_yaml(&notes);
    assert_eq!(Contract::parse(&text).unwrap(), contract, "{text}");
    assert_eq!(Contract::parse(&text).unwrap().digest(), contract.digest());
    assert!(text.contains("# 0 to 5; 3 % missing # in the sample\n"), "{text}");
}

#[test]
fn what_a_first_contract_has_in_comments_is_right_too() {
    let contract = Contract::parse("model: m\ntask: binary\nfeatures: [{ name: x, type: numeric }]").unwrap();
    let text = contract.to_first_yaml(&BTreeMap::new());
    let setting = |line: &str| {
        [
            "# owners:",
            "# consumption:",
            "# sensitivity:",
            "# segments:",
            "# service:",
            "# monitoring:",
            "#   ",
            "# promotion:",
            "# retraining:",
        ]
        .iter()
        .any(|start| line.starts_with(start))
    };
    let uncommented: Vec<&str> =
        text.lines().map(|line| if setting(line) { line.trim_start_matches("# ").trim_start_matches('#') } else { line }).collect();
    let full = Contract::parse(&uncommented.join("\n")).unwrap();
    assert_eq!(full.monitoring, contract.monitoring, "what is said to be the default is the default");
    assert_eq!(full.retraining, contract.retraining);
    assert_eq!(full.promotion.prod.unwrap().approvals, 2);
}
