//! What the approver's page reads of a request: the token of its address, the text of its form, and where it was sent from.

use percent_encoding::percent_decode_str;
use tidegate_approval::Token;
use tidegate_runtime::HttpRequest;

/// The one token of an address's query, if that is what it carries. What else stands in it, as mail programs add it, does not count.
pub(crate) fn token(query: &str) -> Option<Token> {
    let mut tokens = query.split('&').filter_map(|pair| pair.strip_prefix("t="));
    match (tokens.next(), tokens.next()) {
        (Some(one), None) => Token::parse(one).ok(),
        _ => None,
    }
}

/// The body's text.
pub(crate) fn text(request: &HttpRequest) -> Option<String> {
    String::from_utf8(request.body()?).ok()
}

/// Whether a browser says that another site sent it. With `Referrer-Policy: no-referrer` browsers send `Origin: null`, so that
/// no origin is asked for.
pub(crate) fn is_from_elsewhere(request: &HttpRequest) -> bool {
    request.header("sec-fetch-site").is_some_and(|site| site != "same-origin")
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
        assert!(token(get.query()).is_some() && token(get.query()) == token(post.query()));
        assert_eq!(text(&post).as_deref(), Some("choice=approve&code=K7M+2QX&reason=Better+at+all+three+airports."));
        assert!(!is_from_elsewhere(&post));
        assert_eq!(format!("{post:?}"), "HttpRequest { method: \"POST\", .. }");
    }

    #[test]
    fn an_address_carries_one_token() {
        let request = example("apigw-decision-get.json");
        let one = request.query();
        for (query, is_token) in [
            (one.to_owned(), true),
            (format!("{one}&utm_source=mail"), true),
            (format!("{one}&{one}"), false),
            (format!("x{one}"), false),
            (format!("{one}%20"), false),
            (String::new(), false),
        ] {
            assert_eq!(token(&query).is_some(), is_token);
        }
    }
}
