//! KMS with one key, as much of it as `registry` and `tidegate verify` call: an `ECC_NIST_P256` key that signs digests. The key is made
//! once and lies in a file of the account's folder; it protects nothing, and lets a demo's checkpoints be verified like real ones.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey;
use serde_json::{Value, json};

/// The alias of the signing key.
pub const SIGNING_KEY: &str = "alias/tidegate-audit";

/// The file of its secret half.
const FILE: &str = "kms-audit.key";

/// The account's keys.
pub(crate) struct Keys {
    signing: Option<SigningKey>,
}

impl Keys {
    /// The keys of an account in `folder`, made if there are none.
    pub(crate) fn open(folder: &Path) -> std::io::Result<Self> {
        let keys = Self::open_to_read(folder)?;
        if keys.signing.is_some() {
            return Ok(keys);
        }
        loop {
            let mut secret = [0; 32];
            getrandom::fill(&mut secret).map_err(std::io::Error::other)?;
            // One number in 2^32 is none of the curve's.
            if let Ok(signing) = SigningKey::from_slice(&secret) {
                std::fs::write(folder.join(FILE), STANDARD.encode(secret))?;
                return Ok(Self { signing: Some(signing) });
            }
        }
    }

    /// The keys that an account left in `folder`, if any.
    pub(crate) fn open_to_read(folder: &Path) -> std::io::Result<Self> {
        match std::fs::read_to_string(folder.join(FILE)) {
            Ok(text) => {
                let secret = STANDARD.decode(text.trim()).map_err(std::io::Error::other)?;
                Ok(Self { signing: Some(SigningKey::from_slice(&secret).map_err(std::io::Error::other)?) })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self { signing: None }),
            Err(error) => Err(error),
        }
    }

    /// Answers one request: `target` is the `x-amz-target` header (`TrentService.Sign`), `body` its JSON.
    /// Returns the HTTP status and the JSON of the answer.
    pub(crate) fn answer(&self, target: &str, body: &[u8]) -> (u16, String) {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let said = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
        let refused = |kind: &str, says: String| (400, json!({ "__type": kind, "message": says }).to_string());
        let Some(signing) = self.signing.as_ref().filter(|_| said("KeyId") == SIGNING_KEY) else {
            return refused("NotFoundException", format!("the local account has no key \"{}\"", said("KeyId")));
        };
        match target.rsplit('.').next().unwrap_or_default() {
            "GetPublicKey" => match signing.verifying_key().to_public_key_der() {
                Ok(der) => {
                    let key = STANDARD.encode(der.as_bytes());
                    let answer = json!({ "KeyId": SIGNING_KEY, "PublicKey": key, "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY" });
                    (200, answer.to_string())
                }
                Err(error) => refused("KMSInternalException", error.to_string()),
            },
            "Sign" if (said("MessageType"), said("SigningAlgorithm")) == ("DIGEST", "ECDSA_SHA_256") => {
                let digest = STANDARD.decode(said("Message")).unwrap_or_default();
                let signature: Result<Signature, _> = match digest.len() {
                    32 => signing.sign_prehash(&digest),
                    length => return refused("ValidationException", format!("found a digest of {length} bytes, expected 32")),
                };
                match signature {
                    Ok(signature) => {
                        let signature = STANDARD.encode(signature.to_der().as_bytes());
                        let answer = json!({ "KeyId": SIGNING_KEY, "Signature": signature, "SigningAlgorithm": "ECDSA_SHA_256" });
                        (200, answer.to_string())
                    }
                    Err(error) => refused("KMSInternalException", error.to_string()),
                }
            }
            other => refused("UnsupportedOperationException", format!("the local account cannot {other} so")),
        }
    }
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::hazmat::PrehashVerifier;
    use p256::pkcs8::DecodePublicKey;

    use super::*;

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
        let bytes = |json: &str, name: &str| STANDARD.decode(serde_json::from_str::<Value>(json).unwrap()[name].as_str().unwrap()).unwrap();
        let public = VerifyingKey::from_public_key_der(&bytes(&public, "PublicKey")).unwrap();
        let signature = Signature::from_der(&bytes(&signed, "Signature")).unwrap();
        public.verify_prehash(&digest, &signature).unwrap();
    }
}
