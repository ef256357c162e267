//! What the model reads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::FeatureMonitoring;

/// One feature that the model reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Feature {
    /// The feature's name: lower-case words joined by underscores, at most 63 characters (`dep_delay`).
    pub name: String,
    /// What its values are.
    #[serde(rename = "type")]
    pub kind: FeatureKind,
    /// Path of the value inside the object of features. Default: the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What it was computed from: other features, or fields that the model itself does not read. Absent for a core feature,
    /// which the application supplies as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub derived_from: Vec<String>,
    /// Least and greatest value that make sense (numeric features). One end may be open: `[0, .inf]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
    /// The only values that make sense (categorical features).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<String>>,
    /// Whether fairness is measured by this feature.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protected: bool,
    /// How much the feature matters to the model, relative to the others. Default: 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub importance: f64,
    /// Settings of this feature that replace the model's, one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitoring: Option<FeatureMonitoring>,
}

impl Feature {
    /// A feature about which no more is known than its name and type.
    #[must_use]
    pub fn new(name: &str, kind: FeatureKind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            path: None,
            derived_from: Vec::new(),
            range: None,
            allowed: None,
            protected: false,
            importance: one(),
            monitoring: None,
        }
    }

    /// Path of the value inside the object of features.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path.as_deref().unwrap_or(&self.name)
    }
}

fn one() -> f64 {
    1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
#[expect(clippy::float_cmp, reason = "exactly the default, or worth writing")]
fn is_one(value: &f64) -> bool {
    *value == 1.0
}

/// What a feature's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FeatureKind {
    /// Numbers, compared by size.
    Numeric,
    /// Names, compared byte by byte. `true` counts as `"true"`, `1` as `"1"`.
    Categorical,
}
