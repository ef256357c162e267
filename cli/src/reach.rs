//! How a lake or a registry is reached: a demo's on a folder, or one in an account, through the same clients.

use std::path::Path;

use aws_config::SdkConfig;
use tidegate_local_account::Services;

use crate::error::CliError;

/// Tries of one call to a demo's folder, the first included.
const LOCAL_ATTEMPTS: u32 = 1;

/// What clients are made from: for the folder that a demo left, only to read, or for the account that the AWS command line would reach.
pub(crate) async fn sdk_config(state: Option<&Path>) -> Result<SdkConfig, CliError> {
    if let Some(folder) = state {
        let services = Services::open_to_read(folder).map_err(|source| CliError::NoState { path: folder.to_owned(), source })?;
        return Ok(services.sdk_config(None, LOCAL_ATTEMPTS));
    }
    account().await
}

/// What clients are made from for the account that the AWS command line would reach.
pub(crate) async fn account() -> Result<SdkConfig, CliError> {
    let config = tidegate_runtime::aws_config().await;
    if config.region().is_none() { Err(CliError::NoRegion) } else { Ok(config) }
}
