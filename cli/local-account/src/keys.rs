//! KMS with two keys, as much of it as the functions and `tidegate verify` call: an `ECC_NIST_P256` key that signs digests, and an `HMAC_256`
//! key for decision links. Each is made once and lies in a file of the account's folder; they protect nothing, and let a demo's checkpoints
//! and links be verified like real ones.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey;
use serde_json::{Value, json};
use sha2::Sha256;

/// The alias of the signing key.
pub const SIGNING_KEY: &str = "alias/tidegate-audit";

/// The alias of the key that makes decision links.
pub const LINK_KEY: &str = "alias/tidegate-links";

/// The file of the signing key's secret half.
const SIGNING_FILE: &str = "kms-audit.key";

/// The file of the link key.
const LINK_FILE: &str = "kms-links.key";

/// Most bytes that a MAC is made over (KMS API reference, *`GenerateMac`*).
const MAC_MAX_MESSAGE: usize = 4_096;

/// The account's keys.
pub(crate) struct Keys {
    signing: Option<SigningKey>,
    links: Option<[u8; 32]>,
}

impl Keys {
    /// The keys of an account in `folder`, made if there are none.
    pub(crate) fn open(folder: &Path) -> std::io::Result<Self> {
        let mut keys = Self::open_to_read(folder)?;
        while keys.signing.is_none() {
            let secret = random()?;
            // One number in 2^32 is none of the curve's.
            if let Ok(signing) = SigningKey::from_slice(&secret) {
                std::fs::write(folder.join(SIGNING_FILE), STANDARD.encode(secret))?;
                keys.signing = Some(signing);
            }
        }
        if keys.links.is_none() {
            let secret = random()?;
            std::fs::write(folder.join(LINK_FILE), STANDARD.encode(secret))?;
            keys.links = Some(secret);
        }
        Ok(keys)
    }

    /// The keys that an account left in `folder`, if any.
    pub(crate) fn open_to_read(folder: &Path) -> std::io::Result<Self> {
        let signing = secret(&folder.join(SIGNING_FILE))?.map(|secret| SigningKey::from_slice(&secret));
        Ok(Self { signing: signing.transpose().map_err(std::io::Error::other)?, links: secret(&folder.join(LINK_FILE))? })
    }

    /// Answers one request: `target` is the `x-amz-target` header (`TrentService.Sign`), `body` its JSON.
    /// Returns the HTTP status and the JSON of the answer.
    pub(crate) fn answer(&self, target: &str, body: &[u8]) -> (u16, String) {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let key = request.get("KeyId").and_then(Value::as_str).unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        let answered = match (key, &self.signing, &self.links) {
            (SIGNING_KEY, Some(signing), _) => sign(signing, operation, &request),
            (LINK_KEY, _, Some(links)) => authenticate(links, operation, &request),
            _ => Err(Refused("NotFoundException", format!("the local account has no key \"{key}\""))),
        };
        match answered {
            Ok(answer) => (200, answer.to_string()),
            Err(Refused(kind, says)) => (400, json!({ "__type": kind, "message": says }).to_string()),
        }
    }
}

/// The name and the text of an error of KMS.
struct Refused(&'static str, String);

fn random() -> std::io::Result<[u8; 32]> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(std::io::Error::other)?;
    Ok(secret)
}

