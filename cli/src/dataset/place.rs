//! Which lake is meant: a demo's on a folder, or one in an account. The same clients reach both.

use std::collections::BTreeSet;
use std::path::PathBuf;

use tidegate_lake::Lake;
use tidegate_local_account::{LAKE, TABLE};
use tidegate_registry::Registry;

use crate::error::CliError;
use crate::reach;

/// Which lake is meant.
#[derive(Debug, clap::Args)]
#[group(id = "lake", required = true, multiple = true, args = ["state", "lake_bucket"])]
pub(super) struct PlaceArguments {
    /// The folder that `tidegate demo` left its buckets and table in
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["lake_bucket", "registry_table"], help_heading = "A demo's lake")]
    state: Option<PathBuf>,
    /// The bucket of dataset versions, read with the credentials of the environment, the profile (also with SSO) or the machine
    #[arg(long, value_name = "NAME", help_heading = "A lake in an account")]
    lake_bucket: Option<String>,
    /// The registry's table: says which version the champion was trained on, whose baseline counts
    #[arg(long, value_name = "NAME", requires = "lake_bucket", help_heading = "A lake in an account")]
    registry_table: Option<String>,
}

/// A lake, and the registry beside it.
pub(super) struct Place {
    pub(super) lake: Lake,
    registry: Option<Registry>,
}

/// What a dataset version is to its model.
pub(super) struct Standing {
    /// The newest training set whose checks did not fail.
    pub(super) newest: Option<String>,
    /// What the champion was trained on.
    pub(super) of_champion: Option<String>,
    /// The versions that have a baseline.
    pub(super) with_baseline: BTreeSet<String>,
}

impl Standing {
    /// Whether windows are held against a version: the champion's, if the lake has its baseline, otherwise the newest.
    pub(super) fn is_baseline(&self, version: &str) -> bool {
        let champions = self.of_champion.as_ref().filter(|version| self.with_baseline.contains(*version));
        champions.or(self.newest.as_ref()).is_some_and(|baseline| baseline == version)
    }
}

impl Place {
    /// The demo's folder, or the account that the AWS command line would reach.
    pub(super) async fn open(arguments: &PlaceArguments) -> Result<Self, CliError> {
        let config = reach::sdk_config(arguments.state.as_deref()).await?;
        let (lake, table) = match &arguments.state {
            Some(_) => (LAKE.to_owned(), Some(TABLE.to_owned())),
            None => (arguments.lake_bucket.clone().unwrap_or_default(), arguments.registry_table.clone()),
        };
        Ok(Self {
            lake: Lake::new(aws_sdk_s3::Client::new(&config), &lake),
            registry: table.map(|table| Registry::new(aws_sdk_dynamodb::Client::new(&config), &table)),
        })
    }

    /// Which versions are baselines now.
    pub(super) async fn standing(&self, model: &str) -> Result<Standing, CliError> {
        let newest = self.lake.current_baseline(model).await.map_err(CliError::account)?.map(|current| current.version);
        let champion = match &self.registry {
            Some(registry) => registry.champion(model).await.map_err(CliError::registry)?,
            None => None,
        };
        let with_baseline = self.lake.versions_with_baseline(model).await.map_err(CliError::account)?;
        Ok(Standing { newest, of_champion: champion.and_then(|champion| champion.lineage.dataset_version), with_baseline })
    }
}
