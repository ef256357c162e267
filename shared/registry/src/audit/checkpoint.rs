//! Where all chains end at one moment, signed and kept elsewhere: after it, not even whoever can write the table can make a chain anew.
//!
//! The signature is ECDSA on P-256 over the SHA-256 of the canonical JSON, as AWS KMS makes it with a key of kind `ECC_NIST_P256`
//! (`ECDSA_SHA_256`, FIPS 186-5). Whoever has the public key can verify it, without an account.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::pkcs8::DecodePublicKey;
use serde::{Deserialize, Serialize};

use super::canonical::{NotCanonical, canonical, sha256};
use super::chain::Anchor;
use crate::lifecycle::Head;

/// Where every chain ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The shape: `tidegate.checkpoint/1`.
    pub format: String,
    /// The stage whose registry this is.
    pub stage: String,
    /// For when it was made, RFC 3339.
    pub at: String,
    /// The ends, sorted by model.
    pub heads: Vec<ChainEnd>,
}

/// Where one chain ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainEnd {
    /// The model.
    pub model: String,
    /// Number of its last entry.
    pub seq: u64,
    /// Digest of that entry.
    pub hash: String,
}

/// A checkpoint as it is kept: the very text that was signed, and the signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedCheckpoint {
    /// The checkpoint's canonical JSON.
    pub checkpoint: String,
    /// The signature: DER, in base64.
    pub signature: String,
    /// Which key signed it.
    pub key: String,
}

/// What is wrong with a checkpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The key is not one.
    #[error("found no public key of P-256, expected one as PEM (SubjectPublicKeyInfo), or as DER")]
    Key,
    /// The signature is not that of the key over this text.
    #[error("its signature is not that of the key")]
    Signature,
    /// It cannot be read.
    #[error("it cannot be read as a checkpoint")]
    Unreadable(#[source] serde_json::Error),
}

const FORMAT: &str = "tidegate.checkpoint/1";

impl Checkpoint {
    /// The ends of these chains.
    #[must_use]
    pub fn new(stage: &str, at: &str, heads: impl IntoIterator<Item = (String, Head)>) -> Self {
        let mut heads: Vec<_> = heads.into_iter().map(|(model, head)| ChainEnd { model, seq: head.seq, hash: head.hash }).collect();
        heads.sort();
        Self { format: FORMAT.to_owned(), stage: stage.to_owned(), at: at.to_owned(), heads }
    }

    /// The text to sign.
    ///
    /// # Errors
    /// [`NotCanonical`] if a chain is longer than 2^53 entries.
    pub fn text(&self) -> Result<String, NotCanonical> {
        canonical(self)
    }

    /// Digest of the ends alone: whether any chain went on since.
    ///
    /// # Errors
    /// As [`Checkpoint::text`].
    pub fn heads_digest(&self) -> Result<String, NotCanonical> {
        canonical(&self.heads).map(|text| sha256(&text))
    }

    /// Where it says that a model's chain was.
    #[must_use]
    pub fn anchor(&self, model: &str) -> Option<Anchor> {
        let end = self.heads.iter().find(|end| end.model == model)?;
        Some(Anchor { seq: end.seq, hash: end.hash.clone(), from: format!("the checkpoint of {}", self.at) })
    }
}

impl SignedCheckpoint {
    /// A text with its signature (DER).
    #[must_use]
    pub fn new(text: String, signature: &[u8], key: &str) -> Self {
        Self { checkpoint: text, signature: STANDARD.encode(signature), key: key.to_owned() }
    }

    /// Reads what was kept, without trusting it.
    ///
    /// # Errors
    /// [`CheckpointError::Unreadable`].
    pub fn read(bytes: &[u8]) -> Result<Self, CheckpointError> {
        serde_json::from_slice(bytes).map_err(CheckpointError::Unreadable)
    }

    /// As it is kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Three texts: there is nothing that JSON could refuse.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// What it says, whoever signed it.
    ///
    /// # Errors
    /// [`CheckpointError::Unreadable`].
    pub fn unverified(&self) -> Result<Checkpoint, CheckpointError> {
        serde_json::from_str(&self.checkpoint).map_err(CheckpointError::Unreadable)
    }

