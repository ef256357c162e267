//! Candidates are judged and decided about, and the loop closes: from retraining over the gate to the proof.

use tidegate_local_account::{LocalAccount, TABLE};
use tidegate_monitoring::State;
use tidegate_registry::{GateOutcome, ModelVersion, Registry, RetrainingState, VersionState};

use super::lines::{WIDTH, wrapped};
use super::team::Team;
use super::{Demo, MODEL, files};
use crate::error::CliError;
use crate::terminal::{counted, painted};

/// When the registry's schedule fires, after everything.
const CHECKPOINT_AT: &str = "2013-09-01T00:05:00Z";

impl Demo {
    /// The loop closes: retraining, gate, decision, promotion, and whether it was right.
    pub(super) async fn close(&mut self, account: &LocalAccount, team: &Team, first: &ModelVersion) -> Result<(), CliError> {
        let Some(proposed) = team.retraining().await? else { return self.say("\nRetraining nothing asked for it") };
        self.say(&format!("\nRetraining {}", wrapped(&format!("proposed, because: {}", proposed.call.why), WIDTH, 11, 11)))?;
        if proposed.state == RetrainingState::Proposed {
            let asked = team.asked("Your decision on retraining").ok_or_else(|| CliError::demo("nobody was asked about retraining"))?;
            self.ask(&asked.mail.attributes, asked.mail.link(), None)?;
            if self.by_hand { team.wait_for_retraining().await? } else { team.answer(&asked, None, None).await? }
        }
        let requested = team.retraining().await?.filter(|retraining| retraining.state == RetrainingState::Requested);
        let Some((requested, dataset)) = requested.and_then(|requested| Some((requested.clone(), requested.dataset?))) else {
            return self.say(&format!("{:10} it goes no further", ""));
        };
        let name = requested.call.data.replace('_', " to ");
        let (model, rows) = team.train(&dataset, |_| true).await?;
        self.say(&format!("{:10} requested on {name}, dataset version {}…", "", dataset.get(..12).unwrap_or_default()))?;
        self.say(&format!("{:10} the training job learned from {} whose truth has arrived", "", counted(rows as u64, "flight")))?;

        self.say("\nThe gate   every candidate is asked about the same flights of August, beside the champion")?;
        let january = team.january().await?;
        let words = "a logistic regression on July's records and their truth";
        let second = self.candidate(team, "retrained", model, words, &dataset).await?;
        let (half, _) = team.train(&dataset, |flight| flight.bytes().fold(0, u8::wrapping_add).is_multiple_of(2)).await?;
        self.candidate(team, "retrained-half", half, "the same, learned from every other flight", &dataset).await?;
        for (run, words) in
            [("trees", "gradient-boosted trees that know January only"), ("no-delay", "the trees, without the departure delay")]
        {
            let file = files::bytes(&format!("candidates/{run}.onnx"))?.to_vec();
            self.candidate(team, run, file, words, &january).await?;
        }
        self.say(&format!("{:10} the winner's page  {}", "", team.page(&second).display()))?;

        self.say("\nSeptember  the month after, on flights that neither model has seen")?;
        for (version, name) in [(first, "the old champion"), (&second, "the new one")] {
            let [auc, loss] = team.afterwards(&team.file_of(version).await?)?;
            let interval =
                auc.interval.map_or_else(String::new, |interval| format!(" (95 %: {:.3} to {:.3})", interval.low, interval.high));
            self.say(&format!("{:10} v{} {name:17} ROC AUC {:.3}{interval}, log loss {:.3}", "", version.number, auc.value, loss.value))?;
        }
        let (_, checkpoint) = account.tick_registry(CHECKPOINT_AT).await.map_err(CliError::demo)?;
        let registry = Registry::new(account.dynamodb.clone(), TABLE);
        let entries = registry.head(MODEL).await.map_err(CliError::demo)?.map_or(0, |head| head.seq);
        let signed = if checkpoint.is_some() { ", its end signed" } else { "" };
        let entries = counted(entries, "entry").replace("entrys", "entries");
        self.say(&format!("\nProof      the audit trail: {entries} in a chain{signed}; `tidegate verify` recomputes it"))
    }

    /// A candidate is submitted, judged and, where it comes to that, decided about.
    pub(super) async fn candidate(
        &mut self,
        team: &Team,
        run: &str,
        model: Vec<u8>,
        words: &str,
        dataset: &str,
    ) -> Result<ModelVersion, CliError> {
        let mut version = team.submit(run, model, words, dataset).await?;
        self.say(&format!("{:10} v{} {run}: {words}", "", version.number))?;
        if version.state == VersionState::PendingApproval {
            self.judged(&version)?;
            let about = format!("Your decision on version {} ", version.number);
            let asked = team.asked(&about).ok_or_else(|| CliError::demo("nobody was asked"))?;
            // Nobody lets in what is not shown to be better.
            let passes = version.gate.as_ref().is_some_and(|gate| gate.outcome == GateOutcome::Pass);
            let against = (!passes).then_some("the gate does not show that it is better");
            self.ask(&asked.mail.attributes, asked.mail.link(), against)?;
            version = if self.by_hand {
                team.wait_for_version(run).await?
            } else {
                team.answer(&asked, Some(version.number), against).await?;
                team.version(run).await?
            };
            let became = format!(
                "{} by {}",
                version.state,
                version.decisions.iter().map(|said| said.person.as_str()).collect::<Vec<_>>().join(", ")
            );
            self.say(&format!("{:10}    {}  {became}", "", painted(mark(&version).0, mark(&version).1, self.colour)))?;
            return Ok(version);
        }
        self.judged(&version)?;
        Ok(version)
    }

    fn judged(&mut self, version: &ModelVersion) -> Result<(), CliError> {
        let (mark, state) = mark(version);
        let head = format!("{:10}    {}  ", "", painted(mark, state, self.colour));
        self.say(&format!("{head}{}", wrapped(headline(version), WIDTH, mark.chars().count() + 15, 14)))
    }

    /// Says who is asked, and where.
    fn ask(
        &mut self,
        attributes: &std::collections::BTreeMap<String, String>,
        link: Option<&str>,
        against: Option<&str>,
    ) -> Result<(), CliError> {
        let who = attributes.get("approver").map_or("somebody", String::as_str);
        match link.filter(|_| self.by_hand) {
            Some(link) => self.say(&format!("{:10}    {who} got this link; open it, read, and decide:\n{:14}{link}", "", "")),
            None => match against {
                None => self.say(&format!("{:10}    {who} got a link, and approves (--auto-approve)", "")),
                Some(reason) => self.say(&format!("{:10}    {who} got a link, and rejects: {reason} (--auto-approve)", "")),
            },
        }
    }
}

/// A mark and a word for what became of a candidate.
fn mark(version: &ModelVersion) -> (&'static str, State) {
    match (version.state, version.gate.as_ref().map(|gate| gate.outcome)) {
        (VersionState::Champion | VersionState::Retired, _) => ("● serves", State::Ok),
        (_, Some(GateOutcome::Fail)) => ("◆ fails", State::Drift),
        (VersionState::PendingApproval, _) => ("▲ waits for a person", State::Warning),
        (_, Some(GateOutcome::CannotTell)) => ("○ stays out", State::InsufficientData),
        _ => ("▲ waits", State::Warning),
    }
}

/// The gate's sentence.
fn headline(version: &ModelVersion) -> &str {
    version.gate.as_ref().map_or("no gate has looked at it", |gate| gate.headline.as_str())
}
