//! Where the scoring logs lie, and where things lie in a record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the scoring logs lie in the logs bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Logs {
    /// Key prefix of the logs of this model. Default: the model's name and a slash.
    pub prefix: Option<String>,
}

/// Where to find things in a record. A path names nested objects with dots: `event.output.score`.
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
    /// Path of the object that holds the features; empty when they stand at the top.
    pub features: String,
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
    /// Comma-separated values with a header line.
    Csv,
    /// Apache Parquet.
    Parquet,
}
