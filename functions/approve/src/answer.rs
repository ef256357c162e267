//! An answer, and the headers that every one of them carries.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// What browsers are told with every page: nothing is loaded, nothing runs, nobody frames it, nobody keeps it, nobody learns where it was.
static HEADERS: LazyLock<[(&str, String); 11]> = LazyLock::new(|| {
    let styles = [tidegate_report::STYLE, tidegate_report::DECISION_STYLE];
    let hashes = styles.map(|style| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(style.as_bytes()))));
    let policy = format!("default-src 'none'; style-src {}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'", hashes.join(" "));
    let text = str::to_owned;
    [
        ("content-type", text("text/html; charset=utf-8")),
        ("content-security-policy", policy),
        ("referrer-policy", text("no-referrer")),
        ("x-content-type-options", text("nosniff")),
        ("x-frame-options", text("DENY")),
        ("cache-control", text("no-store")),
        ("x-robots-tag", text("noindex, nofollow, noarchive")),
        ("strict-transport-security", text("max-age=63072000; includeSubDomains")),
        ("cross-origin-opener-policy", text("same-origin")),
        ("cross-origin-resource-policy", text("same-origin")),
        ("permissions-policy", text("camera=(), geolocation=(), microphone=()")),
    ]
});

/// An answer for API Gateway's HTTP API (payload format 2.0).
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpAnswer {
    /// The status.
    pub status_code: u16,
    /// The headers, names in small letters.
    pub headers: BTreeMap<&'static str, String>,
    /// The page.
    pub body: String,
    /// Never: pages are text.
    pub is_base64_encoded: bool,
}

impl HttpAnswer {
    /// A page. There is no other way to make an answer, so that no answer goes without the headers.
    pub(crate) fn new(status_code: u16, body: String) -> Self {
        Self { status_code, headers: HEADERS.iter().cloned().collect(), body, is_base64_encoded: false }
    }

    pub(crate) fn with(mut self, header: &'static str, value: &str) -> Self {
        self.headers.insert(header, value.to_owned());
        self
    }

    /// The same without its page.
    pub(crate) fn head(self) -> Self {
        Self { body: String::new(), ..self }
    }
}

/// It prints without its page, which carries the token.
impl fmt::Debug for HttpAnswer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("HttpAnswer").field("status_code", &self.status_code).finish_non_exhaustive()
    }
}
