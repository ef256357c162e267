//! The secret that MLflow signs with, as Secrets Manager keeps it.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::sync::Mutex;

use crate::WebhookError;

/// How long after it was read a secret is read again because a signature does not fit it, milliseconds: it may have been changed meanwhile,
/// and a stranger's deliveries must not cost a call each.
const READ_AGAIN_MS: i64 = 60_000;

/// Shortest secret that is used, bytes. An empty one would be anybody's.
const MIN_BYTES: usize = 8;

/// The secret, read when it is first needed.
pub(crate) struct Secret {
    name: String,
    client: aws_sdk_secretsmanager::Client,
    kept: Mutex<Option<(i64, Arc<Texts>)>>,
}

/// One secret, or several of which each is good: the new one and the old one while they change.
#[derive(PartialEq, Eq)]
pub(crate) struct Texts(Vec<String>);

impl Texts {
    /// The secrets in a secret's text: itself, or the values of a JSON object, as the console makes one.
    fn read(text: &str) -> Result<Self, &'static str> {
        let texts: Vec<String> = match serde_json::from_str::<Map<String, Value>>(text) {
            Ok(object) => object.into_iter().filter_map(|(_, value)| value.as_str().map(str::to_owned)).collect(),
            Err(_) => vec![text.trim_end_matches(['\r', '\n']).to_owned()],
        };
        if texts.is_empty() || texts.iter().any(|text| text.len() < MIN_BYTES) {
            return Err("is too short, expected a text, or a JSON object of texts, of at least 8 characters each");
        }
        Ok(Self(texts))
    }

    pub(crate) fn bytes(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(String::as_bytes)
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

impl Secret {
    pub(crate) fn new(client: aws_sdk_secretsmanager::Client, name: &str) -> Self {
        Self { name: name.to_owned(), client, kept: Mutex::default() }
    }

    /// The secret as it was last read, or now if it never was.
    pub(crate) async fn known(&self, now_ms: i64) -> Result<Arc<Texts>, WebhookError> {
        let mut kept = self.kept.lock().await;
        if let Some((_, texts)) = &*kept {
            return Ok(Arc::clone(texts));
        }
        let texts = self.read().await?;
        *kept = Some((now_ms, Arc::clone(&texts)));
        Ok(texts)
    }

    /// The secret as it is now, if it was read a while ago and has changed since.
    pub(crate) async fn changed(&self, now_ms: i64) -> Result<Option<Arc<Texts>>, WebhookError> {
        let mut kept = self.kept.lock().await;
        let Some((_, old)) = kept.as_ref().filter(|(read_ms, _)| now_ms.saturating_sub(*read_ms) >= READ_AGAIN_MS) else { return Ok(None) };
        let old = Arc::clone(old);
        let now = self.read().await?;
        *kept = Some((now_ms, Arc::clone(&now)));
        Ok((now != old).then_some(now))
    }

    async fn read(&self) -> Result<Arc<Texts>, WebhookError> {
        let answer = self.client.get_secret_value().secret_id(&self.name).send().await;
        let answer = answer.map_err(|error| WebhookError::Secret { secret: self.name.clone(), source: Box::new(error) })?;
        let none = |says| WebhookError::NoSecret { secret: self.name.clone(), says };
        let text = answer.secret_string().ok_or_else(|| none("holds bytes, expected a text"))?;
        Texts::read(text).map(Arc::new).map_err(none)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Secret").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_a_text_or_an_object_of_texts_and_never_printed() {
        let read = |text: &str| Texts::read(text).map(|texts| texts.0);
        assert_eq!(read("tide-and-gate\n").unwrap(), ["tide-and-gate"]);
        assert_eq!(read(r#"{"new": "tide-and-gate", "old": "gate-and-tide"}"#).unwrap(), ["tide-and-gate", "gate-and-tide"]);
        for wrong in ["", "\n", "short", "{}", r#"{"new": "tide-and-gate", "old": ""}"#, r#"{"new": 12345678}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert_eq!(format!("{:?}", Texts::read("tide-and-gate").unwrap()), "***");
    }
}
