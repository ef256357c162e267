//! What `webhook` does with a request: believe it or not, and hand it on.

use serde_json::{Value, json};
use tidegate_runtime::{HttpRequest, chain, send_all};
use tracing::{error, info, warn};

use crate::http::{Answer, signed};
use crate::secret::Secret;
use crate::signature::{Doubt, Signed};
use crate::{Settings, WebhookError};

/// Largest delivery that is handed on, bytes. A version's tags and description fit many times over, and a message of the queue may have 256 KiB.
const MAX_BODY_BYTES: usize = 200 * 1_024;

/// What MLflow tells of that `registry` heeds: versions, and their tags.
const HEEDED: [&str; 3] = ["model_version.created", "model_version_tag.set", "model_version_tag.deleted"];

/// The function: built once per cold start, asked once per request.
#[derive(Debug)]
pub struct Webhook {
    secret: Secret,
    sqs: aws_sdk_sqs::Client,
    settings: Settings,
}

impl Webhook {
    /// The function with these settings, calling through these clients.
    #[must_use]
    pub fn new(settings: Settings, secrets: aws_sdk_secretsmanager::Client, sqs: aws_sdk_sqs::Client) -> Self {
        Self { secret: Secret::new(secrets, &settings.mlflow_secret), sqs, settings }
    }

    /// Answers a request. MLflow tries again what is answered with 503, and shows the rest to whoever tests the webhook.
    pub async fn answer(&self, request: &HttpRequest) -> Answer {
        let answer = match Box::pin(self.take(request)).await {
            Ok(answer) => answer,
            Err(failure) => {
                error!(error.message = chain(&failure), "a delivery was not taken");
                Answer::new(503, "the delivery could not be taken now; send it again")
            }
        };
        info!(http.status = answer.status_code, "answered");
        answer
    }

    async fn take(&self, request: &HttpRequest) -> Result<Answer, WebhookError> {
        let Some(body) = request.body().filter(|body| body.len() <= MAX_BODY_BYTES) else {
            return Ok(Answer::new(413, "expected a body of at most 200 KiB"));
        };
        let signed = signed(request, &body);
        match self.verify(&signed, request.at_ms()).await? {
            Ok(()) => {}
            Err(Doubt::Foreign) => {
                warn!("a delivery was refused: it bears no signature, or not that of the secret");
                return Ok(Answer::new(401, "found no signature that was made with this webhook's secret"));
            }
            Err(Doubt::Stale) => {
                warn!("a delivery was refused: it was signed more than five minutes ago");
                return Ok(Answer::new(401, "found a signature that is not of the last five minutes"));
            }
        }
        let Some((kind, event)) = event(signed.id, &body) else {
            return Ok(Answer::new(400, "expected an event of MLflow: a JSON object with entity, action, timestamp and data"));
        };
        if !HEEDED.contains(&kind.as_str()) {
            return Ok(Answer::new(202, "verified; nothing follows from an event of this kind"));
        }
        send_all(&self.sqs, &self.settings.registry_queue, &[event.to_string()]).await?;
        info!(mlflow.event = kind, "a delivery was handed on");
        Ok(Answer::new(202, "verified and taken"))
    }

    /// A signature that does not fit is held against the secret once more, if that was changed.
    async fn verify(&self, signed: &Signed<'_>, now_ms: i64) -> Result<Result<(), Doubt>, WebhookError> {
        // What bears no signature at all costs no look at the secret.
        if signed.signature.is_empty() {
            return Ok(Err(Doubt::Foreign));
        }
        let known = self.secret.known(now_ms).await?;
        let first = signed.verify(known.bytes(), now_ms);
        if first != Err(Doubt::Foreign) {
            return Ok(first);
        }
        match self.secret.changed(now_ms).await? {
            Some(changed) => Ok(signed.verify(changed.bytes(), now_ms)),
            None => Ok(first),
        }
    }
}

/// The kind of an event, and the event in the envelope in which buses bring others; `None` if it is no event of MLflow.
fn event(id: &str, body: &[u8]) -> Option<(String, Value)> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let (entity, action, time) = (text("entity")?, text("action")?, text("timestamp")?);
    let mut detail = body.get("data").filter(|data| data.is_object())?.clone();
    if let (Some(workspace), Some(detail)) = (body.get("workspace"), detail.as_object_mut()) {
        detail.insert("workspace".to_owned(), workspace.clone());
    }
    let kind = format!("{entity}.{action}");
    let event = json!({ "id": id, "source": "mlflow", "detail-type": format!("MLflow {kind}"), "time": time, "detail": detail });
    Some((kind, event))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_travels_in_the_envelope_of_a_bus() {
        let body = br#"{"entity":"model_version_tag","action":"set","timestamp":"2013-07-02T00:05:02+00:00","workspace":"team-a","data":{"name":"m","version":"3","key":"k","value":"v"}}"#;
        let (kind, event) = event("d-1", body).unwrap();
        assert_eq!(kind, "model_version_tag.set");
        let expected = json!({
            "id": "d-1", "source": "mlflow", "detail-type": "MLflow model_version_tag.set", "time": "2013-07-02T00:05:02+00:00",
            "detail": { "name": "m", "version": "3", "key": "k", "value": "v", "workspace": "team-a" }
        });
        assert_eq!(event, expected);
        for wrong in
            ["", "[]", "{}", "null", r#"{"entity":"model_version","action":"created","timestamp":"x","data":"s"}"#, &"[".repeat(100_000)]
        {
            assert!(super::event("d", wrong.as_bytes()).is_none(), "{}", wrong.chars().take(40).collect::<String>());
        }
    }
}
