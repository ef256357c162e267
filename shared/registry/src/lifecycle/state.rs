//! The states of a model version, and which may follow which.
//!
//! ```text
//! submitted ─▶ validating ─▶ pending-approval ─▶ approved ─▶ champion ─▶ rolled-back
//!     │            │  ▲             │  │             │          │ ▲
//!     ▼            ▼  └─ stale ─────┴──┼─ stale ─────┘          ▼ │ its successor is rolled back
//!  rejected     rejected     rejected, expired                retired
//! ```
//!
//! Whatever is not decided yet can be withdrawn (`retired`). `rejected`, `expired` and `rolled-back` have no way out.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a model version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VersionState {
    /// Registered; nobody has looked at it yet.
    Submitted,
    /// Its evidence is being gathered, or is there and waits for people to be asked.
    Validating,
    /// People are asked.
    PendingApproval,
    /// It may be promoted.
    Approved,
    /// It serves.
    Champion,
    /// It served, and another took its place; or it was withdrawn.
    Retired,
    /// The gate or a person said no.
    Rejected,
    /// Nobody answered in time.
    Expired,
    /// It served, and was taken back.
    RolledBack,
}

impl VersionState {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Submitted,
        Self::Validating,
        Self::PendingApproval,
        Self::Approved,
        Self::Champion,
        Self::Retired,
        Self::Rejected,
        Self::Expired,
        Self::RolledBack,
    ];

    /// As it is written: `pending-approval`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Validating => "validating",
            Self::PendingApproval => "pending-approval",
            Self::Approved => "approved",
            Self::Champion => "champion",
            Self::Retired => "retired",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::RolledBack => "rolled-back",
        }
    }

    /// Whether a version in this state may be found in that state after the next change. Staying means that something else of its
    /// record changes: its gate, its request, a decision.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        use VersionState::{Approved, Champion, Expired, PendingApproval, Rejected, Retired, RolledBack, Submitted, Validating};
        match self {
            Submitted => matches!(next, Validating | Rejected | Retired),
            Validating => matches!(next, Validating | PendingApproval | Approved | Rejected | Retired),
            PendingApproval => matches!(next, PendingApproval | Validating | Approved | Rejected | Expired | Retired),
            Approved => matches!(next, Validating | Champion | Retired),
            Champion => matches!(next, Retired | RolledBack),
            Retired => matches!(next, Champion | Retired),
            Rejected | Expired | RolledBack => false,
        }
    }

    /// Whether there is no way out.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Rejected | Self::Expired | Self::RolledBack)
    }

    /// Whether it still may become champion without anybody being rolled back.
    #[must_use]
    pub const fn is_candidate(self) -> bool {
        matches!(self, Self::Submitted | Self::Validating | Self::PendingApproval | Self::Approved)
    }

    /// What can be done with a version in this state, in words.
    #[must_use]
    pub const fn possible(self) -> &'static [&'static str] {
        match self {
            Self::Submitted => &["start its validation", "reject it as unusable", "retire it"],
            Self::Validating => &["record its gate", "ask for approvals", "reject it as unusable", "retire it"],
            Self::PendingApproval => &["approve it", "reject it", "let it expire", "record another gate", "retire it"],
            Self::Approved => &["promote it", "validate it again if what was approved has changed", "retire it"],
            Self::Champion => &["roll it back", "retire it", "promote another version over it"],
            Self::Retired => &["roll back its successor, which brings it back", "withdraw it, so that nothing does"],
            Self::Rejected | Self::Expired | Self::RolledBack => &[],
        }
    }
}

impl fmt::Display for VersionState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_final_state_has_no_way_out_and_says_so() {
        for state in VersionState::ALL {
            let ways = VersionState::ALL.into_iter().filter(|next| state.may_become(*next)).count();
            assert_eq!(state.is_final(), ways == 0, "{state}");
            assert_eq!(state.is_final(), state.possible().is_empty(), "{state}");
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
        }
    }

    #[test]
    fn nothing_becomes_champion_but_what_was_approved_or_has_served() {
        let ways: Vec<_> = VersionState::ALL.into_iter().filter(|state| state.may_become(VersionState::Champion)).collect();
        assert_eq!(ways, [VersionState::Approved, VersionState::Retired]);
        let ways: Vec<_> = VersionState::ALL.into_iter().filter(|state| state.may_become(VersionState::Approved)).collect();
        assert_eq!(ways, [VersionState::Validating, VersionState::PendingApproval]);
    }
}
