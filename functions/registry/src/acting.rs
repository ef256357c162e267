//! What a verdict leads to, by the contract's policies: retraining, a rollback, or nothing yet.

use chrono::{DateTime, NaiveTime, SecondsFormat};
use tidegate_contract::{Contract, Rollback, RollbackMode};
use tidegate_lake::parse_time;
use tidegate_monitoring::{ActionKind, CauseKind, DatasetSource};
use tidegate_registry::{Command, DatasetRecord, ModelVersion, Order, Policy, RetrainingCall, VersionState};
use tracing::info;

use crate::handler::{BY, RegistryFunction};
use crate::{CommandMessage, RegistryFunctionError};

const DAY_MS: i64 = 86_400_000;

/// In which span of time rollbacks are counted, milliseconds: 30 days.
const COUNTED_MS: i64 = 30 * DAY_MS;

impl RegistryFunction {
    /// Keeps a dataset version; a retraining that waits for it goes on, and one may begin by it.
    pub(crate) async fn record_dataset(
        &self,
        dataset: DatasetRecord,
        contract: &Contract,
        by: &str,
        sent_ms: i64,
    ) -> Result<(), RegistryFunctionError> {
        let model = &contract.model;
        let policy = Policy::of(contract, self.settings.stage);
        let command = Command::RecordDataset(Box::new(dataset.clone()));
        self.order(model, None, Order { by: by.to_owned(), command }, &policy, sent_ms).await?;
        if dataset.source == DatasetSource::TrainingSet && dataset.passed && policy.retraining.on_new_dataset {
            let call = RetrainingCall {
                trigger: format!("dataset {}", dataset.version),
                why: format!("A new training set was published: {}, {} records", dataset.name, dataset.records),
                cause: None,
                report: None,
                evidence: dataset.version.clone(),
                data: dataset.name,
                dataset: Some(dataset.version),
                records: Some(dataset.records),
                by_hand: false,
            };
            self.unless_held(model, Command::Retrain(Box::new(call)), &policy, sent_ms).await?;
        }
        Ok(())
    }

    /// Acts on a window that was judged.
    pub(crate) async fn act(&self, message: &CommandMessage, contract: &Contract, sent_ms: i64) -> Result<(), RegistryFunctionError> {
        let CommandMessage::ActOnWindow { length, end, cause, action, headline, report, digest, .. } = message else { return Ok(()) };
        let end_ms = parse_time(end).ok_or_else(|| wrong_time("end", end))?;
        match action {
            ActionKind::Retrain => {
                let policy = Policy::of(contract, self.settings.stage);
                let call = RetrainingCall {
                    trigger: format!("window {length} {end}"),
                    why: headline.clone(),
                    cause: Some(name_of(*cause)),
                    report: Some(report.clone()),
                    evidence: digest.clone(),
                    data: span(end_ms - policy.retraining.window_ms, end_ms),
                    dataset: None,
                    records: None,
                    by_hand: false,
                };
                self.unless_held(&contract.model, Command::Retrain(Box::new(call)), &policy, sent_ms).await
            }
            ActionKind::RollBack => self.roll_back_by_policy(contract, headline, sent_ms).await,
            _ => Ok(()),
        }
    }

