//! The way from profiles to a verdict.

use tidegate_contract::Contract;
use tidegate_profile::{Baseline, Profile, WindowProfile};

use crate::{Verdict, Window};

/// What a verdict is made from.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// What the team declared.
    pub contract: &'a Contract,
    /// The window to judge.
    pub window: Window,
    /// The training baseline; `None` when the model has none yet.
    pub baseline: Option<&'a Baseline>,
    /// The window's records and files.
    pub current: &'a WindowProfile,
    /// The window before, of the same length; `None` when nothing arrived in it.
    pub previous: Option<&'a Profile>,
    /// Consecutive hours or days up to the end of the window, oldest first; those without records are left out.
    pub trail: &'a [(Window, Profile)],
}

/// Judges a window.
#[must_use]
pub fn assess(_input: &Input<'_>) -> Verdict {
    todo!()
}
