//! What a link is about, and the bytes that its MACs cover.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::fields::Fields;
use crate::{Code, Mac, Token};

/// What the digest is made over that names a link.
const ID: &str = "tidegate.link/1";
/// What the link's MAC is made over. Another version of the scheme is another text here, and another `v…` in the token.
const MESSAGE: &str = "tidegate.link.message/1";
/// What the MAC is made over that the code is read from.
const CODE: &str = "tidegate.link.code/1";
/// What the MAC is made over that a code is checked with.
const CODE_CHECK: &str = "tidegate.link.code-check/1";

/// What names a link: 128 bits that nobody can guess who does not know the request.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LinkId(pub(crate) [u8; Self::BYTES]);

impl LinkId {
    /// How many bytes it has.
    pub const BYTES: usize = 16;

    /// The link of one approver on one request: always the same. The first 128 bits of the SHA-256 over both.
    #[must_use]
    pub fn of(request: &str, approver: &str) -> Self {
        let digest = Sha256::digest(Fields::of(ID).text(request).text(approver).finish());
        let mut id = [0; Self::BYTES];
        id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Self(id)
    }

    /// As 32 hexadecimal digits: the name of its item in the table.
    #[must_use]
    pub fn hex(&self) -> String {
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
        digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
    }
}

impl fmt::Debug for LinkId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.hex())
    }
}

/// One person's way to decide about one thing, until a moment. Everything in it is covered by its MAC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Which key makes its MACs: a short name, `k1`.
    pub kid: String,
    /// The request that is answered.
    pub request: String,
    /// `dev`, `test` or `prod`.
    pub stage: String,
    /// The account's twelve digits.
    pub account: String,
    /// The model.
    pub model: String,
    /// What is decided.
    pub subject: Subject,
    /// Who is asked, normalised.
    pub approver: String,
    /// When the person was asked, milliseconds since 1970.
    pub issued_at_ms: i64,
    /// From when on an answer comes too late, milliseconds since 1970.
    pub expires_at_ms: i64,
}

/// What is decided. Each kind has its own fields under the MAC, after its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Subject {
    /// Whether a version becomes champion.
    Promotion {
        /// The version's number.
        version: u32,
        /// Digest of the artifact's manifest with names.
        artifact: String,
        /// Digest of the gate's report that is shown.
        evidence: String,
        /// The champion that it would replace.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        champion: Option<u32>,
        /// Digest of who decides.
        policy: String,
    },
    /// Whether a model is retrained.
    Retraining {
        /// The retraining's number.
        number: u32,
        /// The dataset version to train on.
        dataset: String,
        /// Digest of what it was proposed on.
        evidence: String,
        /// The champion that a candidate would challenge.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        champion: Option<u32>,
        /// Digest of who decides.
        policy: String,
    },
}

impl Subject {
    /// Its kind, as the MAC covers it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Promotion { .. } => "promotion",
            Self::Retraining { .. } => "retraining",
        }
    }

    /// The version's number, if it is about one.
    #[must_use]
    pub const fn version(&self) -> Option<u32> {
        match self {
            Self::Promotion { version, .. } => Some(*version),
            Self::Retraining { .. } => None,
        }
    }
}

impl Link {
    /// What names it.
    #[must_use]
    pub fn id(&self) -> LinkId {
        LinkId::of(&self.request, &self.approver)
    }

    /// What the link's MAC covers.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        self.fields(MESSAGE).finish()
    }

    /// What the MAC covers that the code is read from ([`Code::of`]).
    #[must_use]
    pub fn code_message(&self) -> Vec<u8> {
        self.fields(CODE).finish()
    }

    /// What the MAC covers by which a code is told from a wrong one, without anybody who checks knowing the code.
    #[must_use]
    pub fn code_check_message(&self, code: &Code) -> Vec<u8> {
        self.fields(CODE_CHECK).text(code.expose()).finish()
    }

    /// The token with this MAC of [`Link::message`].
    #[must_use]
    pub fn token(&self, mac: Mac) -> Token {
        Token { kid: self.kid.clone(), id: self.id(), mac }
    }

    /// Whether an answer comes too late at this moment, milliseconds since 1970.
    #[must_use]
    pub const fn is_expired(&self, now_ms: i64) -> bool {
        now_ms >= self.expires_at_ms
    }

    fn fields(&self, purpose: &str) -> Fields {
        let fields = Fields::of(purpose)
            .text(&self.kid)
            .bytes(&self.id().0)
            .text(&self.request)
            .text(&self.stage)
            .text(&self.account)
            .text(&self.model)
            .text(&self.approver)
            .number(self.issued_at_ms)
            .number(self.expires_at_ms)
            .text(self.subject.kind());
        match &self.subject {
            Subject::Promotion { version, artifact, evidence, champion, policy } => {
                fields.number(version).text(artifact).text(evidence).optional(*champion).text(policy)
            }
            Subject::Retraining { number, dataset, evidence, champion, policy } => {
                fields.number(number).text(dataset).text(evidence).optional(*champion).text(policy)
            }
        }
    }
}

