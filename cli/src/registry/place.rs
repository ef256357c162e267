//! Which registry is meant: a demo's on a folder, or one in an account. The same clients reach both.

use std::path::PathBuf;

use aws_sdk_dynamodb::Client as DynamoDb;
use aws_sdk_s3::Client as S3;
use tidegate_lake::{Bucket, ContractBook};
use tidegate_local_account::{AUDIT, MODELS, SIGNING_KEY, TABLE};
use tidegate_registry::Registry;
use tidegate_registry::audit::PublicKey;

use crate::error::CliError;
use crate::reach;

/// Which registry is meant.
#[derive(Debug, clap::Args)]
#[group(id = "registry", required = true, multiple = true, args = ["state", "registry_table"])]
pub(crate) struct PlaceArguments {
    /// The folder that `tidegate demo` left its buckets and table in
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["registry_table", "models_bucket", "audit_bucket"], help_heading = "A demo's registry")]
    pub(crate) state: Option<PathBuf>,

    /// The registry's table, read with the credentials of the environment, the profile (also with SSO) or the machine
    #[arg(long, value_name = "NAME", help_heading = "A registry in an account")]
    pub(crate) registry_table: Option<String>,
    /// The bucket of contracts: models without a version are listed, too
    #[arg(long, value_name = "NAME", requires = "registry_table", help_heading = "A registry in an account")]
    pub(crate) models_bucket: Option<String>,
    /// The bucket of signed checkpoints
    #[arg(long, value_name = "NAME", requires = "registry_table", help_heading = "A registry in an account")]
    pub(crate) audit_bucket: Option<String>,
    /// The public key that checkpoints are signed with, PEM or DER: keep a copy of your own, and trust no other
    #[arg(long, value_name = "FILE", help_heading = "Checkpoints")]
    pub(crate) public_key: Option<PathBuf>,
    /// Ask the account for the public key of this signing key (its id, ARN or alias), where there is no copy
    #[arg(long, value_name = "KEY", conflicts_with = "public_key", requires = "audit_bucket", help_heading = "Checkpoints")]
    pub(crate) signing_key: Option<String>,
}

/// A registry, and what lies beside it.
pub(super) struct Place {
    pub(super) registry: Registry,
    pub(super) contracts: Option<ContractBook>,
    pub(super) audit: Option<Audit>,
}

/// Where checkpoints are kept, and the key that they are verified with.
pub(super) struct Audit {
    pub(super) bucket: Bucket,
    pub(super) key: PublicKey,
}

impl Place {
    /// The demo's folder, or the account that the AWS command line would reach.
    pub(super) async fn open(arguments: &PlaceArguments) -> Result<Self, CliError> {
        let config = reach::sdk_config(arguments.state.as_deref()).await?;
        let (table, models, audit) = if arguments.state.is_some() {
            (TABLE.to_owned(), Some(MODELS.to_owned()), Some(AUDIT.to_owned()))
        } else {
            let table = arguments.registry_table.clone().unwrap_or_default();
            (table, arguments.models_bucket.clone(), arguments.audit_bucket.clone())
        };
        let s3 = S3::new(&config);
        let key = match (&arguments.public_key, &arguments.signing_key, &arguments.state) {
            (Some(path), ..) => {
                let bytes = std::fs::read(path).map_err(|source| CliError::Read { path: path.clone(), source })?;
                Some(PublicKey::read(&bytes).map_err(|source| CliError::PublicKey { from: path.display().to_string(), source })?)
            }
            (None, Some(key), _) => ask_for_key(&config, key).await?,
            (None, None, Some(_)) => ask_for_key(&config, SIGNING_KEY).await?,
            (None, None, None) => None,
        };
        Ok(Self {
            registry: Registry::new(DynamoDb::new(&config), &table),
            contracts: models.map(|models| ContractBook::new(Bucket::new(s3.clone(), &models))),
            audit: audit.zip(key).map(|(bucket, key)| Audit { bucket: Bucket::new(s3, &bucket), key }),
        })
    }
}

/// The public half of a signing key; `None` if a demo's folder was left by a Tidegate that signed nothing yet.
async fn ask_for_key(config: &aws_config::SdkConfig, key: &str) -> Result<Option<PublicKey>, CliError> {
    let answer = match aws_sdk_kms::Client::new(config).get_public_key().key_id(key).send().await {
        Ok(answer) => answer,
        Err(error)
            if key == SIGNING_KEY
                && error
                    .as_service_error()
                    .is_some_and(aws_sdk_kms::operation::get_public_key::GetPublicKeyError::is_not_found_exception) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(CliError::registry(error)),
    };
    let der = answer.public_key.map(aws_sdk_kms::primitives::Blob::into_inner).unwrap_or_default();
    PublicKey::read(&der).map(Some).map_err(|source| CliError::PublicKey { from: key.to_owned(), source })
}
