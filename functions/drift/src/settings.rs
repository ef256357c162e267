//! What `drift` must be told: the only file that reads its environment.

use std::time::Duration;

use tidegate_runtime::{Variables, WrongSettings};

/// Settings of `drift`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Bucket of contracts (`MODELS_BUCKET`).
    pub models_bucket: String,
    /// Bucket of profiles, baselines and reports (`LAKE_BUCKET`).
    pub lake_bucket: String,
    /// Table of window records (`REGISTRY_TABLE`).
    pub registry_table: String,
    /// Queue of planned windows (`DRIFT_QUEUE_URL`).
    pub queue_url: String,
    /// Windows that are worked on at the same time (`DRIFT_CONCURRENCY`, 1 to 10, default 2). Memory grows with it.
    pub concurrency: usize,
    /// Objects that one window reads at the same time (`DRIFT_READS`, 1 to 64, default 8).
    pub reads: usize,
    /// Time that must be left to start a window (`DRIFT_RESERVE_SECONDS`, 0 to 900, default 20).
    pub reserve: Duration,
}

impl Settings {
    /// Reads the settings through `lookup`, by the names above.
    ///
    /// # Errors
    /// [`WrongSettings`] naming every setting that is missing or wrong.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, WrongSettings> {
        let mut variables = Variables::new(&lookup);
        let settings = Self {
            models_bucket: variables.text("MODELS_BUCKET"),
            lake_bucket: variables.text("LAKE_BUCKET"),
            registry_table: variables.text("REGISTRY_TABLE"),
            queue_url: variables.text("DRIFT_QUEUE_URL"),
            concurrency: variables.number("DRIFT_CONCURRENCY", 2, 1..=10),
            reads: variables.number("DRIFT_READS", 8, 1..=64),
            reserve: Duration::from_secs(variables.number("DRIFT_RESERVE_SECONDS", 20, 0..=900)),
        };
        variables.finish()?;
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_name_is_reported_and_tuning_has_defaults() {
        let error = Settings::from_lookup(|_| None).unwrap_err();
        let names: Vec<_> = error.problems.iter().map(|problem| problem.name).collect();
        assert_eq!(names, ["MODELS_BUCKET", "LAKE_BUCKET", "REGISTRY_TABLE", "DRIFT_QUEUE_URL"]);
        assert_eq!(Settings::from_lookup(|_| Some("8".to_owned())).unwrap().reads, 8);
    }
}
