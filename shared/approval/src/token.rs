//! The one secret in a link's address: `v1.<kid>.<id>.<mac>`, id and MAC in base64url without padding.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::LinkId;

/// Version of the scheme, as a token begins.
const VERSION: &str = "v1";

/// Longest name of a key.
const MAX_KID: usize = 8;

/// Bytes of a MAC: HMAC-SHA-256.
pub const MAC_BYTES: usize = 32;

/// A MAC. It prints as `***`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mac([u8; MAC_BYTES]);

impl Mac {
    /// A MAC as the key service answers it, if it has the length of one.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its bytes, for the key service alone.
    #[must_use]
    pub const fn expose(&self) -> &[u8; MAC_BYTES] {
        &self.0
    }

    /// In base64url without padding, as it stands in a token and in the table.
    #[must_use]
    pub fn encoded(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Reads what [`Mac::encoded`] writes, and nothing else.
    #[must_use]
    pub fn decoded(text: &str) -> Option<Self> {
        Self::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?)
    }
}

impl From<[u8; MAC_BYTES]> for Mac {
    fn from(bytes: [u8; MAC_BYTES]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

/// What a link's address carries. It prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    pub(crate) kid: String,
    pub(crate) id: LinkId,
    pub(crate) mac: Mac,
}

/// A text that is no token. It does not say why: whoever tries learns nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("found no token of a decision link")]
pub struct NoToken;

impl Token {
    /// Reads a token: exactly what [`Token::expose`] writes, so that each has one spelling.
    ///
    /// # Errors
    /// [`NoToken`] for everything else.
    pub fn parse(text: &str) -> Result<Self, NoToken> {
        let mut parts = text.split('.');
        let (Some(VERSION), Some(kid), Some(id), Some(mac), None) = (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NoToken);
        };
        if !Self::is_kid(kid) {
            return Err(NoToken);
        }
        let (Some(id), Some(mac)) = (LinkId::decoded(id), Mac::decoded(mac)) else { return Err(NoToken) };
        Ok(Self { kid: kid.to_owned(), id, mac })
    }

    /// Whether a text can name a key: one to eight lower-case letters and digits.
    #[must_use]
    pub fn is_kid(text: &str) -> bool {
        (1..=MAX_KID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    }

    /// Which key made it.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Which link it claims to be.
    #[must_use]
    pub const fn id(&self) -> LinkId {
        self.id
    }

    /// The MAC that it claims.
    #[must_use]
    pub const fn mac(&self) -> &Mac {
        &self.mac
    }

    /// The token as text: for a mail and for the page's own addresses, never for a log.
    #[must_use]
    pub fn expose(&self) -> String {
        format!("{VERSION}.{}.{}.{}", self.kid, self.id.encoded(), self.mac.encoded())
    }

    /// The address in the mail, under the endpoint of the approver's page (`https://….amazonaws.com`).
    #[must_use]
    pub fn url(&self, endpoint: &str) -> String {
        format!("{}/decision?t={}", endpoint.trim_end_matches('/'), self.expose())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token() -> Token {
        Token { kid: "k1".to_owned(), id: LinkId::of("request", "ada@example.com"), mac: Mac::from([0xa5; 32]) }
    }

    #[test]
    fn a_token_is_read_as_it_was_written_and_its_address_is_short() {
        let token = token();
        assert_eq!(Token::parse(&token.expose()), Ok(token.clone()));
        let url = token.url("https://abcdefghij.execute-api.eu-central-1.amazonaws.com/");
        assert_eq!(url.len(), 141, "{url}");
        assert_eq!((format!("{token:?}"), format!("{:?}", token.mac())), ("***".to_owned(), "***".to_owned()));
    }

    #[test]
    fn each_token_has_one_spelling() {
        let good = token().expose();
        let parts: Vec<&str> = good.split('.').collect();
        let wrong = [
            String::new(),
            good.replacen("v1", "v2", 1),
            good.replacen("v1", "V1", 1),
            format!("{good}."),
            format!("{good}="),
            format!(" {good}"),
            format!("{good}.x"),
            good.replacen("k1", "", 1),
            good.replacen("k1", "K1", 1),
            good.replacen("k1", "k1/x", 1),
            good.replacen("k1", "k12345678", 1),
            parts[..3].join("."),
            format!("v1.k1.{}.{}", parts[3], parts[2]),
            format!("v1.k1.{}.{}", &parts[2][1..], parts[3]),
            format!("v1.k1.{}A.{}", parts[2], parts[3]),
        ];
        for text in wrong {
            assert_eq!(Token::parse(&text), Err(NoToken), "{text}");
        }
        // The last character carries two bits that mean nothing: they must be 0.
        let (last, alphabet) = (good.chars().last().unwrap(), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
        let same = alphabet.chars().filter(|other| {
            let text = format!("{}{other}", good.strip_suffix(last).unwrap());
            Token::parse(&text).is_ok_and(|read| read == token())
        });
        assert_eq!(same.count(), 1);
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_written_the_same(text in "v1\\.[a-z0-9]{1,9}\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}") {
            if let Ok(token) = Token::parse(&text) {
                prop_assert_eq!(token.expose(), text);
            }
        }
    }
}
