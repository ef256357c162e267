//! A request as API Gateway's HTTP API hands it over (payload format 2.0), as much of it as functions read.
//!
//! It is a type of its own, and not one of the crate of events, because it must never be printed: its address and its body are secrets, or a stranger's.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// A request. It prints as its method alone.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpRequest {
    #[serde(default)]
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
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
    http: Http,
    time_epoch: i64,
}

#[derive(Clone, Deserialize)]
struct Http {
    method: String,
}

impl HttpRequest {
    /// `GET`, `POST` and so on.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.context.http.method
    }

    /// The path of the address.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.raw_path
    }

    /// What stands behind the question mark of the address, as it came.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.raw_query_string
    }

    /// When it came in, milliseconds since 1970.
    #[must_use]
    pub const fn at_ms(&self) -> i64 {
        self.context.time_epoch
    }

    /// A header by its name in small letters.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body's bytes; `None` if they are not what the request says that they are.
    #[must_use]
    pub fn body(&self) -> Option<Vec<u8>> {
        let body = self.body.as_deref().unwrap_or_default();
        if self.is_base64_encoded { STANDARD.decode(body).ok() } else { Some(body.as_bytes().to_vec()) }
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("HttpRequest").field("method", &self.method()).finish_non_exhaustive()
    }
}
