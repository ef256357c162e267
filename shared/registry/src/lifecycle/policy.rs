//! Who decides a promotion in one stage: the contract's `promotion`, made definite.

use std::collections::BTreeSet;

use tidegate_contract::{Contract, RetrainingMode, Stage, WindowLength};

use super::People;
use crate::audit::sha256;

const HOUR_MS: i64 = 3_600_000;

/// After how long an unanswered request counts as rejected, when the contract does not say: a week.
pub const DEFAULT_EXPIRES: WindowLength = WindowLength::hours(7 * 24);

/// How often those who have not answered are reminded, when the contract does not say.
const DEFAULT_REMIND: WindowLength = WindowLength::hours(24);

/// Who decides a promotion in one stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The stage.
    pub stage: Stage,
    /// How many people must approve. With 0, a passed gate is enough.
    pub approvals: u32,
    /// Who may approve, as the contract writes them.
    pub approvers: Vec<String>,
    /// How long a request waits for answers, milliseconds.
    pub expires_ms: i64,
    /// How long an approved version waits before it may be promoted, milliseconds.
    pub hold_ms: i64,
    /// How often those who have not answered are reminded, milliseconds.
    pub remind_ms: i64,
    /// Who else is asked when nobody answers.
    pub escalate: Option<Escalate>,
    /// Other names of people.
    pub people: People,
    /// When retraining is asked for.
    pub retraining: RetrainingPolicy,
}

/// Who else is asked when nobody answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalate {
    /// After how long, milliseconds.
    pub after_ms: i64,
    /// Who, as the contract writes them.
    pub to: Vec<String>,
}

/// When retraining is asked for: the contract's `retraining`, made definite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrainingPolicy {
    /// Whether it is, and whether a person is asked first.
    pub mode: RetrainingMode,
    /// Fewest new records that make it worth while.
    pub minimum_records: u64,
    /// Shortest time between two requests, milliseconds.
    pub cooldown_ms: i64,
    /// How much of the newest data a request names, milliseconds.
    pub window_ms: i64,
    /// Who is asked, as the contract writes them.
    pub approvers: Vec<String>,
    /// Whether a newly published training set asks for it too.
    pub on_new_dataset: bool,
}

impl RetrainingPolicy {
    /// SHA-256 of who decides.
    #[must_use]
    pub fn digest(&self, people: &People) -> String {
        let mut approvers: Vec<String> = self.approvers.iter().map(|approver| people.person(approver)).collect();
        approvers.sort();
        approvers.dedup();
        sha256(&format!("tidegate.retraining-policy/1\n{}\n", approvers.join("\n")))
    }

    /// The name of the request about a retraining: 128 bits of a digest. It is no secret: what lets a person decide is the link's MAC.
    #[must_use]
    pub(super) fn request_id(model: &str, number: u32, evidence: &str) -> String {
        let mut id = sha256(&format!("tidegate.retraining/1\n{model}\n{number}\n{evidence}\n"));
        id.truncate(32);
        id
    }
}

impl Policy {
    /// What a contract says of a stage. Dev asks nobody unless told otherwise. Test and prod ask one person, so that a contract which
    /// names nobody there promotes nothing rather than everything.
    #[must_use]
    pub fn of(contract: &Contract, stage: Stage) -> Self {
        let promotion = &contract.promotion;
        let said = match stage {
            Stage::Dev => &promotion.dev,
            Stage::Test => &promotion.test,
            Stage::Prod => &promotion.prod,
        };
        let ms = |length: Option<WindowLength>| i64::from(length.map_or(0, WindowLength::as_hours)) * HOUR_MS;
        Self {
            stage,
            approvals: said.as_ref().map_or(u32::from(stage != Stage::Dev), |said| said.approvals),
            approvers: said.as_ref().map(|said| said.approvers.clone()).unwrap_or_default(),
            expires_ms: ms(said.as_ref().and_then(|said| said.expires).or(Some(DEFAULT_EXPIRES))),
            hold_ms: ms(said.as_ref().and_then(|said| said.hold)),
            remind_ms: ms(said.as_ref().and_then(|said| said.remind).or(Some(DEFAULT_REMIND))),
            escalate: said
                .as_ref()
                .and_then(|said| said.escalate.as_ref())
                .map(|escalation| Escalate { after_ms: ms(Some(escalation.after)), to: escalation.to.clone() }),
            people: People::new(&promotion.people),
            retraining: Self::retraining_of(contract, said.as_ref().map_or(&[], |said| said.approvers.as_slice())),
        }
    }

