//! The approver's pages: what is asked, on one page with its form, and what was recorded or why nothing was.
//!
//! Written for somebody on a phone between two meetings: the question first, then how the candidate stands, then everything else, then the
//! form. Nothing on it runs and nothing is loaded.

mod form;
mod notice;
mod page;
mod proposal;
mod says;
mod sections;

pub use form::DecisionForm;
pub use notice::{Mood, Notice, notice_page};
pub use page::{DecisionPage, decision_page};
pub use proposal::{Proposal, proposal_page};
pub use says::{after_approval, expiry, still_to_say};
use tidegate_contract::Metric;
use tidegate_validation::GateReport;
use tidegate_validation::report::MetricLine;

use crate::gate::ModelCard;

/// The stylesheet of the approver's pages: that of the reports, and what forms need.
pub const DECISION_STYLE: &str = concat!(include_str!("../style.css"), include_str!("decision.css"));

/// What is asked, of whom, until when.
#[derive(Debug, Clone, Copy)]
pub struct Decision<'a> {
    /// The moment at which the page is shown, milliseconds since 1970.
    pub now_ms: i64,
    /// `dev`, `test` or `prod`.
    pub stage: &'a str,
    /// The model.
    pub model: &'a str,
    /// The version's number.
    pub version: u32,
    /// The champion that it would replace.
    pub champion: Option<u32>,
    /// Who is asked: the person whom the link was mailed to.
    pub you: &'a str,
    /// How many must approve.
    pub needed: u32,
    /// Everybody who is asked.
    pub voters: &'a [Voter<'a>],
    /// When people were asked, milliseconds since 1970.
    pub asked_at_ms: i64,
    /// From when on an answer comes too late, milliseconds since 1970.
    pub expires_at_ms: i64,
    /// How long it waits between approval and promotion, milliseconds.
    pub hold_ms: i64,
    /// Digest of the report that is shown.
    pub evidence: &'a str,
    /// What the candidate is.
    pub card: &'a ModelCard<'a>,
}

/// Somebody who is asked.
#[derive(Debug, Clone, Copy)]
pub struct Voter<'a> {
    /// Who.
    pub person: &'a str,
    /// What they said; `None` so far.
    pub said: Option<Said>,
}

/// What somebody said.
#[derive(Debug, Clone, Copy)]
pub struct Said {
    /// Whether they approved.
    pub approved: bool,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

/// A window before the candidate that monitoring raised its voice about.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The verdict in one sentence.
    pub headline: &'a str,
    /// When the window ended, milliseconds since 1970.
    pub end_ms: i64,
}

impl Decision<'_> {
    /// How many have approved.
    #[must_use]
    pub fn approvals(&self) -> u32 {
        u32::try_from(self.voters.iter().filter(|voter| voter.said.is_some_and(|said| said.approved)).count()).unwrap_or(u32::MAX)
    }
}

/// The metrics of a report, the one that decides first.
fn first_metrics(report: &GateReport, primary: Option<Metric>) -> impl Iterator<Item = &MetricLine> {
    let decides = move |line: &&MetricLine| Some(line.metric) == primary;
    report.metrics.iter().filter(decides).chain(report.metrics.iter().filter(move |line| !decides(line)))
}
