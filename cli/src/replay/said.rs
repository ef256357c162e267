//! What was said of a window, read from its `verdict.json`: no more of it than a comparison needs, so that verdicts of earlier versions
//! of Tidegate can be read too.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tidegate_monitoring::State;

/// What was said of a window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Said {
    pub(crate) state: State,
    pub(crate) headline: String,
    pub(crate) records: u64,
    /// What raised the state, by name: a field, or a fault of the data with the field that it is about. `None` when only the registry's
    /// record is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) findings: Option<BTreeMap<String, State>>,
    /// Fields that moved and were told to be quiet.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) muted: BTreeSet<String>,
    /// Identifier of the training set that it was compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) baseline: Option<String>,
    /// SHA-256 of `verdict.json`, hex.
    pub(crate) digest: String,
}

#[derive(Deserialize)]
struct Verdict {
    state: State,
    headline: String,
    records: u64,
    #[serde(default)]
    fields: Vec<Field>,
    #[serde(default)]
    quality: Vec<Finding>,
    #[serde(default)]
    baselines: Vec<Baseline>,
    /// Before there were several.
    #[serde(default)]
    baseline: Option<Baseline>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    state: State,
    #[serde(default)]
    muted: bool,
}

#[derive(Deserialize)]
struct Finding {
    kind: String,
    #[serde(default)]
    field: Option<String>,
    state: State,
}

#[derive(Deserialize)]
struct Baseline {
    #[serde(default)]
    kind: Option<String>,
    id: String,
}

impl Said {
    /// Reads a `verdict.json`.
    pub(crate) fn read(json: &[u8]) -> Result<Self, serde_json::Error> {
        let Verdict { state, headline, records, fields, quality, baselines, baseline } = serde_json::from_slice(json)?;
        let matters = |state: State| matches!(state, State::Warning | State::Drift);
        let muted = fields.iter().filter(|field| field.muted && matters(field.state)).map(|field| field.name.clone()).collect();
        let mut findings: BTreeMap<String, State> =
            fields.into_iter().filter(|field| !field.muted && matters(field.state)).map(|field| (field.name, field.state)).collect();
        for Finding { kind, field, state } in quality.into_iter().filter(|finding| matters(finding.state)) {
            let fault = kind.replace('-', " ");
            let name = field.map_or_else(|| fault.clone(), |field| format!("{field} ({fault})"));
            findings.insert(name, state);
        }
        let training = |baseline: &Baseline| baseline.kind.as_deref().is_none_or(|kind| kind == "training");
        Ok(Self {
            state,
            headline,
            records,
            findings: Some(findings),
            muted,
            baseline: baselines.into_iter().chain(baseline).find(training).map(|baseline| baseline.id),
            digest: digest(json),
        })
    }
}

/// SHA-256, hex.
pub(crate) fn digest(json: &[u8]) -> String {
    tidegate_lake::keys::sha256(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_raised_the_state_is_kept_and_what_was_told_to_be_quiet_is_not() {
        let json = br#"{"schema":"tidegate.verdict/1","state":"drift","headline":"Two moved.","records":7,"baseline":{"id":"b"},
            "fields":[{"name":"temp","state":"drift","muted":false},{"name":"dest","state":"drift","muted":true},{"name":"ok","state":"ok"}],
            "quality":[{"kind":"wrong-type","field":"temp","state":"warning"},{"kind":"bad-lines","field":null,"state":"drift"}]}"#;
        let said = Said::read(json).unwrap();
        let findings = said.findings.unwrap();
        assert_eq!(findings.keys().map(String::as_str).collect::<Vec<_>>(), ["bad lines", "temp", "temp (wrong type)"]);
        assert_eq!(findings["temp (wrong type)"], State::Warning);
        assert_eq!(said.muted.into_iter().collect::<Vec<_>>(), ["dest"]);
        assert_eq!(said.baseline.as_deref(), Some("b"));
        assert!(Said::read(b"{}").is_err());
    }
}