    /// A policy under which nobody may decide: for commands that need no decision, when no contract is at hand.
    #[must_use]
    pub fn nobody(stage: Stage) -> Self {
        Self {
            stage,
            approvals: 1,
            approvers: Vec::new(),
            expires_ms: 0,
            hold_ms: 0,
            remind_ms: 0,
            escalate: None,
            people: People::default(),
            retraining: RetrainingPolicy {
                mode: RetrainingMode::Never,
                minimum_records: 0,
                cooldown_ms: 0,
                window_ms: 0,
                approvers: Vec::new(),
                on_new_dataset: false,
            },
        }
    }

    /// Who decides about retraining, if the contract does not say: the owner of the monitoring, or else whoever decides promotions.
    fn retraining_of(contract: &Contract, deciders: &[String]) -> RetrainingPolicy {
        let retraining = &contract.retraining;
        let approvers = match (&contract.owners.monitoring, retraining.approvers.is_empty()) {
            (_, false) => retraining.approvers.clone(),
            (Some(owner), true) => vec![owner.clone()],
            (None, true) => deciders.to_vec(),
        };
        let ms = |length: WindowLength| i64::from(length.as_hours()) * HOUR_MS;
        RetrainingPolicy {
            mode: retraining.mode,
            minimum_records: retraining.minimum_records,
            cooldown_ms: ms(retraining.cooldown),
            window_ms: ms(retraining.window),
            approvers,
            on_new_dataset: retraining.on_new_dataset,
        }
    }

    /// Everybody who may be asked for a decision, each person once: whoever approves, whoever is asked when nobody answers, and whoever
    /// decides about retraining.
    #[must_use]
    pub fn asked(&self) -> BTreeSet<String> {
        let others = self.escalate.iter().flat_map(|escalate| &escalate.to);
        let named = self.approvers.iter().chain(others).chain(&self.retraining.approvers);
        named.map(|approver| self.people.person(approver)).collect()
    }

    /// SHA-256 of who decides: stage, number of approvals and the people. How long things wait is not part of it: a longer wait makes no
    /// decision another one.
    #[must_use]
    pub fn digest(&self) -> String {
        let others = self.escalate.iter().flat_map(|escalate| &escalate.to);
        let mut people: Vec<String> = self.approvers.iter().chain(others).map(|approver| self.people.person(approver)).collect();
        people.sort();
        people.dedup();
        sha256(&format!("tidegate.policy/1\n{}\n{}\n{}\n", self.stage, self.approvals, people.join("\n")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(promotion: &str, stage: Stage) -> Policy {
        let text = format!("model: m\ntask: binary\nfeatures:\n  - {{ name: a, type: numeric }}\n{promotion}");
        Policy::of(&Contract::parse(&text).unwrap(), stage)
    }

    #[test]
    fn without_a_word_dev_asks_nobody_and_prod_finds_nobody_to_ask() {
        assert_eq!((policy("", Stage::Dev).approvals, policy("", Stage::Test).approvals, policy("", Stage::Prod).approvals), (0, 1, 1));
        assert!(policy("", Stage::Prod).approvers.is_empty());
        assert_eq!(policy("", Stage::Dev).expires_ms, 7 * 24 * HOUR_MS);
    }

    #[test]
    fn the_digest_is_that_of_who_decides() {
        let of = |text: &str| policy(&format!("promotion:\n  prod: {{ {text} }}\n"), Stage::Prod).digest();
        let base = of("approvals: 1, approvers: [a@example.com, b@example.com]");
        assert_eq!(base, of("approvals: 1, approvers: [B@example.com, a+x@example.com], expires: 5h"));
        assert_ne!(base, of("approvals: 2, approvers: [a@example.com, b@example.com]"));
        assert_ne!(base, of("approvals: 1, approvers: [a@example.com]"));
    }
}
