//! What `registry` must be told: the only file that reads its environment.

use std::collections::BTreeSet;
use std::time::Duration;

use tidegate_registry::Stage;
use tidegate_runtime::{Variables, WrongSettings};

/// Settings of `registry`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which of the accounts this is (`STAGE`: dev, test or prod).
    pub stage: Stage,
    /// Bucket of contracts (`MODELS_BUCKET`).
    pub models_bucket: String,
    /// Bucket of artifacts and of what they were judged by (`LAKE_BUCKET`).
    pub lake_bucket: String,
    /// The registry's table (`REGISTRY_TABLE`).
    pub registry_table: String,
    /// Bucket of signed checkpoints (`AUDIT_BUCKET`).
    pub audit_bucket: String,
    /// The key that signs them (`SIGNING_KEY`: its id, ARN or alias).
    pub signing_key: String,
    /// Buckets that files of versions of other registries are taken from (`ARTIFACT_BUCKETS`: names or ARNs with commas
    /// between them; default none).
    pub artifact_buckets: BTreeSet<String>,
    /// Time that must be left to start a command (`REGISTRY_RESERVE_SECONDS`, 0 to 900, default 5).
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
            audit_bucket: variables.text("AUDIT_BUCKET"),
            signing_key: variables.text("SIGNING_KEY"),
            artifact_buckets: variables.names("ARTIFACT_BUCKETS").iter().map(|bucket| bucket_name(bucket)).collect(),
            reserve: Duration::from_secs(variables.number("REGISTRY_RESERVE_SECONDS", 5, 0..=900)),
        };
        variables.finish()?;
        Ok(settings)
    }
}

/// The name of a bucket that its ARN ends in: `arn:aws:s3:::name`.
fn bucket_name(text: &str) -> String {
    text.rsplit(':').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_name_is_reported_and_a_stage_is_one_of_three() {
        let names = |error: WrongSettings| error.problems.iter().map(|problem| problem.name).collect::<Vec<_>>();
        let missing = Settings::from_lookup(|_| None).unwrap_err();
        assert_eq!(names(missing), ["STAGE", "MODELS_BUCKET", "LAKE_BUCKET", "REGISTRY_TABLE", "AUDIT_BUCKET", "SIGNING_KEY"]);
        let wrong = Settings::from_lookup(|name| Some(if name == "REGISTRY_RESERVE_SECONDS" { "7" } else { "x" }.to_owned())).unwrap_err();
        assert_eq!(wrong.problems[0].says, "found stage \"x\", expected dev, test or prod");
        assert_eq!(names(wrong), ["STAGE"]);
        let value = |name: &str| {
            Some(
                match name {
                    "STAGE" => "test",
                    "REGISTRY_RESERVE_SECONDS" => "7",
                    "ARTIFACT_BUCKETS" => "mlflow-artifacts, arn:aws:s3:::sagemaker-eu-central-1,",
                    _ => "x",
                }
                .to_owned(),
            )
        };
        let settings = Settings::from_lookup(value).unwrap();
        assert_eq!((settings.stage, settings.reserve.as_secs()), (Stage::Test, 7));
        assert_eq!(settings.artifact_buckets, ["mlflow-artifacts", "sagemaker-eu-central-1"].map(str::to_owned).into());
    }
}
