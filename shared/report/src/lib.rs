//! The report that people read: one HTML page with inline SVG, nothing remote, no script.
//!
//! A page is plain values in, one string out: no clock, no files, no environment. Every text that comes from outside
//! passes `escape::Plain`, so that no name or value can become markup or turn the reading direction; a restricted
//! contract's category values are withheld at the same place. Plots are drawn with plotters onto a backend of our own
//! (`plots::ink`) that writes class names instead of colours, so that one stylesheet serves light, dark and print.
//!
//! Pages: [`render`] makes a window's from its verdict, [`performance_page`] that of its quality, [`gate_page`] a candidate's from the promotion
//! gate's report, [`decision_page`] the one on which an approver decides, and [`notice_page`] what that comes to.
//!
//! [`Badge`], [`STYLE`] and [`document`] are what another page needs to look the same.

mod banner;
mod bins;
mod dates;
mod decision;
mod escape;
mod features;
mod files;
mod gate;
mod incidents;
mod method;
mod over_time;
mod page;
mod performance;
pub mod phrases;
mod plots;
mod quality;
mod rows;
mod segments;
mod style;
mod words;

pub use banner::Badge;
pub use decision::{
    DECISION_STYLE, Decision, DecisionForm, DecisionPage, Mood, Notice, Proposal, Said, Seen, Voter, after_approval, decision_page, expiry,
    notice_page, proposal_page, still_to_say,
};
pub use gate::{GatePage, ModelCard, ModelFile, gate_page};
pub use page::{MAX_BYTES, document, render};
pub use performance::{PerformancePage, performance_page};
pub use style::STYLE;
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
