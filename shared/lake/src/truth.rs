//! Ground truth: the outcomes that objects brought, each object's in files of its own under the days on which they became known.
//!
//! An outcome is known after its prediction was made, so a window looks for its truth in the days from its own start on; see [`EARLY_MS`].

use crate::{KeyRange, Lake, LakeError, Listed, keys, times::DAY_MS, times::day_start};

/// How long before a window its truth may have become known: clocks differ, and times are those of the hour or day.
const EARLY_MS: i64 = 2 * DAY_MS;

impl Lake {
    /// The files of truth that may speak of predictions of this span (milliseconds since 1970): what became known from two days before its
    /// start to `late_days` after its end, in the order of their keys. One call per thousand files.
    ///
    /// # Errors
    /// As a call fails.
    pub async fn list_truth(&self, model: &str, (from_ms, until_ms): (i64, i64), late_days: u32) -> Result<Vec<Listed>, LakeError> {
        let last_ms = day_start(until_ms.saturating_add(i64::from(late_days) * DAY_MS));
        let range = KeyRange {
            after: keys::truth_day(model, day_start(from_ms.saturating_sub(EARLY_MS))),
            until: Some(keys::truth_day(model, last_ms.saturating_add(DAY_MS))),
        };
        self.bucket.list_ranges(&keys::truth_of(model), &[range]).await
    }
}
