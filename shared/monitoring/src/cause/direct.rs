//! Faults that the data show directly: values that are missing, of another type or outside what the contract allows, and
//! lines that cannot be read.

use super::facts::Facts;
use super::suspicion::{DIRECT, LIKELY, Suspicion};
use crate::{Fault, QualityFinding, QualityKind, State};

fn found(fault: Fault, finding: &QualityFinding) -> Suspicion {
    Suspicion {
        fault,
        fields: finding.field.iter().cloned().collect(),
        evidence: finding.sentence.clone(),
        confidence: if finding.state == State::Drift { DIRECT } else { LIKELY },
        share: finding.share,
    }
}

/// Values that are missing or of another type; the one of which there are more.
pub(crate) fn absent(facts: &Facts<'_>, name: &str) -> Option<Suspicion> {
    let of_kind = |fault, kinds: &[QualityKind]| facts.finding(name, kinds).map(|finding| (fault, finding));
    let missing = of_kind(Fault::Missing, &[QualityKind::AbsentFeature, QualityKind::Missing]);
    let wrong_type = of_kind(Fault::Type, &[QualityKind::WrongType]);
    let rise = |finding: &QualityFinding| finding.share - finding.share_baseline.unwrap_or(0.0);
    let (fault, finding) = [wrong_type, missing].into_iter().flatten().max_by(|a, b| rise(a.1).total_cmp(&rise(b.1)))?;
    Some(found(fault, finding))
}

/// Values outside the contract's range, or infinite.
pub(crate) fn out_of_range(facts: &Facts<'_>, name: &str) -> Option<Suspicion> {
    facts.finding(name, &[QualityKind::OutOfRange, QualityKind::Infinite]).map(|finding| found(Fault::Range, finding))
}

/// Lines and files that could not be read.
pub(crate) fn of_files(facts: &Facts<'_>) -> Option<Suspicion> {
    let finding = facts.quality.iter().find(|finding| finding.kind == QualityKind::BadLines)?;
    Some(found(Fault::Unreadable, finding))
}
