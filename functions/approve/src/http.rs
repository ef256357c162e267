//! A request as API Gateway's HTTP API hands it over (payload format 2.0), as much of it as is read.
//!
//! It is a type of its own, and not one of the crate of events, because it must never be printed: its address and its body are secrets.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use tidegate_approval::Token;

/// A request. It prints as its method alone.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpRequest {
    #[serde(default)]
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    request_context: RequestContext,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    http: Http,
    time_epoch: i64,
}

#[derive(Clone, Serialize, Deserialize)]
struct Http {
    method: String,
}

impl HttpRequest {
    pub(crate) fn method(&self) -> &str {
        &self.request_context.http.method
    }

    pub(crate) fn path(&self) -> &str {
        &self.raw_path
    }

    /// When it came in, milliseconds since 1970.
    pub(crate) const fn at_ms(&self) -> i64 {
        self.request_context.time_epoch
    }

    /// A header by its name in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The one token of the address, if that is what it carries. What else stands in it, as mail programs add it, does not count.
    pub(crate) fn token(&self) -> Option<Token> {
        let mut tokens = self.raw_query_string.split('&').filter_map(|pair| pair.strip_prefix("t="));
        match (tokens.next(), tokens.next()) {
            (Some(one), None) => Token::parse(one).ok(),
            _ => None,
        }
    }

    /// The body's text.
    pub(crate) fn body(&self) -> Option<String> {
        let body = self.body.as_deref().unwrap_or_default();
        if self.is_base64_encoded { String::from_utf8(STANDARD.decode(body).ok()?).ok() } else { Some(body.to_owned()) }
    }

    /// Whether a browser says that another site sent it. With `Referrer-Policy: no-referrer` browsers send `Origin: null`, so that
    /// no origin is asked for.
    pub(crate) fn is_from_elsewhere(&self) -> bool {
        self.header("sec-fetch-site").is_some_and(|site| site != "same-origin")
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("HttpRequest").field("method", &self.method()).finish_non_exhaustive()
    }
}

/// Decodes a value of a form, once.
pub(crate) fn form_decoded(text: &str) -> Option<String> {
    percent_decode_str(&text.replace('+', " ")).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(file: &str) -> HttpRequest {
        let text = std::fs::read_to_string(format!("{}/../../events/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn the_examples_are_read_and_never_printed() {
        let (get, post) = (example("apigw-decision-get.json"), example("apigw-decision-post.json"));
        assert_eq!((get.method(), get.path(), get.at_ms()), ("GET", "/decision", 1_372_766_400_000));
        assert!(get.token().is_some() && get.token() == post.token());
        assert_eq!(post.body().as_deref(), Some("choice=approve&code=K7M+2QX&reason=Better+at+all+three+airports."));
        assert!(!post.is_from_elsewhere());
        assert_eq!(format!("{post:?}"), "HttpRequest { method: \"POST\", .. }");
    }

    #[test]
    fn an_address_carries_one_token() {
        let mut request = example("apigw-decision-get.json");
        let one = request.raw_query_string.clone();
        for (query, is_token) in [
            (one.clone(), true),
            (format!("{one}&utm_source=mail"), true),
            (format!("{one}&{one}"), false),
            (format!("x{one}"), false),
            (format!("{one}%20"), false),
            (String::new(), false),
        ] {
            request.raw_query_string = query;
            assert_eq!(request.token().is_some(), is_token);
        }
    }
}
