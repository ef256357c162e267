//! What is read from every record and profiled, as the contract implies it.

use serde::{Deserialize, Serialize};

use crate::{Contract, FeatureKind, Task};

impl Contract {
    /// Key prefix of the model's scoring logs in the logs bucket.
    #[must_use]
    pub fn logs_prefix(&self) -> String {
        self.logs.prefix.clone().unwrap_or_else(|| format!("{}/", self.model))
    }

    /// Key prefix of the model's ground truth in the logs bucket.
    #[must_use]
    pub fn truth_prefix(&self) -> String {
        self.truth.prefix.clone().unwrap_or_else(|| format!("{}truth/", self.logs_prefix()))
    }

    /// Everything that is profiled, in the order in which columns and profiles carry it: the features, then score,
    /// prediction and latency.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        let root = &self.record.features;
        let below = |path: &str| if root.is_empty() { path.to_owned() } else { format!("{root}.{path}") };
        let mut fields: Vec<Field> = self
            .features
            .iter()
            .map(|feature| Field {
                name: feature.name.clone(),
                role: FieldRole::Feature,
                kind: feature.kind,
                path: below(feature.path()),
                range: feature.range,
                allowed: feature.allowed.clone(),
                is_segment: self.segments.contains(&feature.name),
            })
            .collect();
        let prediction = if self.task == Task::Regression { FeatureKind::Numeric } else { FeatureKind::Categorical };
        let mut output = |role: FieldRole, name: &str, kind, path: &str| {
            fields.push(Field { name: name.to_owned(), role, kind, path: path.to_owned(), range: None, allowed: None, is_segment: false });
        };
        output(FieldRole::Score, "score", FeatureKind::Numeric, &self.record.score);
        output(FieldRole::Prediction, "prediction", prediction, &self.record.prediction);
        output(FieldRole::Latency, "latency_ms", FeatureKind::Numeric, &self.record.latency_ms);
        fields
    }
}

/// One thing that is read from every record and profiled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Its name: the feature's, or `score`, `prediction`, `latency_ms`.
    pub name: String,
    /// What it is to the model.
    pub role: FieldRole,
    /// What its values are.
    pub kind: FeatureKind,
    /// Its path from the top of the record.
    pub path: String,
    /// Least and greatest value that make sense.
    pub range: Option<[f64; 2]>,
    /// The only values that make sense.
    pub allowed: Option<Vec<String>>,
    /// Whether records are also counted and compared apart by its values.
    pub is_segment: bool,
}

/// What a field is to the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldRole {
    /// An input.
    Feature,
    /// The score.
    Score,
    /// The predicted class or number.
    Prediction,
    /// How long the prediction took, milliseconds.
    Latency,
}
