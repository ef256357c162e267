//! Secrets Manager, as much of it as `webhook` calls: secrets in memory, each a text under a name.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

/// The account's secrets.
#[derive(Default)]
pub(crate) struct Secrets(Mutex<BTreeMap<String, String>>);

impl Secrets {
    /// Keeps a secret under a name.
    pub(crate) fn put(&self, name: &str, text: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), text.to_owned());
    }

    /// Answers one request: `target` is the `x-amz-target` header (`secretsmanager.GetSecretValue`), `body` its JSON.
    pub(crate) fn answer(&self, target: &str, body: &[u8]) -> (u16, String) {
        let refused = |kind: &str, says: String| (400, json!({ "__type": kind, "Message": says }).to_string());
        if !target.ends_with(".GetSecretValue") {
            return refused("InvalidRequestException", format!("the local account cannot {target}"));
        }
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let name = request.get("SecretId").and_then(Value::as_str).unwrap_or_default();
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            Some(text) => (200, json!({ "Name": name, "SecretString": text }).to_string()),
            None => refused("ResourceNotFoundException", format!("the local account has no secret \"{name}\"")),
        }
    }
}
