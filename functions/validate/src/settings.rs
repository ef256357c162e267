//! What `validate` must be told: the only file that reads its environment.

use std::time::Duration;

use tidegate_registry::Stage;
use tidegate_runtime::{Variables, WrongSettings};

/// Settings of `validate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Bucket of contracts, training sets and candidates (`MODELS_BUCKET`).
    pub models_bucket: String,
    /// Bucket that everything is written to (`LAKE_BUCKET`).
    pub lake_bucket: String,
    /// Table of the registry (`REGISTRY_TABLE`).
    pub registry_table: String,
    /// Which of the accounts this is (`STAGE`: `dev`, `test` or `prod`).
    pub stage: Stage,
    /// Addresses whose endpoints contracts may have tested (`ENDPOINT_ORIGINS`, scheme and host, separated by commas; default: none).
    pub endpoint_origins: Vec<String>,
    /// Time that must be left to start a candidate (`VALIDATE_RESERVE_SECONDS`, 0 to 900, default 120).
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
            stage: variables.parsed("STAGE", Stage::Prod),
            endpoint_origins: variables.list("ENDPOINT_ORIGINS"),
            reserve: Duration::from_secs(variables.number("VALIDATE_RESERVE_SECONDS", 120, 0..=900)),
        };
        variables.finish()?;
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_name_is_reported() {
        let error = Settings::from_lookup(|name| (name == "STAGE").then(|| "staging".to_owned())).unwrap_err();
        let names: Vec<_> = error.problems.iter().map(|problem| problem.name).collect();
        assert_eq!(names, ["MODELS_BUCKET", "LAKE_BUCKET", "REGISTRY_TABLE", "STAGE"]);
    }
}
