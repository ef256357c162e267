//! What `webhook` must be told: the only file that reads its environment.

use tidegate_runtime::{Variables, WrongSettings};

/// Settings of `webhook`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The secret that MLflow signs with, in Secrets Manager (`MLFLOW_SECRET`: its ARN or name).
    pub mlflow_secret: String,
    /// Queue of the registry's commands (`REGISTRY_QUEUE_URL`).
    pub registry_queue: String,
}

impl Settings {
    /// Reads the settings through `lookup`, by the names above.
    ///
    /// # Errors
    /// [`WrongSettings`] naming every setting that is missing or wrong.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, WrongSettings> {
        let mut variables = Variables::new(&lookup);
        let settings = Self { mlflow_secret: variables.text("MLFLOW_SECRET"), registry_queue: variables.text("REGISTRY_QUEUE_URL") };
        variables.finish()?;
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_name_is_reported() {
        let missing = Settings::from_lookup(|_| None).unwrap_err();
        let names: Vec<_> = missing.problems.iter().map(|problem| problem.name).collect();
        assert_eq!(names, ["MLFLOW_SECRET", "REGISTRY_QUEUE_URL"]);
    }
}
