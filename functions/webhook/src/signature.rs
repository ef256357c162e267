//! MLflow's signature: which bytes it covers, and how long it is good for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header that names a delivery (MLflow, `mlflow/webhooks/constants.py`, as the two below).
pub(crate) const DELIVERY_ID: &str = "x-mlflow-delivery-id";
/// The header of the time at which a delivery was signed, seconds since 1970.
pub(crate) const TIMESTAMP: &str = "x-mlflow-timestamp";
/// The header of its signature.
pub(crate) const SIGNATURE: &str = "x-mlflow-signature";

/// The one version of the signature that there is.
const VERSION: &str = "v1,";

/// How far a delivery's time and ours may lie apart, milliseconds. MLflow signs once and then tries for less than three minutes.
const FRESH_MS: i64 = 5 * 60 * 1_000;

/// Longest delivery id that is read, bytes: a UUID has 36.
const MAX_ID_BYTES: usize = 100;

/// What is signed, and the signature.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed<'a> {
    pub(crate) id: &'a str,
    pub(crate) timestamp: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) signature: &'a str,
}

/// Why a delivery is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// It bears no signature, or another one.
    Foreign,
    /// It was signed with the secret, and not lately.
    Stale,
}

impl Signed<'_> {
    /// Whether one of these secrets signed it, and lately, as seen from `now_ms`.
    ///
    /// `HMAC-SHA-256(secret, id "." timestamp "." body)` in base64 behind `v1,`. Whether it is stale is told only to who knows the secret.
    pub(crate) fn verify<'s>(&self, secrets: impl IntoIterator<Item = &'s [u8]>, now_ms: i64) -> Result<(), Doubt> {
        if self.id.is_empty() || self.id.len() > MAX_ID_BYTES {
            return Err(Doubt::Foreign);
        }
        let claimed = self.signature.strip_prefix(VERSION).and_then(|text| STANDARD.decode(text).ok()).ok_or(Doubt::Foreign)?;
        let is_made_with = |secret: &[u8]| {
            Hmac::<Sha256>::new_from_slice(secret).is_ok_and(|mut mac| {
                for part in [self.id.as_bytes(), b".", self.timestamp.as_bytes(), b".", self.body] {
                    mac.update(part);
                }
                mac.verify_slice(&claimed).is_ok()
            })
        };
        if !secrets.into_iter().any(is_made_with) {
            return Err(Doubt::Foreign);
        }
        let signed_ms = self.timestamp.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1_000));
        match signed_ms {
            Some(signed_ms) if now_ms.saturating_sub(signed_ms).saturating_abs() <= FRESH_MS => Ok(()),
            _ => Err(Doubt::Stale),
        }
    }
}

#[cfg(test)]
mod tests {
    use tidegate_runtime::HttpRequest;

    use super::*;
    use crate::http::signed;

    // The example's signature was made by MLflow 3.18 itself: `_generate_hmac_signature` of mlflow/webhooks/delivery.py, with this secret.
    const SECRET: &[u8] = b"tide-and-gate";
    const SIGNED_MS: i64 = 1_372_723_502_000;
    const NOW_MS: i64 = SIGNED_MS + 1_000;

    fn example() -> HttpRequest {
        let file = format!("{}/../../events/apigw-mlflow-webhook.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
    }

    #[test]
    fn what_mlflow_signed_is_believed_for_five_minutes_either_way() {
        let (request, body) = (example(), example().body().unwrap());
        let signed = signed(&request, &body);
        assert_eq!(request.at_ms(), NOW_MS);
        for (now_ms, expected) in [
            (NOW_MS, Ok(())),
            (SIGNED_MS + FRESH_MS, Ok(())),
            (SIGNED_MS + FRESH_MS + 1, Err(Doubt::Stale)),
            (SIGNED_MS - FRESH_MS, Ok(())),
            (SIGNED_MS - FRESH_MS - 1, Err(Doubt::Stale)),
            (i64::MIN, Err(Doubt::Stale)),
            (i64::MAX, Err(Doubt::Stale)),
        ] {
            assert_eq!(signed.verify([SECRET], now_ms), expected, "{now_ms}");
        }
        assert_eq!(signed.verify([&b"the old one"[..], SECRET], NOW_MS), Ok(()), "either of two while they change");
    }

    #[test]
    fn every_bit_of_what_is_signed_counts() {
        let (request, body) = (example(), example().body().unwrap());
        let signed = signed(&request, &body);
        let mut tried = 0;
        let mut refused = |signed: Signed<'_>, what: &str| {
            tried += 1;
            assert_eq!(signed.verify([SECRET], NOW_MS), Err(Doubt::Foreign), "{what}");
        };
        for at in 0..body.len() * 8 {
            let mut body = body.clone();
            body[at / 8] ^= 1 << (at % 8);
            refused(Signed { body: &body, ..signed }, "body");
        }
        let mac = STANDARD.decode(&signed.signature[3..]).unwrap();
        for at in 0..mac.len() * 8 {
            let mut mac = mac.clone();
            mac[at / 8] ^= 1 << (at % 8);
            refused(Signed { signature: &format!("v1,{}", STANDARD.encode(mac)), ..signed }, "signature");
        }
        let half = format!("v1,{}", STANDARD.encode(&mac[..16]));
        for signature in ["", "v1,", "v1", "v2,AAAA", &signed.signature[3..], "v1,not base64", half.as_str()] {
            refused(Signed { signature, ..signed }, signature);
        }
        for id in ["", "0b0c9a5e", &"x".repeat(4_000)] {
            refused(Signed { id, ..signed }, id);
        }
        for timestamp in ["", "1372723503", "01372723502", "1372723502 "] {
            refused(Signed { timestamp, ..signed }, timestamp);
        }
        assert!(tried > 4_000, "{tried}");
        for secret in [&b""[..], b"tide-and-gate ", b"Tide-and-gate"] {
            assert_eq!(signed.verify([secret], NOW_MS), Err(Doubt::Foreign));
        }
        assert_eq!(signed.verify([], NOW_MS), Err(Doubt::Foreign), "without a secret nobody is believed");
    }
}
