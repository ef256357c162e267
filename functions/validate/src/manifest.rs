//! What a candidate's manifest says: `candidates/<model>/<run>/manifest.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidegate_contract::Metric;
use tidegate_lake::{DAY_MS, hour_start, parse_time};
use tidegate_registry::{is_digest, is_file_name};

/// Version of the manifest's shape.
pub const FORMAT: &str = "tidegate.candidate/1";

/// Largest manifest that is read, bytes: a hundred files and parameters fit many times over.
pub const MAX_MANIFEST_BYTES: u64 = 256 * 1024;

/// A candidate, as the team that trained it describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CandidateManifest {
    /// [`FORMAT`].
    pub format: String,
    /// The model.
    pub model: String,
    /// The training run, as the team names it: one run is one version, however often it is submitted.
    pub run: String,
    /// Who submits it: a mail address, or what the training system calls the person.
    pub submitted_by: String,
    /// Who wrote the artifact's files, where that is somebody else. Neither may approve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_by: Option<String>,
    /// The model's files, named relative to the manifest's folder.
    pub artifact: Vec<NamedFile>,
    /// The dataset version that it was trained on: what `tidegate` answered when the training set was put (64 hexadecimal digits).
    pub training_set: String,
    /// The rows that it is judged by.
    pub evaluation: EvaluationSet,
    /// What it answered for those rows. Not needed of an ONNX model: that is asked here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predictions: Option<Predictions>,
    /// How the ONNX file among the artifact's is asked, where it does not say so itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onnx: Option<OnnxReading>,
    /// Where it already answered in live traffic, beside the champion or in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<LiveTraffic>,
    /// Where it was approved before it came to this account; `registry` says it of what it takes over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promoted_from: Option<String>,
    /// Revision of the code that trained it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_revision: Option<String>,
    /// What it was made with (`scikit-learn 1.9`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework: Option<String>,
    /// Parameters of the training, as texts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// What the team measured itself. It is compared with what we measure.
    #[serde(default, skip_serializing_if = "Claims::is_empty")]
    pub claims: Claims,
}

/// A file below the manifest's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedFile {
    /// Its name, with `/` between folders.
    pub file: String,
    /// SHA-256 of its bytes, if the team wants it held to: 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// The rows that candidate and champion are judged by: CSV, JSON lines or Parquet, with the contract's features in columns of their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationSet {
    /// Where it lies in the models bucket. Below `evaluations/<model>/` every candidate can be judged by the same.
    pub key: String,
    /// The column of what really was.
    pub actual: String,
    /// The column that names a row. Default: the contract's inference id; without ids, rows are told by their order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// SHA-256 of the file's bytes, if the team wants it held to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// What the candidate answered for the evaluation set's rows: a file beside the manifest, one row for each of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predictions {
    /// Its name.
    pub file: String,
    /// The column that names a row, as in the evaluation set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The column of the predicted class or number. Default: `prediction`, where there is such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prediction: Option<String>,
    /// The column of the score of a binary model. Default: `score`, where there is such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<String>,
    /// The columns of a multiclass model's probabilities, by class.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub probabilities: BTreeMap<String, String>,
}

/// A span in which scoring logs carry both versions: the candidate as a shadow of the champion, or with a share of its requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveTraffic {
    /// What the scoring logs call the candidate (`record.version`).
    pub version: String,
    /// What they call the champion.
    pub champion: String,
    /// The first day (`2013-08-01`), or hour (`2013-08-01T06:00:00Z`).
    pub from: String,
    /// The day or hour before which it ends.
    pub to: String,
}

impl LiveTraffic {
    /// Longest span: what a function reads in its time.
    const MAX_DAYS: i64 = 31;

    /// The span, milliseconds since 1970.
    ///
    /// # Errors
    /// What was found and what was expected.
    pub fn span(&self) -> Result<(i64, i64), String> {
        let time = |field: &str, text: &str| {
            let found = parse_time(text).or_else(|| parse_time(&format!("{text}T00:00:00Z")));
            let hour = found.filter(|found| *found == hour_start(*found));
            hour.ok_or_else(|| {
                format!("live.{field}: found {}, expected a day or a whole hour, such as 2013-08-01 or 2013-08-01T06:00:00Z", shown(text))
            })
        };
        let (from, to) = (time("from", &self.from)?, time("to", &self.to)?);
        if from >= to || to - from > Self::MAX_DAYS * DAY_MS {
            return Err(format!(
                "live: found {} to {}, expected a span of at most {} days",
                shown(&self.from),
                shown(&self.to),
                Self::MAX_DAYS
            ));
        }
        Ok((from, to))
    }
}

