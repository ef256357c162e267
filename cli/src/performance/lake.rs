//! What a lake recorded of a model's windows: a demo's, or one in an account. Only reads.

use tidegate_contract::WindowLength;
use tidegate_lake::{Lake, PerformanceFile};
use tidegate_local_account::LAKE;
use tidegate_performance::Performance;

use super::{Arguments, Recorded};
use crate::error::CliError;
use crate::reach;

/// Most windows that are shown: the newest.
const SHOWN: usize = 31;

/// Reads the newest windows of a length.
pub(super) async fn recorded(arguments: &Arguments) -> Result<Recorded, CliError> {
    let config = reach::sdk_config(arguments.state.as_deref()).await?;
    let bucket = arguments.lake_bucket.clone().unwrap_or_else(|| LAKE.to_owned());
    let lake = Lake::new(aws_sdk_s3::Client::new(&config), &bucket);
    let model = arguments.model.clone().unwrap_or_default();
    let length = arguments.window.unwrap_or(WindowLength::hours(24));
    let name = length.to_string();
    let files = lake.list_performance(&model, &name).await.map_err(CliError::account)?;
    let mut ends: Vec<i64> = files.iter().filter(|file| file.file == PerformanceFile::Performance).map(|file| file.end_ms).collect();
    if ends.is_empty() {
        return Err(CliError::NoQuality { model, length: name });
    }
    ends.drain(..ends.len().saturating_sub(SHOWN));
    let mut windows: Vec<Performance> = Vec::with_capacity(ends.len());
    for end_ms in &ends {
        let found = lake.performance_file(&model, &name, *end_ms, PerformanceFile::Performance).await.map_err(CliError::account)?;
        if let Some((bytes, _)) = found {
            windows.push(serde_json::from_slice(&bytes).map_err(CliError::Verdict)?);
        }
    }
    let newest = ends.last().copied().unwrap_or_default();
    let page = lake.performance_file(&model, &name, newest, PerformanceFile::Page).await.map_err(CliError::account)?;
    let page = page.map(|(bytes, _)| String::from_utf8_lossy(&bytes).into_owned());
    Ok(Recorded { model, length, windows, page })
}
