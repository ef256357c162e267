//! What a person sent: an answer, what is demanded beside it, and a reason.

use tidegate_registry::Answer;
use tidegate_runtime::HttpRequest;

use crate::http::{form_decoded, text};

/// Longest form that is read, bytes: a reason of a thousand characters, each encoded, and room beside it.
const MAX_FORM_BYTES: usize = 16 * 1_024;

/// A form that was filled in. It has no `Debug`: it holds a code.
#[derive(Default)]
pub(crate) struct Form {
    pub(crate) answer: Option<Answer>,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) reason: String,
}

impl Form {
    /// Reads a form; `None` if it is none of ours: too long, no form, a field twice, an answer that there is not.
    pub(crate) fn read(request: &HttpRequest) -> Option<Self> {
        let kind = request.header("content-type").unwrap_or_default();
        if kind.split(';').next().map(str::trim) != Some("application/x-www-form-urlencoded") {
            return None;
        }
        let body = text(request).filter(|body| body.len() <= MAX_FORM_BYTES)?;
        let (mut form, mut seen) = (Self::default(), Vec::new());
        for pair in body.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if seen.contains(&name) {
                return None;
            }
            seen.push(name);
            let value = form_decoded(value)?;
            match name {
                "choice" => {
                    form.answer = Some(match value.as_str() {
                        "approve" => Answer::Approve,
                        "reject" => Answer::Reject,
                        _ => return None,
                    });
                }
                "code" => form.code = value,
                "name" => form.name = value,
                // Browsers send line ends as the network writes them.
                "reason" => value.replace("\r\n", "\n").trim().clone_into(&mut form.reason),
                _ => {}
            }
        }
        Some(form)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(kind: &str, body: &str) -> Option<Form> {
        let request = json!({
            "requestContext": { "http": { "method": "POST" }, "timeEpoch": 1 }, "headers": { "content-type": kind }, "body": body
        });
        Form::read(&serde_json::from_value(request).unwrap())
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn a_form_is_decoded_once() {
        let form =
            read(&format!("{FORM}; charset=utf-8"), "choice=reject&code=K7M+2QX&name=&reason=too+slow%0D%0Aat+JFK+%2B1%2541+&other=x")
                .unwrap();
        assert_eq!((form.answer, form.code.as_str(), form.reason.as_str()), (Some(Answer::Reject), "K7M 2QX", "too slow\nat JFK +1%41"));
        assert!(read(FORM, "").unwrap().answer.is_none());
    }

    #[test]
    fn what_is_no_form_of_ours_is_none() {
        let long = format!("reason={}", "a".repeat(MAX_FORM_BYTES));
        for (kind, body) in [
            ("application/json", "choice=approve"),
            ("", "choice=approve"),
            (FORM, "choice=maybe"),
            (FORM, "choice=approve&choice=reject"),
            (FORM, "reason=%ff"),
            (FORM, &long),
        ] {
            assert!(read(kind, body).is_none(), "{kind} {}", &body[..20.min(body.len())]);
        }
    }
}