impl LinkId {
    pub(crate) fn encoded(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    pub(crate) fn decoded(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn link() -> Link {
        Link {
            kid: "k1".to_owned(),
            request: "0123456789abcdef0123456789abcdef".to_owned(),
            stage: "prod".to_owned(),
            account: "111122223333".to_owned(),
            model: "flight-delay".to_owned(),
            subject: Subject::Promotion {
                version: 3,
                artifact: "a".repeat(64),
                evidence: "e".repeat(64),
                champion: Some(2),
                policy: "d".repeat(64),
            },
            approver: "lead@example.com".to_owned(),
            issued_at_ms: 1_372_723_200_000,
            expires_at_ms: 1_372_982_400_000,
        }
    }

    #[test]
    fn the_id_is_that_of_request_and_approver() {
        // python: hashlib.sha256(b"".join(len(f).to_bytes(8, "big") + f for f in
        //   [b"tidegate.link/1", b"0123456789abcdef0123456789abcdef", b"lead@example.com"])).hexdigest()[:32]
        assert_eq!(link().id().hex(), "7db584a76a6d6124e6d8059317601e02");
        assert_ne!(LinkId::of("r", "a"), LinkId::of("r", "b"));
        assert_ne!(LinkId::of("r", "a"), LinkId::of("s", "a"));
        assert_eq!(LinkId::decoded(&link().id().encoded()), Some(link().id()));
    }

    #[test]
    fn every_field_is_covered_and_every_purpose_is_another() {
        let with = |change: fn(&mut Link)| {
            let mut link = link();
            change(&mut link);
            link.message()
        };
        let about = |version: u32, digits: [&str; 3], champion: Option<u32>| {
            let [artifact, evidence, policy] = digits.map(|digit| digit.repeat(64));
            Link { subject: Subject::Promotion { version, artifact, evidence, champion, policy }, ..link() }.message()
        };
        assert_eq!(about(3, ["a", "e", "d"], Some(2)), link().message());
        let code = Code::of(&Mac::from([7; 32]));
        let messages = [
            link().message(),
            link().code_message(),
            link().code_check_message(&code),
            with(|link| link.kid = "k2".to_owned()),
            with(|link| link.request.replace_range(..1, "1")),
            with(|link| link.stage = "test".to_owned()),
            with(|link| link.account.replace_range(..1, "2")),
            with(|link| link.model.push('s')),
            with(|link| link.approver = "risk@example.com".to_owned()),
            with(|link| link.issued_at_ms += 1),
            with(|link| link.expires_at_ms += 1),
            about(4, ["a", "e", "d"], Some(2)),
            about(3, ["b", "e", "d"], Some(2)),
            about(3, ["a", "b", "d"], Some(2)),
            about(3, ["a", "e", "b"], Some(2)),
            about(3, ["a", "e", "d"], Some(1)),
            about(3, ["a", "e", "d"], None),
        ];
        let [dataset, evidence, policy] = ["a", "e", "d"].map(|digit| digit.repeat(64));
        let retraining = Link { subject: Subject::Retraining { number: 3, dataset, evidence, champion: Some(2), policy }, ..link() };
        assert!(!messages.contains(&retraining.message()), "a link of one kind is none of the other");
        assert_eq!(messages.iter().collect::<BTreeSet<_>>().len(), messages.len());
    }

    #[test]
    fn the_last_moment_is_the_one_before_it_expires() {
        let link = link();
        assert!(!link.is_expired(link.expires_at_ms - 1));
        assert!(link.is_expired(link.expires_at_ms));
    }
}