    /// The checkpoint, if the key signed it.
    ///
    /// # Errors
    /// [`CheckpointError`] says what is wrong.
    pub fn verified(&self, key: &PublicKey) -> Result<Checkpoint, CheckpointError> {
        let der = STANDARD.decode(&self.signature).map_err(|_| CheckpointError::Signature)?;
        let signature = Signature::from_der(&der).map_err(|_| CheckpointError::Signature)?;
        key.0.verify(self.checkpoint.as_bytes(), &signature).map_err(|_| CheckpointError::Signature)?;
        self.unverified()
    }
}

/// The public half of the key that signs checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads a `SubjectPublicKeyInfo`: DER, as KMS `GetPublicKey` answers, or the same as PEM.
    ///
    /// # Errors
    /// [`CheckpointError::Key`].
    pub fn read(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let der = match std::str::from_utf8(bytes).ok().filter(|text| text.contains("-----BEGIN PUBLIC KEY-----")) {
            Some(pem) => {
                let body: String = pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
                STANDARD.decode(body).map_err(|_| CheckpointError::Key)?
            }
            None => bytes.to_vec(),
        };
        VerifyingKey::from_public_key_der(&der).map(Self).map_err(|_| CheckpointError::Key)
    }
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::SigningKey;
    use p256::ecdsa::signature::Signer;
    use p256::pkcs8::EncodePublicKey;

    use super::*;

    fn checkpoint() -> Checkpoint {
        let head = |seq: u64| Head { seq, hash: format!("{seq:064x}"), ..Head::empty() };
        Checkpoint::new("prod", "2013-07-02T00:05:00Z", [("b".to_owned(), head(2)), ("a".to_owned(), head(1))])
    }

    fn key(number: u8) -> (SigningKey, PublicKey) {
        let secret = SigningKey::from_slice(&[number; 32]).unwrap();
        let der = secret.verifying_key().to_public_key_der().unwrap();
        (secret, PublicKey::read(der.as_bytes()).unwrap())
    }

    #[test]
    fn a_signed_checkpoint_is_read_back_and_not_one_bit_of_it_may_change() {
        let (secret, public) = key(7);
        let text = checkpoint().text().unwrap();
        let signature: Signature = secret.sign(text.as_bytes());
        let signed = SignedCheckpoint::new(text, signature.to_der().as_bytes(), "alias/audit");
        let signed = SignedCheckpoint::read(&signed.to_bytes()).unwrap();
        assert_eq!(signed.verified(&public).unwrap(), checkpoint());
        assert!(matches!(signed.verified(&key(8).1), Err(CheckpointError::Signature)));
        for at in 0..signed.checkpoint.len() {
            let mut bytes = signed.checkpoint.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(checkpoint) = String::from_utf8(bytes) else { continue };
            assert!(SignedCheckpoint { checkpoint, ..signed.clone() }.verified(&public).is_err(), "byte {at}");
        }
    }

    #[test]
    fn the_digest_of_the_ends_does_not_know_the_hour() {
        let later = Checkpoint { at: "2013-07-02T01:05:00Z".to_owned(), ..checkpoint() };
        assert_eq!(checkpoint().heads_digest().unwrap(), later.heads_digest().unwrap());
        assert_ne!(checkpoint().text().unwrap(), later.text().unwrap());
        assert_eq!(checkpoint().heads[0].model, "a");
        assert_eq!(checkpoint().anchor("b").unwrap().seq, 2);
    }

    #[test]
    fn a_key_is_read_as_der_and_as_pem() {
        let (secret, public) = key(7);
        let der = secret.verifying_key().to_public_key_der().unwrap();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der.as_bytes()));
        assert_eq!(PublicKey::read(pem.as_bytes()).unwrap(), public);
        assert!(matches!(PublicKey::read(b"-----BEGIN PUBLIC KEY-----\n??\n"), Err(CheckpointError::Key)));
    }
}
