//! A request as API Gateway's HTTP API hands it over (payload format 2.0), as much of it as is read, and the answer.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::signature::{DELIVERY_ID, SIGNATURE, Signed, TIMESTAMP};

/// A request. It prints as the time at which it came in alone: whatever else stands in it, a stranger may have written.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(rename = "requestContext")]
    context: Context,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    time_epoch: i64,
}

impl Request {
    /// When it came in, milliseconds since 1970.
    pub(crate) const fn at_ms(&self) -> i64 {
        self.context.time_epoch
    }

    /// A header by its name in small letters; nothing, where there is none.
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    /// What MLflow signs, and its signature.
    pub(crate) fn signed<'r>(&'r self, body: &'r [u8]) -> Signed<'r> {
        Signed { id: self.header(DELIVERY_ID), timestamp: self.header(TIMESTAMP), body, signature: self.header(SIGNATURE) }
    }

    /// The body's bytes, as they were signed.
    pub(crate) fn body(&self) -> Option<Vec<u8>> {
        let body = self.body.as_deref().unwrap_or_default();
        if self.is_base64_encoded { STANDARD.decode(body).ok() } else { Some(body.as_bytes().to_vec()) }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Request").field("at_ms", &self.at_ms()).finish_non_exhaustive()
    }
}

/// An answer: a status, and a sentence for whoever set the webhook up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The status.
    pub status_code: u16,
    /// The headers, names in small letters.
    pub headers: BTreeMap<&'static str, &'static str>,
    /// `{"message": "…"}`.
    pub body: String,
}

impl Answer {
    pub(crate) fn new(status_code: u16, message: &str) -> Self {
        let headers = [("content-type", "application/json"), ("cache-control", "no-store"), ("x-content-type-options", "nosniff")];
        Self { status_code, headers: headers.into(), body: json!({ "message": message }).to_string() }
    }
}
