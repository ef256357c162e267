//! What people are told, in words.

mod decisions;
mod phrases;
mod retraining;
mod windows;

pub(crate) use decisions::{
    approved, approved_in_part, asked_again, decision, decision_needed, gate_failed, promoted, refused, retired, rolled_back, turned_down,
};
pub(crate) use retraining::{dataset_failed, retraining_ended, retraining_proposed, retraining_requested};
pub(crate) use windows::{judged, window};