fn secret(file: &Path) -> std::io::Result<Option<[u8; 32]>> {
    match std::fs::read_to_string(file) {
        Ok(text) => {
            let bytes = STANDARD.decode(text.trim()).map_err(std::io::Error::other)?;
            let wrong = |bytes: Vec<u8>| format!("\"{}\" holds {} bytes, expected 32", file.display(), bytes.len());
            bytes.try_into().map(Some).map_err(|bytes| std::io::Error::other(wrong(bytes)))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn said<'a>(request: &'a Value, name: &str) -> &'a str {
    request.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn unsupported(operation: &str) -> Refused {
    Refused("UnsupportedOperationException", format!("the local account cannot {operation} so"))
}

fn sign(signing: &SigningKey, operation: &str, request: &Value) -> Result<Value, Refused> {
    let failed = |says: String| Refused("KMSInternalException", says);
    match operation {
        "GetPublicKey" => {
            let der = signing.verifying_key().to_public_key_der().map_err(|error| failed(error.to_string()))?;
            let key = STANDARD.encode(der.as_bytes());
            Ok(json!({ "KeyId": SIGNING_KEY, "PublicKey": key, "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY" }))
        }
        "Sign" if (said(request, "MessageType"), said(request, "SigningAlgorithm")) == ("DIGEST", "ECDSA_SHA_256") => {
            let digest = STANDARD.decode(said(request, "Message")).unwrap_or_default();
            if digest.len() != 32 {
                return Err(Refused("ValidationException", format!("found a digest of {} bytes, expected 32", digest.len())));
            }
            let signature: Signature = signing.sign_prehash(&digest).map_err(|error| failed(error.to_string()))?;
            let signature = STANDARD.encode(signature.to_der().as_bytes());
            Ok(json!({ "KeyId": SIGNING_KEY, "Signature": signature, "SigningAlgorithm": "ECDSA_SHA_256" }))
        }
        other => Err(unsupported(other)),
    }
}

fn authenticate(key: &[u8; 32], operation: &str, request: &Value) -> Result<Value, Refused> {
    let message = STANDARD.decode(said(request, "Message")).unwrap_or_default();
    if said(request, "MacAlgorithm") != "HMAC_SHA_256" {
        return Err(unsupported(operation));
    }
    if !(1..=MAC_MAX_MESSAGE).contains(&message.len()) {
        return Err(Refused("ValidationException", format!("found a message of {} bytes, expected 1 to {MAC_MAX_MESSAGE}", message.len())));
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|error| Refused("KMSInternalException", error.to_string()))?;
    mac.update(&message);
    match operation {
        "GenerateMac" => {
            let mac = STANDARD.encode(mac.finalize().into_bytes());
            Ok(json!({ "KeyId": LINK_KEY, "Mac": mac, "MacAlgorithm": "HMAC_SHA_256" }))
        }
        "VerifyMac" => {
            let claimed = STANDARD.decode(said(request, "Mac")).unwrap_or_default();
            match mac.verify_slice(&claimed) {
                Ok(()) => Ok(json!({ "KeyId": LINK_KEY, "MacValid": true, "MacAlgorithm": "HMAC_SHA_256" })),
                Err(_) => Err(Refused("KMSInvalidMacException", "the MAC is not that of the message".to_owned())),
            }
        }
        other => Err(unsupported(other)),
    }
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::hazmat::PrehashVerifier;
    use p256::pkcs8::DecodePublicKey;

    use super::*;

    fn bytes(json: &str, name: &str) -> Vec<u8> {
        STANDARD.decode(serde_json::from_str::<Value>(json).unwrap()[name].as_str().unwrap()).unwrap()
    }

    #[test]
    fn what_is_signed_is_verified_with_the_public_key_of_the_same_folder() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Keys::open_to_read(folder.path()).unwrap().answer("TrentService.GetPublicKey", b"{}").0, 400);
        let keys = Keys::open(folder.path()).unwrap();
        let digest = [7; 32];
        let ask = json!({ "KeyId": SIGNING_KEY, "Message": STANDARD.encode(digest), "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256" });
        let (status, signed) = keys.answer("TrentService.Sign", ask.to_string().as_bytes());
        assert_eq!(status, 200, "{signed}");
        let again = Keys::open(folder.path()).unwrap();
        let (_, public) = again.answer("TrentService.GetPublicKey", json!({ "KeyId": SIGNING_KEY }).to_string().as_bytes());
        let public = VerifyingKey::from_public_key_der(&bytes(&public, "PublicKey")).unwrap();
        let signature = Signature::from_der(&bytes(&signed, "Signature")).unwrap();
        public.verify_prehash(&digest, &signature).unwrap();
    }

    #[test]
    fn a_mac_is_that_of_its_message_and_of_no_other() {
        let folder = tempfile::tempdir().unwrap();
        // RFC 4231, test case 2, under a key that is padded with zeros, as HMAC pads it anyway.
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        std::fs::write(folder.path().join(LINK_FILE), STANDARD.encode(key)).unwrap();
        let keys = Keys::open(folder.path()).unwrap();
        let ask = |operation: &str, message: &[u8], mac: &[u8]| {
            let ask = json!({ "KeyId": LINK_KEY, "Message": STANDARD.encode(message), "MacAlgorithm": "HMAC_SHA_256", "Mac": STANDARD.encode(mac) });
            keys.answer(&format!("TrentService.{operation}"), ask.to_string().as_bytes())
        };
        let message = b"what do ya want for nothing?";
        let (status, made) = ask("GenerateMac", message, b"");
        assert_eq!(status, 200, "{made}");
        let mac = bytes(&made, "Mac");
        let expected = 0x5bdc_c146_bf60_754e_6a04_2426_0895_75c7_u128;
        assert_eq!(mac[..16], expected.to_be_bytes());
        assert_eq!(mac[16..], 0x5a00_3f08_9d27_3983_9dec_58b9_64ec_3843_u128.to_be_bytes());
        assert_eq!(ask("VerifyMac", message, &mac).0, 200);
        for (message, mac) in [(&message[1..], &mac[..]), (message, &mac[1..]), (message, b"")] {
            let (status, says) = ask("VerifyMac", message, mac);
            assert!(status == 400 && says.contains("KMSInvalidMacException"), "{says}");
        }
        assert_eq!(ask("Sign", message, b"").0, 400);
        assert!(ask("GenerateMac", b"", b"").1.contains("ValidationException"));
    }
}
