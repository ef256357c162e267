//! What `collect` must be told: the only file that reads its environment.

use std::time::Duration;

use tidegate_runtime::{Variables, WrongSettings};

/// Settings of `collect`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Bucket of the scoring logs (`LOGS_BUCKET`).
    pub logs_bucket: String,
    /// Bucket of contracts and training sets (`MODELS_BUCKET`).
    pub models_bucket: String,
    /// Bucket that everything is written to (`LAKE_BUCKET`).
    pub lake_bucket: String,
    /// Queue of the function `registry`, which is told of dataset versions (`REGISTRY_QUEUE_URL`).
    pub registry_queue_url: String,
    /// Objects that are worked on at the same time (`COLLECT_CONCURRENCY`, 1 to 10, default 2). Memory grows with it.
    pub concurrency: usize,
    /// Time that must be left to start an object (`COLLECT_RESERVE_SECONDS`, 0 to 900, default 20).
    pub reserve: Duration,
    /// Largest object that is spooled to the function's disk: Parquet cannot be read as a stream
    /// (`COLLECT_SPOOL_MIB`, 1 to 10,240, default 448: the smallest Lambda disk is 512).
    pub spool_mib: u64,
}

impl Settings {
    /// Reads the settings through `lookup`, by the names above.
    ///
    /// # Errors
    /// [`WrongSettings`] naming every setting that is missing or wrong.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, WrongSettings> {
        let mut variables = Variables::new(&lookup);
        let settings = Self {
            logs_bucket: variables.text("LOGS_BUCKET"),
            models_bucket: variables.text("MODELS_BUCKET"),
            lake_bucket: variables.text("LAKE_BUCKET"),
            registry_queue_url: variables.text("REGISTRY_QUEUE_URL"),
            concurrency: variables.number("COLLECT_CONCURRENCY", 2, 1..=10),
            reserve: Duration::from_secs(variables.number("COLLECT_RESERVE_SECONDS", 20, 0..=900)),
            spool_mib: variables.number("COLLECT_SPOOL_MIB", 448, 1..=10_240),
        };
        variables.finish()?;
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_buckets_and_a_queue_are_enough() {
        let is_name = |name: &str| name.ends_with("_BUCKET") || name.ends_with("_URL");
        let settings = Settings::from_lookup(|name| is_name(name).then(|| name.to_lowercase())).unwrap();
        assert_eq!(settings.lake_bucket, "lake_bucket");
        assert_eq!(settings.concurrency, 2);
    }

    #[test]
    fn every_missing_name_is_reported() {
        let error = Settings::from_lookup(|name| (name == "COLLECT_CONCURRENCY").then(|| "11".to_owned())).unwrap_err();
        let names: Vec<_> = error.problems.iter().map(|problem| problem.name).collect();
        assert_eq!(names, ["LOGS_BUCKET", "MODELS_BUCKET", "LAKE_BUCKET", "REGISTRY_QUEUE_URL", "COLLECT_CONCURRENCY"]);
    }
}