/// How an ONNX file is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OnnxReading {
    /// The features that the columns of its input tensor are, from left to right. Default: the contract's, in its order. Inputs that are named
    /// after features need no order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Vec<String>>,
    /// The classes' names, in the order of its probabilities. Default: those that the file gives, or else `0`, `1` and so on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classes: Option<Vec<String>>,
}

/// What the team measured itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Claims {
    /// Metrics on the evaluation set.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<Metric, f64>,
    /// Median of the time of a prediction, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_p50_ms: Option<f64>,
    /// Its 99th percentile, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_p99_ms: Option<f64>,
    /// How many predictions were timed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_rows: Option<u64>,
}

impl Claims {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What is wrong with a manifest, in words for whoever submitted it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("manifest.json: {0}")]
pub struct ManifestFault(pub String);

impl CandidateManifest {
    /// Reads a manifest that lies in the folder `<model>/<run>`.
    ///
    /// # Errors
    /// [`ManifestFault`] with what was found and what was expected.
    pub fn parse(bytes: &[u8], model: &str, run: &str) -> Result<Self, ManifestFault> {
        let manifest: Self = serde_json::from_slice(bytes).map_err(|error| ManifestFault(error.to_string()))?;
        manifest.check(model, run).map_err(ManifestFault)?;
        Ok(manifest)
    }

    /// The ONNX file among the artifact's; `None` if there is none, or more than one.
    #[must_use]
    pub fn onnx_file(&self) -> Option<&str> {
        let is_onnx = |file: &&NamedFile| file.file.rsplit('.').next().is_some_and(|ending| ending.eq_ignore_ascii_case("onnx"));
        let mut found = self.artifact.iter().filter(is_onnx);
        found.next().filter(|_| found.next().is_none()).map(|file| file.file.as_str())
    }

    fn check(&self, model: &str, run: &str) -> Result<(), String> {
        expect("format", &self.format, FORMAT)?;
        expect("model", &self.model, model)?;
        expect("run", &self.run, run)?;
        if self.artifact.is_empty() {
            return Err("artifact: found no files, expected at least one".to_owned());
        }
        if self.predictions.is_none() && self.onnx_file().is_none() {
            return Err("predictions: found none and no ONNX file in the artifact, expected either: a file with the candidate's answers for the evaluation set, or a model that can be asked here".to_owned());
        }
        let mut names: Vec<&str> = self.artifact.iter().map(|file| file.file.as_str()).collect();
        names.extend(self.predictions.as_ref().map(|predictions| predictions.file.as_str()));
        for name in &names {
            if !is_file_name(name) {
                return Err(format!(
                    "found the file {}, expected a name inside the candidate's folder, such as model/weights.onnx",
                    shown(name)
                ));
            }
        }
        names.sort_unstable();
        if let Some([twice, _]) = names.array_windows::<2>().find(|[a, b]| a == b) {
            return Err(format!("found the file {} twice, expected every file once", shown(twice)));
        }
        expect_digest("training_set", &self.training_set)?;
        for digest in self.artifact.iter().filter_map(|file| file.sha256.as_ref()).chain(&self.evaluation.sha256) {
            expect_digest("sha256", digest)?;
        }
        // Anything of the team's in the models bucket, and no function's output.
        if !["evaluations/", "candidates/", "datasets/"].iter().any(|place| self.evaluation.key.starts_with(place))
            || !is_file_name(&self.evaluation.key)
        {
            return Err(format!("evaluation.key: found {}, expected a key below evaluations/{model}/", shown(&self.evaluation.key)));
        }
        if let Some(live) = &self.live {
            live.span()?;
            if live.version == live.champion {
                return Err(format!("live.champion: found {}, which is the candidate's own name, expected another", shown(&live.champion)));
            }
        }
        self.claims.check()
    }
}