    /// Asks for retraining because a person wants it.
    pub(crate) async fn retrain_by_hand(
        &self,
        message: &CommandMessage,
        contract: &Contract,
        by: &str,
        sent_ms: i64,
    ) -> Result<(), RegistryFunctionError> {
        let CommandMessage::Retrain { reason, from, to, .. } = message else { return Ok(()) };
        let policy = Policy::of(contract, self.settings.stage);
        let time = |name: &'static str, text: &Option<String>| {
            text.as_deref().map(|text| parse_time(text).ok_or_else(|| wrong_time(name, text))).transpose()
        };
        let to_ms = time("to", to)?.unwrap_or_else(|| sent_ms.div_euclid(DAY_MS) * DAY_MS);
        let from_ms = time("from", from)?.unwrap_or(to_ms - policy.retraining.window_ms);
        let data = span(from_ms, to_ms);
        let call = RetrainingCall {
            // To the millisecond: a message that comes twice asks once, two messages ask twice.
            trigger: format!("{by}, {data}, {}", at(sent_ms, SecondsFormat::Millis)),
            why: reason.clone(),
            cause: None,
            report: None,
            evidence: tidegate_lake::keys::sha256(format!("{by}\n{reason}\n{data}\n")),
            data,
            dataset: None,
            records: None,
            by_hand: true,
        };
        let command = Command::Retrain(Box::new(call));
        self.order(&contract.model, None, Order { by: by.to_owned(), command }, &policy, sent_ms).await
    }

    /// Takes the champion back, if the contract lets that happen by itself now. Where it does not, people have been told what to do.
    async fn roll_back_by_policy(&self, contract: &Contract, headline: &str, sent_ms: i64) -> Result<(), RegistryFunctionError> {
        let model = &contract.model;
        let what = format!("a rollback of {model}");
        let versions = self.registry.versions(model).await.map_err(RegistryFunctionError::registry(&what))?;
        match may_roll_back(&versions, &contract.rollback, sent_ms) {
            Ok(number) => {
                let reason: String = format!("By policy: {headline}").chars().take(240).collect();
                let policy = Policy::of(contract, self.settings.stage);
                let order = Order { by: BY.to_owned(), command: Command::RollBack { reason } };
                self.order(model, Some(number), order, &policy, sent_ms).await
            }
            Err(says) => {
                info!(model, "nothing is rolled back: {says}");
                Ok(())
            }
        }
    }

    /// Asks for something that policies may hold back; what is held back is said in the log, and is no failure.
    async fn unless_held(&self, model: &str, command: Command, policy: &Policy, at_ms: i64) -> Result<(), RegistryFunctionError> {
        match self.order(model, None, Order { by: BY.to_owned(), command }, policy, at_ms).await {
            Err(RegistryFunctionError::Registry { source, .. }) if source.refusal().is_some() => {
                info!(model, "held back: {source}");
                Ok(())
            }
            done => done,
        }
    }
}

/// The champion's number, if it may be taken back by itself; or why not. Never on a data fault: verdicts name no rollback there.
fn may_roll_back(versions: &[ModelVersion], policy: &Rollback, now_ms: i64) -> Result<u32, String> {
    if policy.mode != RollbackMode::Automatic {
        return Err("the contract leaves it to people (rollback.mode)".to_owned());
    }
    let champion = versions.iter().find(|version| version.state == VersionState::Champion).ok_or("there is no champion")?;
    if champion.replaced.is_none() {
        return Err("the champion replaced no version".to_owned());
    }
    let hours = |ms: i64| ms / 3_600_000;
    let ms = |length: tidegate_contract::WindowLength| i64::from(length.as_hours()) * 3_600_000;
    let reigned_ms = champion.reigns.last().map_or(i64::MAX, |reign| now_ms - reign.from_ms);
    if reigned_ms > ms(policy.within) {
        return Err(format!("the champion has served for {} h, longer than rollback.within", hours(reigned_ms)));
    }
    let ended = versions.iter().filter(|version| version.state == VersionState::RolledBack);
    let times: Vec<i64> = ended.filter_map(|version| version.ending.as_ref()).map(|ending| ending.at_ms).collect();
    if times.iter().any(|at_ms| now_ms - at_ms < ms(policy.cooldown)) {
        return Err("another version was rolled back a short while ago (rollback.cooldown)".to_owned());
    }
    let lately = times.iter().filter(|at_ms| now_ms - **at_ms < COUNTED_MS).count();
    if u32::try_from(lately).is_ok_and(|lately| lately >= policy.most) {
        return Err(format!("{lately} versions were rolled back in 30 days, as many as rollback.most: this is for people"));
    }
    Ok(champion.number)
}

