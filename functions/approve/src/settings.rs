//! What `approve` must be told: the only file that reads its environment.

use std::collections::BTreeMap;
use std::str::FromStr;

use tidegate_approval::Token;
use tidegate_registry::Stage;
use tidegate_runtime::{Variables, WrongSettings};

/// Settings of `approve`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which of the accounts this is (`STAGE`: dev, test or prod).
    pub stage: Stage,
    /// The account's twelve digits (`ACCOUNT_ID`): a link of another account is none here.
    pub account: String,
    /// Bucket of contracts (`MODELS_BUCKET`).
    pub models_bucket: String,
    /// Bucket of the gates' reports (`LAKE_BUCKET`).
    pub lake_bucket: String,
    /// The registry's table (`REGISTRY_TABLE`).
    pub registry_table: String,
    /// The keys that links are verified with (`LINK_KEYS`: `k1=<id, ARN or alias>,k2=…`).
    pub link_keys: LinkKeys,
}

/// The keys of links by their names. A new key gets a new name beside the old one, which verifies what it made until that expires.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkKeys(BTreeMap<String, String>);

impl LinkKeys {
    /// The key of this name.
    #[must_use]
    pub fn get(&self, kid: &str) -> Option<&str> {
        self.0.get(kid).map(String::as_str)
    }
}

impl FromStr for LinkKeys {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut keys = BTreeMap::new();
        for part in text.split(',') {
            let (kid, key) = part.trim().split_once('=').unwrap_or_default();
            if !Token::is_kid(kid) || key.is_empty() || keys.insert(kid.to_owned(), key.to_owned()).is_some() {
                return Err(format!("found \"{part}\", expected a short name and a key, each name once: k1=alias/links,k2=…"));
            }
        }
        Ok(Self(keys))
    }
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
            account: variables.text("ACCOUNT_ID"),
            models_bucket: variables.text("MODELS_BUCKET"),
            lake_bucket: variables.text("LAKE_BUCKET"),
            registry_table: variables.text("REGISTRY_TABLE"),
            link_keys: variables.parsed("LINK_KEYS", LinkKeys::default()),
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
        let missing = Settings::from_lookup(|_| None).unwrap_err();
        let names: Vec<_> = missing.problems.iter().map(|problem| problem.name).collect();
        assert_eq!(names, ["STAGE", "ACCOUNT_ID", "MODELS_BUCKET", "LAKE_BUCKET", "REGISTRY_TABLE", "LINK_KEYS"]);
    }

    #[test]
    fn each_key_has_a_short_name_of_its_own() {
        let keys: LinkKeys = "k1=alias/links, k2=arn:aws:kms:eu-central-1:1:key/a=b".parse().unwrap();
        assert_eq!(
            (keys.get("k1"), keys.get("k2"), keys.get("k3")),
            (Some("alias/links"), Some("arn:aws:kms:eu-central-1:1:key/a=b"), None)
        );
        for wrong in ["alias/links", "k1=", "=x", "K1=x", "k1=x,k1=y", "k1=x,", "a-key-name=x"] {
            assert!(wrong.parse::<LinkKeys>().is_err(), "{wrong}");
        }
    }
}
