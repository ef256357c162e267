//! The report that people read: one HTML page with inline SVG, nothing remote, no script.

use tidegate_contract::Contract;
use tidegate_monitoring::Verdict;
use tidegate_profile::{Baseline, Profile};

/// What a report is made from.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// What the team declared.
    pub contract: &'a Contract,
    /// The verdict to show.
    pub verdict: &'a Verdict,
    /// The window's records, for the plots.
    pub current: &'a Profile,
    /// What they were compared with.
    pub baseline: Option<&'a Baseline>,
}

/// The report as one HTML document. Equal inputs give equal bytes.
#[must_use]
pub fn render(_page: &Page<'_>) -> String {
    todo!()
}
