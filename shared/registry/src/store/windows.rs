//! The windows that were judged last.

use chrono::DateTime;
use tidegate_contract::WindowLength;

use super::Registry;
use super::items::{self, Attributes};
use crate::{RegistryError, WindowKey, WindowRecord};

impl Registry {
    /// The windows of a length that were judged, the latest first, at most so many.
    ///
    /// # Errors
    /// As the call fails, or [`RegistryError::Item`] if an item holds something else.
    pub async fn latest_windows(&self, model: &str, length: WindowLength, most: i32) -> Result<Vec<WindowRecord>, RegistryError> {
        let (pk, prefix) = (items::pk(model), format!("WINDOW#{length}#"));
        let call = self.dynamodb.query().table_name(&self.table).consistent_read(true).scan_index_forward(false).limit(most);
        let call = call
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", items::text(&pk))
            .expression_attribute_values(":prefix", items::text(&prefix));
        let answer = call.send().await.map_err(|error| RegistryError::call("read", &self.table, &pk, error))?;
        let mut windows = Vec::new();
        for item in answer.items() {
            let attributes = Attributes { name: &prefix, item };
            let end = attributes.text("window_end")?;
            let end = DateTime::parse_from_rfc3339(&end).map_err(|_| attributes.wrong("window_end", "a time"))?;
            let key = WindowKey { model: model.to_owned(), length, end_ms: end.timestamp_millis() };
            windows.push(WindowRecord::from_item(&key, item)?);
        }
        Ok(windows)
    }
}
