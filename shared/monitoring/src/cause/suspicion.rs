//! A fault that would explain what moved.

use super::facts::Both;
use crate::Fault;

/// Confidence in what the data show directly: values missing, of a wrong type, every one a thousand times too large.
pub(crate) const DIRECT: f64 = 0.95;

/// Confidence in what the data suggest.
pub(crate) const LIKELY: f64 = 0.8;

/// Confidence in one explanation of several.
pub(crate) const POSSIBLE: f64 = 0.6;

/// A fault of the data, and what it explains.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Suspicion {
    pub(crate) fault: Fault,
    /// The fields it explains, the one it is clearest in first; empty for faults of whole files.
    pub(crate) fields: Vec<String>,
    /// The evidence, in one sentence without a full stop.
    pub(crate) evidence: String,
    /// How sure we are, `0..=1`.
    pub(crate) confidence: f64,
    /// Share of the records that have it, `0..=1`.
    pub(crate) share: f64,
}

impl Suspicion {
    /// A fault of one field.
    pub(crate) fn of(field: Both<'_>, fault: Fault, share: f64, confidence: f64, evidence: String) -> Self {
        Self { fault, fields: vec![field.name.to_owned()], evidence, confidence, share }
    }

    /// The same, found in a part of the window's records: those since the change began.
    pub(crate) fn of_part(self, part: f64) -> Self {
        let evidence = format!("since it began, {}", self.evidence);
        Self { share: self.share * part, evidence, ..self }
    }
}
