//! Objects of a bucket, some of them fetched to be looked at: by the credentials and the region that the AWS command line would use.

use std::path::PathBuf;

use aws_sdk_s3::Client;
use tempfile::TempDir;
use tidegate_lake::{Bucket, KeyRange, MAX_KEPT_BYTES};

use super::Item;
use crate::error::CliError;
use crate::reach;

const SCHEME: &str = "s3://";

/// Whether an argument names objects of a bucket.
pub(super) fn is_address(argument: &str) -> bool {
    argument.starts_with(SCHEME)
}

/// Fetches at most so many of the objects below `s3://bucket/prefix`, spread evenly, into a folder that lives as long as what is returned;
/// says how many objects there are.
pub(super) fn fetch(address: &str, most: usize) -> Result<(TempDir, Vec<Item>, usize), CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::account)?;
    runtime.block_on(sample(address, most))
}

async fn sample(address: &str, most: usize) -> Result<(TempDir, Vec<Item>, usize), CliError> {
    let config = reach::account().await?;
    let place = address.strip_prefix(SCHEME).unwrap_or(address);
    let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
    let bucket = Bucket::new(Client::new(&config), name);
    let everything = [KeyRange { after: String::new(), until: None }];
    let mut keys: Vec<String> =
        bucket.list_ranges(prefix, &everything).await.map_err(CliError::account)?.into_iter().map(|object| object.key).collect();
    keys.retain(|key| !key.ends_with('/'));
    let all = keys.len();
    let folder = TempDir::new().map_err(|source| CliError::Write { path: PathBuf::from("a temporary folder"), source })?;
    let mut items = Vec::new();
    for (number, key) in super::spread(&keys, most).into_iter().enumerate() {
        // The end of the name is kept: it tells documents of other tools and stored baselines.
        let file = folder.path().join(format!("{number}-{}", key.rsplit('/').next().unwrap_or_default()));
        let name = format!("{SCHEME}{name}/{key}");
        let Some(object) = bucket.open(&key, None).await.map_err(CliError::account)? else { continue };
        if object.bytes > MAX_KEPT_BYTES {
            items.push(Item { path: file, name, too_large: Some(object.bytes) });
            continue;
        }
        if let Some(stored) = bucket.get(&key).await.map_err(CliError::account)? {
            std::fs::write(&file, stored.bytes).map_err(|source| CliError::Write { path: file.clone(), source })?;
            items.push(Item { path: file, name, too_large: None });
        }
    }
    Ok((folder, items, all))
}
