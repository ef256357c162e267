//! Where the scoring logs lie, and where things lie in a record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the scoring logs lie in the logs bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Logs {
    /// Key prefix of the logs of this model. Default: the model's name and a slash.
    pub prefix: Option<String>,
    /// What the folders behind the prefix are, where one of them names the model version of records that do not say it themselves:
    /// `"{endpoint}/{version}"` for SageMaker data capture under its own prefix. Only `{version}` is read, the other names are for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<String>,
}

impl Logs {
    /// The version that the folders of a key name, `key` without the prefix; `None` if the layout names none there.
    #[must_use]
    pub fn version_of<'k>(&self, key: &'k str) -> Option<&'k str> {
        let place = self.layout.as_deref()?.trim_matches('/').split('/').position(|folder| folder == VERSION_FOLDER)?;
        let mut folders = key.trim_start_matches('/').split('/');
        let version = folders.nth(place)?;
        // The last part of a key is the file.
        folders.next().map(|_| version).filter(|version| !version.is_empty())
    }
}

/// The folder of a [`Logs::layout`] that names the version.
pub(crate) const VERSION_FOLDER: &str = "{version}";

/// Where to find things in a record. A path names nested objects with dots and places in arrays with brackets: `event.output.scores[1]`.
///
/// In the formats of serving systems a record has three parts. The features are looked for in the input, score and prediction in the output
/// and then in the input; a path that begins with `input.`, `output.` or `event.` looks into that part alone (`event.` is the line as it was
/// logged, around input and output).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "snake_case")]
pub struct RecordMapping {
    /// The format of the files; `auto` looks at the content.
    pub format: RecordFormat,
    /// Path of the time of the prediction: RFC 3339, `YYYY-MM-DD HH:MM:SS` (read as UTC), or seconds, milliseconds or microseconds since 1970.
    pub timestamp: String,
    /// Path of the identifier that ground truth will name.
    pub inference_id: String,
    /// Path of the model version that answered.
    pub version: String,
    /// Path of the predicted class or number.
    pub prediction: String,
    /// Path of the score.
    pub score: String,
    /// Path of the time that the prediction took, in milliseconds.
    pub latency_ms: String,
    /// Path of the object (or of the array, whose values `columns` names) that holds the features; empty when they stand at the top.
    pub features: String,
    /// Names of values that come without names, in their order: the columns of CSV without a header line (with this setting a CSV file has none),
    /// the places of an array of features. A name is a feature's, or one of `timestamp`, `inference_id`, `version`, `score`, `prediction`,
    /// `latency_ms`; `_` passes over a value. Default: the features in the order of the contract.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// The same for what the model answered. Default: `score` for a binary task, otherwise `prediction`; several numbers of a multiclass
    /// task are probabilities, of which the greatest is the score and its place, from 0, the prediction.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<String>,
    /// Values of fields that a record does not carry at all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub constants: Vec<Constant>,
    /// Paths of features that are never looked at, not even as unexpected ones, such as personal data. A contract that drops or hashes anything keeps no
    /// line as it was: a quarantined line is told by its place, its reason and its SHA-256.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
    /// Categorical features, and `inference_id`, that are stored as pseudonyms: SHA-256 over the model's name and the value, 128 bits in hex.
    /// Equal values stay equal within a model and differ between models. It is no secret: whoever can list all values that there may be (postcodes,
    /// birthdays) can try them; drop those.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hash: Vec<String>,
    /// What becomes of a request without its response, and of a response without its request, in formats that log them apart.
    #[serde(skip_serializing_if = "Pairs::is_required")]
    pub pairs: Pairs,
}

/// The value of a field that a record does not carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Constant {
    /// A feature's name, or `version`, `score`, `prediction`, `latency_ms`.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// What becomes of half a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pairs {
    /// It waits for its other half, and is counted as waiting (the default).
    #[default]
    Required,
    /// Each half is a record of its own, with the other half's fields missing: for systems that log only one of them.
    Apart,
}

impl Pairs {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
    fn is_required(&self) -> bool {
        *self == Self::Required
    }
}

impl Default for RecordMapping {
    fn default() -> Self {
        Self {
            format: RecordFormat::Auto,
            timestamp: "timestamp".into(),
            inference_id: "inference_id".into(),
            version: "version".into(),
            prediction: "prediction".into(),
            score: "score".into(),
            latency_ms: "latency_ms".into(),
            features: "features".into(),
            columns: Vec::new(),
            outputs: Vec::new(),
            constants: Vec::new(),
            drop: Vec::new(),
            hash: Vec::new(),
            pairs: Pairs::default(),
        }
    }
}

/// The format of the files that hold records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RecordFormat {
    /// Told from the content (the default).
    #[default]
    Auto,
    /// One JSON object a line.
    Jsonl,
    /// A JSON array of objects, or objects one after the other over any number of lines.
    Json,
    /// Comma-separated values with a header line, or with the names of `columns`.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// Amazon SageMaker data capture of an endpoint or of a batch transform.
    SagemakerCapture,
    /// Output of an Amazon SageMaker batch transform with inference ids appended.
    SagemakerTransform,
    /// Azure Machine Learning data collector.
    Azureml,
    /// `KServe` logger, as JSON, CSV or Parquet.
    Kserve,
    /// An inference table of `MLflow` or Databricks model serving: request and response as JSON in one row.
    InferenceTable,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_of_a_key_name_the_version_where_the_layout_says() {
        let logs = Logs { prefix: None, layout: Some("{endpoint}/{version}".into()) };
        assert_eq!(logs.version_of("churn-ep/AllTraffic/2019/11/20/23/a.jsonl"), Some("AllTraffic"));
        assert_eq!(logs.version_of("churn-ep/a.jsonl"), None, "the file is no folder");
        assert_eq!(logs.version_of("a.jsonl"), None);
        assert_eq!(Logs::default().version_of("churn-ep/AllTraffic/a.jsonl"), None);
    }
}
