//! What `webhook` answers, and what of a request is signed.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;
use tidegate_runtime::HttpRequest;

use crate::signature::{DELIVERY_ID, SIGNATURE, Signed, TIMESTAMP};

/// What MLflow signs, and its signature; nothing, where there is none.
pub(crate) fn signed<'r>(request: &'r HttpRequest, body: &'r [u8]) -> Signed<'r> {
    let header = |name| request.header(name).unwrap_or_default();
    Signed { id: header(DELIVERY_ID), timestamp: header(TIMESTAMP), body, signature: header(SIGNATURE) }
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
