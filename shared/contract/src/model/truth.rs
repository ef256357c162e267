//! Where the true outcomes come from, and how long they are waited for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the true outcomes come from: files in the logs bucket, in any format that scoring logs may have, each record naming the inference id of a
/// prediction and what really was.
///
/// An object below [`Truth::prefix`] holds truth. So does one among the scoring logs whose first record has an inference id and an outcome, and neither
/// a score, nor a prediction, nor features (Amazon SageMaker's ground truth is told, too).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "snake_case")]
pub struct Truth {
    /// Key prefix of the truth in the logs bucket. Default: the prefix of the scoring logs and `truth/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Path of the inference id. Default: where a record of a prediction has it (`record.inference_id`), otherwise `inference_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inference_id: Option<String>,
    /// Path of what really was. Default: the first of `actual`, `label`, `ground_truth`, `target`, `outcome`, `y_true` that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// Path of the time at which it became known: of several outcomes of one prediction the latest counts. Default: the first of `time`, `timestamp`,
    /// `event_time`, `updated_at` that is there, otherwise when the object was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// For how many days after a window's end its truth is still taken in. Default: 60.
    pub late_days: u32,
}

impl Truth {
    /// Names of outcomes that need not be said.
    pub const USUAL_ACTUALS: [&str; 6] = ["actual", "label", "ground_truth", "target", "outcome", "y_true"];
    /// Names of times that need not be said.
    pub const USUAL_TIMES: [&str; 4] = ["time", "timestamp", "event_time", "updated_at"];
    /// Most days that truth is waited for.
    pub const MAX_LATE_DAYS: u32 = 366;

    /// Whether all is left to the defaults. Such a section is left out of the contract's digest.
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for Truth {
    fn default() -> Self {
        Self { prefix: None, inference_id: None, actual: None, time: None, late_days: 60 }
    }
}