impl Claims {
    /// Claims that no measurement can bear out are refused at once.
    fn check(&self) -> Result<(), String> {
        for (metric, value) in &self.metrics {
            let [least, greatest] = metric.range();
            if !(least..=greatest).contains(value) {
                return Err(format!("claims.metrics.{}: found {value}, expected a number from {least} to {greatest}", metric.name()));
            }
        }
        match (self.latency_p50_ms, self.latency_p99_ms) {
            (Some(p50), Some(p99)) if p50 > p99 => {
                Err(format!("claims: found a median latency of {p50} ms above the 99th percentile of {p99} ms"))
            }
            (p50, p99) if p50.into_iter().chain(p99).any(|latency| latency.is_nan() || latency < 0.0) => {
                Err("claims: found a negative latency, expected milliseconds".to_owned())
            }
            _ => Ok(()),
        }
    }
}

fn expect(field: &str, found: &str, expected: &str) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{field}: found {}, expected \"{expected}\"", shown(found))) }
}

fn expect_digest(field: &str, found: &str) -> Result<(), String> {
    if is_digest(found) { Ok(()) } else { Err(format!("{field}: found {}, expected 64 hexadecimal digits in lower case", shown(found))) }
}

/// The beginning of a text as it may be shown: without characters that cannot be seen.
pub(crate) fn shown(text: &str) -> String {
    let clean: String = text.chars().map(|character| if character.is_control() { '·' } else { character }).take(80).collect();
    format!("\"{clean}\"")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn good() -> Value {
        json!({
            "format": FORMAT, "model": "m", "run": "r", "submitted_by": "ana@example.com",
            "artifact": [{ "file": "model.onnx" }], "training_set": "a".repeat(64),
            "evaluation": { "key": "evaluations/m/june.csv", "actual": "late" },
            "predictions": { "file": "predictions.csv", "score": "p" },
            "claims": { "metrics": { "roc_auc": 0.7 } }
        })
    }

    fn fault(change: impl Fn(&mut Value)) -> String {
        let mut manifest = good();
        change(&mut manifest);
        CandidateManifest::parse(manifest.to_string().as_bytes(), "m", "r").map_or_else(|fault| fault.to_string(), |_| String::new())
    }

    #[test]
    fn a_good_manifest_is_read_and_written_back_as_it_was() {
        let manifest = CandidateManifest::parse(good().to_string().as_bytes(), "m", "r").unwrap();
        assert_eq!(serde_json::to_value(&manifest).unwrap(), good());
    }

    #[test]
    fn every_fault_says_what_was_found_and_what_was_expected() {
        type Case = (fn(&mut Value), &'static str);
        let cases: [Case; 12] = [
            (|m| m["model"] = "other".into(), "model: found \"other\", expected \"m\""),
            (|m| m["surprise"] = 1.into(), "unknown field `surprise`"),
            (|m| m["artifact"] = json!([]), "found no files"),
            (|m| m["artifact"][0]["file"] = "../../secret".into(), "a name inside the candidate's folder"),
            (|m| m["artifact"][0]["file"] = "predictions.csv".into(), "twice"),
            (|m| m["training_set"] = "latest".into(), "64 hexadecimal digits"),
            (|m| m["evaluation"]["key"] = "../x".into(), "expected a key below evaluations/m/"),
            (|m| m["claims"]["metrics"]["roc_auc"] = 1.2.into(), "claims.metrics.roc_auc: found 1.2, expected a number from 0 to 1"),
            (
                |m| m["live"] = json!({ "version": "b", "champion": "a", "from": "june", "to": "2013-08-08" }),
                "live.from: found \"june\", expected a day",
            ),
            (
                |m| m["live"] = json!({ "version": "b", "champion": "a", "from": "2013-08-01", "to": "2013-09-08" }),
                "a span of at most 31 days",
            ),
            (
                |m| m["live"] = json!({ "version": "a", "champion": "a", "from": "2013-08-01", "to": "2013-08-08" }),
                "the candidate's own name",
            ),
            (|m| m["claims"] = json!({ "latency_p50_ms": 9.0, "latency_p99_ms": 3.0 }), "above the 99th percentile"),
        ];
        for (change, expected) in cases {
            let says = fault(change);
            assert!(says.contains(expected), "{says}\n{expected}");
        }
    }
}
