//! Why something that was asked of the registry is not done: what was tried, where the version stands, what would be possible.

use std::fmt;

use super::bounds::OutOfBounds;
use super::{Answer, VersionState};

/// A command that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The model.
    pub model: String,
    /// The version's number, if it is about one.
    pub version: Option<u32>,
    /// What was tried, in words (`promote`).
    pub tried: &'static str,
    /// Where the version stands, if there is one.
    pub state: Option<VersionState>,
    /// Why not.
    pub reason: Reason,
}

/// Why something is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// There is no such version.
    Unknown,
    /// Its state does not allow it.
    State,
    /// The version was ended for another reason, or another time.
    Ended {
        /// How, in words.
        how: String,
    },
    /// The run was submitted before, with something else in it.
    SameRun {
        /// Which version it is.
        number: u32,
        /// What differs, in words.
        differs: &'static str,
    },
    /// Something is too large, missing, or not what it should be.
    OutOfBounds(OutOfBounds),
    /// The version has no gate's report yet.
    NoGate,
    /// The gate compared with a champion that is no longer there.
    OtherChampion {
        /// The champion of the comparison.
        compared: Option<u32>,
        /// The champion now.
        now: Option<u32>,
    },
    /// Not enough people may approve.
    Quorum {
        /// How many must.
        needed: u32,
        /// Who may, normalised.
        may: Vec<String>,
        /// Who is named and may not, and why.
        may_not: Vec<(String, &'static str)>,
    },
    /// The request that is answered is not the one that is open.
    OtherRequest,
    /// The person is not asked.
    NotAsked {
        /// Who, normalised.
        person: String,
    },
    /// The person would decide about their own model.
    OwnModel {
        /// Who, normalised.
        person: String,
        /// What they did: `submitted it`, `wrote its files`.
        part: &'static str,
    },
    /// The person said something else before.
    SaidBefore {
        /// Who, normalised.
        person: String,
        /// What they said.
        answer: Answer,
    },
    /// What is decided about has changed since people were asked.
    Stale {
        /// What has changed.
        changed: Vec<&'static str>,
    },
    /// The answer comes too late.
    TooLate {
        /// Since when, milliseconds since 1970.
        since_ms: i64,
    },
    /// The request is still open.
    TooEarly {
        /// Until when, milliseconds since 1970.
        until_ms: i64,
    },
    /// The version waits between approval and promotion.
    OnHold {
        /// Until when, milliseconds since 1970.
        until_ms: i64,
    },
    /// There is no version to go back to.
    NothingBefore {
        /// The one that was there before, and why it cannot come back.
        withdrawn: Option<u32>,
    },
    /// Another version is the challenger.
    OtherChallenger {
        /// Which one.
        number: u32,
    },
    /// Retraining is not asked for now.
    NoRetraining {
        /// Why, in words.
        says: String,
    },
    /// The snapshot that was decided on does not hold together, which is a defect of Tidegate.
    Snapshot {
        /// What is wrong.
        says: &'static str,
    },
}

impl Refusal {
    /// What would be possible in the version's state, in words.
    #[must_use]
    pub fn possible(&self) -> &'static [&'static str] {
        self.state.map_or(&[], VersionState::possible)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "could not {} ", self.tried)?;
        match self.version {
            Some(number) => write!(out, "version {number} of {}", self.model)?,
            None => write!(out, "{}", self.model)?,
        }
        match (self.state, self.possible()) {
            (None, _) => write!(out, ": {}", self.reason),
            (Some(state), []) => write!(out, ", which is {state}: {}; {state} is final", self.reason),
            (Some(state), possible) => write!(out, ", which is {state}: {}; possible are: {}", self.reason, possible.join(", ")),
        }
    }
}

impl std::error::Error for Refusal {}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => out.write_str("found no such version"),
            Self::State => out.write_str("that is not done from there"),
            Self::Ended { how } => write!(out, "it was {how}"),
            Self::SameRun { number, differs } => {
                write!(out, "its run is version {number} already, with another {differs}; expected a new run for a new model")
            }
            Self::OutOfBounds(OutOfBounds { field, found, expected }) => write!(out, "{field}: found {found}, expected {expected}"),
            Self::NoGate => out.write_str("found no gate's report, expected one before people are asked"),
            Self::OtherChampion { compared, now } => write!(
                out,
                "its gate compared it with {}, and now the champion is {}: expected a gate's report against that one",
                version(*compared),
                version(*now)
            ),
            Self::Quorum { needed, may, may_not } => {
                write!(out, "{needed} must approve and {} may{}", may.len(), listed(may))?;
                for (person, why) in may_not {
                    write!(out, "; {person} may not: {why}")?;
                }
                out.write_str(". Name more approvers in the contract (promotion)")
            }
            Self::OtherRequest => out.write_str("the request that was answered is not the one that is open"),
            Self::NotAsked { person } => write!(out, "{person} is not among those who are asked"),
            Self::OwnModel { person, part } => write!(out, "{person} {part}, and nobody decides about their own model"),
            Self::SaidBefore { person, answer } => write!(out, "{person} {} it before, and a decision stands", answer.done()),
            Self::Stale { changed } => write!(out, "{} changed since; expected it to be looked at again", changed.join(" and ")),
            Self::TooLate { since_ms } => write!(out, "the request expired at {}", time(*since_ms)),
            Self::TooEarly { until_ms } => write!(out, "the request is open until {}", time(*until_ms)),
            Self::OnHold { until_ms } => write!(out, "it is held back until {}", time(*until_ms)),
            Self::NothingBefore { withdrawn: None } => {
                out.write_str("it replaced no version, so there is nothing to go back to; retire it to serve nothing")
            }
            Self::NothingBefore { withdrawn: Some(number) } => {
                write!(out, "version {number}, which it replaced, was withdrawn and cannot come back; promote another version")
            }
            Self::OtherChallenger { number } => write!(out, "version {number} is the challenger"),
            Self::NoRetraining { says } => out.write_str(says),
            Self::Snapshot { says } => write!(out, "the registry's items do not hold together: {says}"),
        }
    }
}

fn version(number: Option<u32>) -> String {
    number.map_or_else(|| "none".to_owned(), |number| format!("version {number}"))
}

fn listed(people: &[String]) -> String {
    if people.is_empty() { String::new() } else { format!(" ({})", people.join(", ")) }
}

fn time(ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
