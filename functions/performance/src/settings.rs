//! What `performance` must be told: the only file that reads its environment.

use std::time::Duration;

use tidegate_performance::TURN_ROWS;
use tidegate_registry::Stage;
use tidegate_runtime::{Variables, WrongSettings};

/// Settings of `performance`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which of the accounts this is (`STAGE`: dev, test or prod).
    pub stage: Stage,
    /// Bucket of contracts (`MODELS_BUCKET`).
    pub models_bucket: String,
    /// Bucket of records, truth and reports (`LAKE_BUCKET`).
    pub lake_bucket: String,
    /// Table of window records (`REGISTRY_TABLE`).
    pub registry_table: String,
    /// Queue of planned windows (`PERFORMANCE_QUEUE_URL`).
    pub queue_url: String,
    /// Windows that are worked on at the same time (`PERFORMANCE_CONCURRENCY`, 1 to 10, default 1). Memory grows with it.
    pub concurrency: usize,
    /// Most predictions that are joined at the same time (`PERFORMANCE_TURN_ROWS`, 1,000 to 20,000,000, default 4,000,000); a window of more is joined in
    /// several turns.
    pub turn_rows: usize,
    /// Time that must be left to start a window (`PERFORMANCE_RESERVE_SECONDS`, 0 to 900, default 60).
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
            stage: variables.parsed("STAGE", Stage::Prod),
            models_bucket: variables.text("MODELS_BUCKET"),
            lake_bucket: variables.text("LAKE_BUCKET"),
            registry_table: variables.text("REGISTRY_TABLE"),
            queue_url: variables.text("PERFORMANCE_QUEUE_URL"),
            concurrency: variables.number("PERFORMANCE_CONCURRENCY", 1, 1..=10),
            turn_rows: variables.number("PERFORMANCE_TURN_ROWS", TURN_ROWS, 1_000..=20_000_000),
            reserve: Duration::from_secs(variables.number("PERFORMANCE_RESERVE_SECONDS", 60, 0..=900)),
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
        assert_eq!(names, ["STAGE", "MODELS_BUCKET", "LAKE_BUCKET", "REGISTRY_TABLE", "PERFORMANCE_QUEUE_URL"]);
        let settings = Settings::from_lookup(|name| match name {
            "STAGE" => Some("test".to_owned()),
            tuning if tuning.starts_with("PERFORMANCE_") && !tuning.ends_with("URL") => None,
            _ => Some("x".to_owned()),
        });
        assert_eq!(settings.unwrap().turn_rows, TURN_ROWS);
    }
}
