//! One event of another registry, read.

use std::collections::BTreeMap;

use chrono::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tidegate_contract::RegisteredIn;

use super::{mlflow, sagemaker};

/// How names of what Tidegate asks of a version begin there: customer metadata in SageMaker, tags in MLflow.
pub(super) const PREFIX: &str = "tidegate.";

/// Most properties of a version that are kept.
const MAX_PROPERTIES: usize = 60;
/// Longest text that is kept, bytes.
const MAX_TEXT_BYTES: usize = 1_000;

/// Another registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outside {
    /// SageMaker's Model Registry.
    Sagemaker,
    /// MLflow's model registry.
    Mlflow,
}

impl Outside {
    /// As it stands in names.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sagemaker => "sagemaker",
            Self::Mlflow => "mlflow",
        }
    }

    /// As people call it.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Sagemaker => "SageMaker",
            Self::Mlflow => "MLflow",
        }
    }

    /// What the properties of a version are called there.
    pub(super) const fn properties(self) -> &'static str {
        match self {
            Self::Sagemaker => "customer metadata property",
            Self::Mlflow => "tag",
        }
    }

    /// A version of it: `version 3 of flight-delay in SageMaker`.
    pub(super) fn what(self, name: &str, version: u32) -> String {
        format!("version {version} of {name} in {}", self.words())
    }

    /// The name that a contract gives for it, if it does.
    pub(super) fn named_in(self, contract: &RegisteredIn) -> Option<&str> {
        match self {
            Self::Sagemaker => contract.sagemaker.as_deref(),
            Self::Mlflow => contract.mlflow.as_deref(),
        }
    }
}

/// Something, and when it was said, microseconds since 1970. Of two, the later is the greater; of two at one moment, one and always the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Timed<T> {
    pub(crate) at_us: i64,
    pub(crate) value: T,
}

/// Where a version comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Origin {
    /// Where its files lie, as the registry names the places.
    pub(crate) files: Vec<String>,
    /// Who registered it, as the account knows them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code_revision: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) framework: Option<String>,
    /// What else is worth keeping of it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) parameters: BTreeMap<String, String>,
}

/// What was decided about a version there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Decision {
    /// Nothing yet, or nothing any more.
    Pending,
    /// It may be deployed, for that registry's part.
    Approved,
    /// It may not.
    Rejected {
        /// Why, if that was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        /// Who, if that was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
}

/// What an event says of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) registry: Outside,
    /// The group or the registered model.
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) origin: Option<Timed<Origin>>,
    pub(crate) decision: Option<Timed<Decision>>,
    /// Those whose names begin with [`PREFIX`], without it; `None`: it was taken away.
    pub(crate) properties: BTreeMap<String, Timed<Option<String>>>,
    /// Whether it describes the whole version, so that what it lacks is missing. A single tag does not.
    pub(crate) is_whole: bool,
}

impl Said {
    /// `version 3 of flight-delay in SageMaker`.
    pub(crate) fn what(&self) -> String {
        self.registry.what(&self.name, self.version)
    }

    /// Keeps a property, if it is one of ours.
    pub(super) fn with(&mut self, name: &str, value: Option<&str>, at_us: i64) {
        if let Some(name) = name.strip_prefix(PREFIX)
            && name.len() <= MAX_TEXT_BYTES
            && self.properties.len() < MAX_PROPERTIES
        {
            self.properties.insert(clean(name), Timed { at_us, value: value.map(clean) });
        }
    }
}

/// What there is in a message.
#[derive(Debug)]
pub(crate) enum Heard {
    /// Something else, which other code reads.
    Else,
    /// An event of another registry from which nothing follows, and why.
    Nothing(String),
    /// Something about a version.
    Said(Box<Said>),
}

/// Reads a message's body.
///
/// # Errors
/// What was found and what was expected, if it is an event of another registry that is not as it should be.
pub(crate) fn hear(body: &str) -> Result<Heard, String> {
    // The documented example of SageMaker has a key twice: of two values the last one counts.
    let Ok(event) = serde_json::from_str::<Value>(body) else { return Ok(Heard::Else) };
    let kind = text(&event, "/detail-type").unwrap_or_default();
    if kind == sagemaker::KIND {
        sagemaker::read(&event)
    } else if let Some(kind) = kind.strip_prefix(mlflow::KIND).filter(|_| text(&event, "/source") == Some("mlflow")) {
        mlflow::read(kind, &event)
    } else {
        Ok(Heard::Else)
    }
}

/// A text at a place of an event.
pub(super) fn text<'e>(event: &'e Value, place: &str) -> Option<&'e str> {
    event.pointer(place).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
}

/// A version's number, written as a number or as a text.
pub(super) fn number(event: &Value, place: &str) -> Option<u32> {
    let number = event.pointer(place)?;
    let number = number.as_u64().and_then(|number| u32::try_from(number).ok());
    number.or_else(|| text(event, place)?.parse().ok()).filter(|number| *number > 0)
}

/// A time, RFC 3339 or milliseconds since 1970, as microseconds.
pub(super) fn time_us(event: &Value, place: &str) -> Option<i64> {
    match event.pointer(place)? {
        Value::String(text) => DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_micros()),
        Value::Number(ms) => ms.as_i64()?.checked_mul(1_000),
        _ => None,
    }
}

/// A text as it may be kept and shown: not too long, without characters that cannot be seen.
pub(super) fn clean(text: &str) -> String {
    let is_hidden = |character: &char| {
        character.is_control()
            || matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
    };
    let mut clean = String::new();
    for character in text.trim().chars().map(|character| if is_hidden(&character) { '·' } else { character }) {
        if clean.len() + character.len_utf8() > MAX_TEXT_BYTES {
            break;
        }
        clean.push(character);
    }
    clean
}
