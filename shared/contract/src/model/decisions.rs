//! Who decides, when retraining is asked for, when a champion is taken back, and when people are told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::WindowLength;

/// Which of a team's accounts: where models are made, tried, or count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Where models are made.
    Dev,
    /// Where they are tried.
    Test,
    /// Where they count.
    Prod,
}

impl Stage {
    /// `dev`, `test` or `prod`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Test => "test",
            Self::Prod => "prod",
        }
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(self.name())
    }
}

impl std::str::FromStr for Stage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "dev" => Ok(Self::Dev),
            "test" => Ok(Self::Test),
            "prod" => Ok(Self::Prod),
            _ => Err(format!("found stage \"{text}\", expected dev, test or prod")),
        }
    }
}

/// Who decides a promotion, per stage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Promotion {
    /// Into dev. Default: nobody is asked.
    pub dev: Option<Approvals>,
    /// Into test. Default: nobody may decide, so nothing is promoted.
    pub test: Option<Approvals>,
    /// Into prod. Default: nobody may decide, so nothing is promoted.
    pub prod: Option<Approvals>,
    /// Other names of people who submit or approve, so that nobody approves their own model under another one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Person>,
}

/// A person and the names that are also theirs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Person {
    /// The person's mail address.
    pub person: String,
    /// What else the same person is called: other addresses, the ARN of an IAM user, a name in a training system. Case and what stands
    /// after a `+` in an address do not count anyway.
    pub also: Vec<String>,
}

/// How many approvals a stage needs, and whose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Approvals {
    /// How many approvals are needed.
    pub approvals: u32,
    /// Who may approve.
    #[serde(default)]
    pub approvers: Vec<String>,
    /// After how long an unanswered request counts as rejected. Default: `7d`.
    pub expires: Option<WindowLength>,
    /// How long an approved version waits before it is promoted, so that somebody may still stop it. Default: it does not wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<WindowLength>,
    /// How often those who have not answered are reminded. Default: `1d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind: Option<WindowLength>,
    /// Who else is asked when nobody answers. Default: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalate: Option<Escalation>,
}

/// Who else may decide when a request stays unanswered: `{ after: 48h, to: [head@example.com] }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Escalation {
    /// After how long.
    pub after: WindowLength,
    /// Who is asked then, beside the approvers.
    pub to: Vec<String>,
}

/// When retraining is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "snake_case")]
pub struct Retraining {
    /// Whether Tidegate asks for retraining. Default: `propose`.
    pub mode: RetrainingMode,
    /// Fewest new records that make retraining worth while. Default: 10,000.
    pub minimum_records: u64,
    /// Shortest time between two requests. Default: `1d`.
    pub cooldown: WindowLength,
    /// How much of the newest data a request names to train on. Default: `30d`.
    #[serde(skip_serializing_if = "is_a_month")]
    pub window: WindowLength,
    /// Who is asked about a proposed retraining; one of them is enough. Default: the owner of the monitoring, or else the stage's approvers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<String>,
    /// Whether a newly published training set asks for retraining too. Default: it does not.
    #[serde(skip_serializing_if = "is_no")]
    pub on_new_dataset: bool,
    /// Who retrains and how often it is planned anyway, in words (`data-science, monthly`).
    pub plan: Option<String>,
}

impl Default for Retraining {
    fn default() -> Self {
        Self {
            mode: RetrainingMode::Propose,
            minimum_records: 10_000,
            cooldown: WindowLength::hours(24),
            window: A_MONTH,
            approvers: Vec::new(),
            on_new_dataset: false,
            plan: None,
        }
    }
}

const A_MONTH: WindowLength = WindowLength::hours(30 * 24);

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_a_month(length: &WindowLength) -> bool {
    *length == A_MONTH
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_no(yes: &bool) -> bool {
    !yes
}

/// Whether Tidegate asks for retraining.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RetrainingMode {
    /// Never.
    Never,
    /// A person is asked first (the default).
    #[default]
    Propose,
    /// At once.
    Automatic,
}

/// When a champion that turned out worse is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "snake_case")]
pub struct Rollback {
    /// Whether Tidegate takes it back. Default: `propose`.
    pub mode: RollbackMode,
    /// For how long after its promotion a champion is taken back by itself; later a person must. Default: `14d`.
    pub within: WindowLength,
    /// Shortest time between two rollbacks. Default: `1d`.
    pub cooldown: WindowLength,
    /// Most rollbacks by itself in 30 days: models that take turns are a question for people. Default: 2.
    pub most: u32,
}

impl Default for Rollback {
    fn default() -> Self {
        Self { mode: RollbackMode::Propose, within: WindowLength::hours(14 * 24), cooldown: WindowLength::hours(24), most: 2 }
    }
}

impl Rollback {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Whether a champion is taken back by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RollbackMode {
    /// Never, and nobody is told to.
    Never,
    /// People are told to, with the command that does it (the default).
    #[default]
    Propose,
    /// At once.
    Automatic,
}

/// When people are told that something is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "snake_case")]
pub struct Alerts {
    /// In how many windows something must be wrong before people are told. Default: 1.
    pub after: u32,
    /// Among how many windows in a row. Default: as many as `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<u32>,
    /// How long the same incident is not told again. Default: `7d`.
    pub cooldown: WindowLength,
    /// Whether warnings are told as well. Default: they are not.
    #[serde(skip_serializing_if = "is_no")]
    pub warnings: bool,
}

impl Default for Alerts {
    fn default() -> Self {
        Self { after: 1, of: None, cooldown: WindowLength::hours(7 * 24), warnings: false }
    }
}

impl Alerts {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Among how many windows in a row something must be wrong [`Alerts::after`] times.
    #[must_use]
    pub fn of(&self) -> u32 {
        self.of.unwrap_or(self.after).max(self.after)
    }
}