/// A span of time as the name of the data in it: `2013-07-02_2013-08-01`, in days where it consists of whole ones.
fn span(from_ms: i64, to_ms: i64) -> String {
    let name = |ms: i64| match DateTime::from_timestamp_millis(ms) {
        Some(at) if at.time() == NaiveTime::MIN => at.format("%Y-%m-%d").to_string(),
        _ => at(ms, SecondsFormat::Secs),
    };
    format!("{}_{}", name(from_ms), name(to_ms))
}

fn at(ms: i64, precision: SecondsFormat) -> String {
    DateTime::from_timestamp_millis(ms).unwrap_or_default().to_rfc3339_opts(precision, true)
}

fn name_of(cause: CauseKind) -> String {
    serde_json::to_value(cause).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn wrong_time(name: &str, found: &str) -> RegistryFunctionError {
    RegistryFunctionError::Message {
        says: format!("{name}: found \"{found}\", expected a time such as 2013-08-01T00:00:00Z"),
        source: None,
    }
}

#[cfg(test)]
mod tests {
    use tidegate_registry::{Artifact, Ending, Lineage, Reign, Stage};

    use super::*;

    fn version(number: u32, state: VersionState, replaced: Option<u32>) -> ModelVersion {
        let lineage: Lineage = serde_json::from_value(serde_json::json!({ "run": "r", "submitter": "s", "artifact_writer": "w" })).unwrap();
        ModelVersion {
            model: "m".to_owned(),
            number,
            id: String::new(),
            stage: Stage::Prod,
            state,
            revision: 1,
            submitted_at_ms: 0,
            changed_at_ms: 0,
            artifact: Artifact::default(),
            lineage,
            gate: None,
            request: None,
            decisions: Vec::new(),
            approved_at_ms: None,
            replaced,
            successor: None,
            reigns: vec![Reign { from_ms: 0, until_ms: None }],
            ending: None,
        }
    }

    fn rolled_back(number: u32, at_ms: i64) -> ModelVersion {
        let ending = Some(Ending { reason: "worse".to_owned(), by: "x".to_owned(), at_ms });
        ModelVersion { ending, ..version(number, VersionState::RolledBack, None) }
    }

    #[test]
    fn a_champion_is_taken_back_by_itself_only_where_when_and_as_often_as_the_contract_says() {
        let policy = Rollback { mode: RollbackMode::Automatic, ..Rollback::default() };
        let now = 10 * DAY_MS;
        let champion = || version(5, VersionState::Champion, Some(4));
        assert_eq!(may_roll_back(&[champion()], &policy, now), Ok(5));
        let refused = |versions: &[ModelVersion], policy: &Rollback, now: i64| may_roll_back(versions, policy, now).unwrap_err();
        assert!(refused(&[champion()], &Rollback::default(), now).contains("rollback.mode"));
        assert!(refused(&[champion()], &policy, 15 * DAY_MS).contains("rollback.within"));
        assert!(refused(&[version(1, VersionState::Champion, None)], &policy, now).contains("replaced no version"));
        assert!(refused(&[], &policy, now).contains("no champion"));
        assert!(refused(&[rolled_back(3, now - DAY_MS / 2), champion()], &policy, now).contains("rollback.cooldown"));
        let often = [rolled_back(2, now - 5 * DAY_MS), rolled_back(3, now - 2 * DAY_MS), champion()];
        assert!(refused(&often, &policy, now).contains("rollback.most"));
        assert_eq!(may_roll_back(&[rolled_back(3, now - 2 * DAY_MS), champion()], &policy, now), Ok(5));
    }

    #[test]
    fn a_span_is_named_by_its_days() {
        assert_eq!(span(0, 31 * DAY_MS), "1970-01-01_1970-02-01");
        assert_eq!(span(3_600_000, DAY_MS), "1970-01-01T01:00:00Z_1970-01-02");
    }
}
