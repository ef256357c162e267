//! Candidate and champion on the same rows, the gate's report, and what the registry makes of it.

use std::collections::HashSet;

use bytes::Bytes;
use tidegate_contract::Contract;
use tidegate_lake::keys;
use tidegate_registry::{Command, GateOutcome, GateRecord, GateRule, MAX_RULES, MAX_TEXT_BYTES, ModelVersion, VersionState};
use tidegate_report::{GatePage, ModelCard, ModelFile, gate_page};
use tidegate_validation::{Contender, Evaluation, Facts, GateInput, GateReport, Latency, Outcome, Rule, gate, seed_of};
use tracing::info;

use crate::candidate::{Candidate, Place, Submitted, Trouble};
use crate::endpoint;
use crate::evidence::{Answers, Questions};
use crate::manifest::{CandidateManifest, Claims};
use crate::overlap::{common, marks};
use crate::questioning;
use crate::rows::{Rows, with_columns};
use crate::training_set;
use crate::{ValidateError, Validator};

/// Most bytes of a training set, as stored, whose rows are looked at again: all of them are held at once.
const MAX_TRAINING_BYTES: u64 = 256 * 1024 * 1024;

/// What the champion answered, and for which evaluation set.
struct Opponent {
    evaluation_sha256: String,
    evaluation: Evaluation,
}

/// What a candidate answered.
struct OwnAnswers {
    answers: Answers,
    /// Measured here, where the contract limits it.
    latency: Option<Latency>,
    /// Whether its file of predictions says the same as the model.
    agreement: Option<Rule>,
}

impl Validator {
    /// Judges a registered candidate and has the registry decide on the report.
    pub(crate) async fn judge(
        &self,
        place: Place<'_>,
        contract: &Contract,
        submitted: &Submitted,
        candidate: &Candidate,
        version: &ModelVersion,
    ) -> Result<(), Trouble> {
        let (report, champion) = self.report(place, contract, candidate, version).await?;
        let digest = report.digest();
        let key = keys::gate(place.model, &digest, "gate.json");
        self.put_once(place, &key, Bytes::from(report.to_json()), "application/json").await?;
        let page = page(&report, contract, version);
        self.put_once(place, &keys::gate(place.model, &digest, "index.html"), Bytes::from(page), "text/html; charset=utf-8").await?;
        let record = gate_record(&report, digest, key, champion);
        info!(model = place.model, version = version.number, gate = record.outcome.name(), headline = record.headline, "judged");
        let order = |command| self.order(place, contract, version.number, command, submitted.at_ms);
        if order(Command::RecordGate(Box::new(record))).await?.is_none() {
            // The champion changed while we compared with the old one: all of it again. If the version was decided otherwise, the next delivery sees that.
            return Err(ValidateError::Overtaken { candidate: place.name() }.into());
        }
        if report.outcome == Outcome::Fail {
            return Ok(());
        }
        match order(Command::RequestApprovals { request: request_name(place)? }).await? {
            Some(version) => self.promote(place, contract, submitted, &version).await,
            None => Ok(()),
        }
    }

    /// Where nobody is asked and nothing waits, an approved version serves at once.
    pub(crate) async fn promote(
        &self,
        place: Place<'_>,
        contract: &Contract,
        submitted: &Submitted,
        version: &ModelVersion,
    ) -> Result<(), Trouble> {
        let asks_nobody = version.request.as_ref().is_none_or(|request| request.needed == 0 && request.hold_ms == 0);
        if version.state == VersionState::Approved && asks_nobody {
            self.order(place, contract, version.number, Command::Promote, submitted.at_ms).await?;
        }
        Ok(())
    }

    async fn report(
        &self,
        place: Place<'_>,
        contract: &Contract,
        candidate: &Candidate,
        version: &ModelVersion,
    ) -> Result<(GateReport, Option<u32>), Trouble> {
        let manifest = &candidate.manifest;
        let questions = Questions::read(contract, &manifest.evaluation, candidate.evaluation.clone()).map_err(Trouble::Refused)?;
        let own = self.own_answers(place, contract, candidate, &version.id, &questions).await?;
        let evaluation = questions.evaluation(contract, &own.answers).map_err(Trouble::Refused)?;
        let mut facts = Facts {
            evaluation_rows: Some(questions.rows.count as u64),
            training_overlap: self.overlap(place, contract, candidate, &questions.rows).await?,
            latency: own.latency.or_else(|| latency(&manifest.claims)),
            artifact_bytes: Some(candidate.artifact_bytes()),
            further: own.agreement.into_iter().collect(),
        };
        facts.further.extend(endpoint::test(&self.endpoints, self.settings.stage, contract, place.run, &questions, &own.answers).await);
        facts.further.extend(self.live(place, contract, manifest, &candidate.evaluation_sha256).await?);
        facts.further.push(training_set::rule(candidate.publication.as_ref()));
        facts.further.extend(claims(&manifest.claims, &evaluation));
        let champion = self.registry.champion(place.model).await.map_err(place.registry())?;
        let champion = champion.filter(|champion| champion.number != version.number);
        let opponent = match &champion {
            Some(champion) => self.opponent(place, contract, champion, &questions, &candidate.evaluation_sha256).await?,
            None => None,
        };
        facts.further.extend(champion.as_ref().filter(|_| opponent.is_none()).map(no_answers_of));
        let name = |version: &ModelVersion| format!("v{}", version.number);
        let opponent = champion.as_ref().zip(opponent).map(|(champion, opponent)| (name(champion), champion, opponent));
        let report = gate(&GateInput {
            contract,
            candidate: Contender {
                version: &name(version),
                digest: &version.id,
                evaluation_digest: &candidate.evaluation_sha256,
                evaluation: &evaluation,
            },
            champion: opponent.as_ref().map(|(name, champion, opponent)| Contender {
                version: name,
                digest: &champion.id,
                evaluation_digest: &opponent.evaluation_sha256,
                evaluation: &opponent.evaluation,
            }),
            facts,
            seed: seed_of(&candidate.evaluation_sha256),
        });
        Ok((report, champion.map(|champion| champion.number)))
    }

    /// What a candidate answers: asked here if it can be, otherwise as its file of predictions says.
    async fn own_answers(
        &self,
        place: Place<'_>,
        contract: &Contract,
        candidate: &Candidate,
        artifact: &str,
        questions: &Questions,
    ) -> Result<OwnAnswers, Trouble> {
        let manifest = &candidate.manifest;
        let file = read_answers(contract, manifest, candidate.predictions.clone()).map_err(Trouble::Refused)?;
        let Some(name) = manifest.onnx_file() else {
            let none = "predictions: found none, expected a file with the candidate's answers for the evaluation set";
            let answers = file.ok_or_else(|| Trouble::Refused(none.to_owned()))?;
            return Ok(OwnAnswers { answers, latency: None, agreement: None });
        };
        let model = self.kept(place, keys::artifact(place.model, artifact, name)).await?;
        let asked = questioning::ask(contract, manifest.onnx.as_ref(), &model, questions);
        let asked = asked.map_err(|reason| Trouble::Refused(format!("{name}: {reason}")))?;
        let agreement = file.map(|file| questioning::agreement(&asked.answers, &file));
        Ok(OwnAnswers { agreement, latency: asked.latency, answers: asked.answers })
    }

    /// The champion's answers: on the candidate's evaluation set if it can be asked here, otherwise those that were kept of its own submission;
    /// `None` if it was registered without.
    async fn opponent(
        &self,
        place: Place<'_>,
        contract: &Contract,
        champion: &ModelVersion,
        asked: &Questions,
        asked_sha256: &str,
    ) -> Result<Option<Opponent>, ValidateError> {
        let (Some(submitted), Some(evaluation)) = (&champion.lineage.manifest, &champion.lineage.evaluation_version) else {
            return Ok(None);
        };
        let broken = |key: String| move |found: String| ValidateError::Kept { candidate: place.name(), key, found };
        let key = |file: &str| keys::submitted(place.model, submitted, file);
        let bytes = self.kept(place, key("manifest.json")).await?;
        let manifest = CandidateManifest::parse(&bytes, place.model, &champion.lineage.run)
            .map_err(|fault| broken(key("manifest.json"))(fault.to_string()))?;
        if let Some(name) = manifest.onnx_file() {
            let model = keys::artifact(place.model, &champion.id, name);
            let bytes = self.kept(place, model.clone()).await?;
            let answers = questioning::ask(contract, manifest.onnx.as_ref(), &bytes, asked).map_err(broken(model.clone()))?.answers;
            let judged = asked.evaluation(contract, &answers).map_err(broken(model))?;
            return Ok(Some(Opponent { evaluation_sha256: asked_sha256.to_owned(), evaluation: judged }));
        }
        let predictions = self.kept(place, key("predictions")).await?;
        let rows = self.kept(place, keys::evaluation(place.model, evaluation)).await?;
        let answered = read_answers(contract, &manifest, Some(predictions)).map_err(broken(key("predictions")))?.unwrap_or_default();
        let questions = Questions::read(contract, &manifest.evaluation, rows).map_err(broken(keys::evaluation(place.model, evaluation)))?;
        let judged = questions.evaluation(contract, &answered).map_err(broken(key("predictions")))?;
        Ok(Some(Opponent { evaluation_sha256: evaluation.clone(), evaluation: judged }))
    }

    /// Evaluation rows that were in the training set: rows with the same features, id and time, as far as both sets have those. `None` when
    /// that is not known: the training set's files are gone or too large to look at, or rows that look alike may be different ones.
    async fn overlap(
        &self,
        place: Place<'_>,
        contract: &Contract,
        candidate: &Candidate,
        asked: &Rows,
    ) -> Result<Option<u64>, ValidateError> {
        let manifest = &candidate.manifest;
        let columns = with_columns(contract, manifest.evaluation.id.as_ref(), &[]);
        if candidate.training_set.files.iter().map(|file| file.bytes).sum::<u64>() > MAX_TRAINING_BYTES {
            return Ok(None);
        }
        let mut training = Vec::new();
        for file in &candidate.training_set.files {
            match self.training_rows(place, &columns, &candidate.training_set, file).await? {
                Some(rows) => training.push(rows),
                None => return Ok(None),
            }
        }
        let telling = |name: &&str| asked.has(name) && training.iter().any(|rows| rows.has(name));
        let identity: Vec<&str> = ["inference_id", "timestamp"].into_iter().filter(telling).collect();
        let columns: Vec<&str> = identity
            .iter()
            .copied()
            .chain(contract.features.iter().map(|feature| feature.name.as_str()).filter(|name| telling(name)))
            .collect();
        if columns.is_empty() {
            return Ok(None);
        }
        let known: HashSet<_> = training.iter().flat_map(|rows| marks(rows.batches(), &columns)).collect();
        let common = common(&marks(asked.batches(), &columns), &known);
        Ok(if common > 0 && identity.is_empty() { None } else { Some(common) })
    }
}

/// What a file of predictions says, if there is one.
fn read_answers(contract: &Contract, manifest: &CandidateManifest, predictions: Option<Bytes>) -> Result<Option<Answers>, String> {
    let named = manifest.predictions.as_ref().zip(predictions);
    named.map(|(named, file)| Answers::read(contract, named, manifest.evaluation.id.as_ref(), file)).transpose()
}

/// What the team measured of the time that predictions take, where it says how many it timed.
fn latency(claims: &Claims) -> Option<Latency> {
    Some(Latency { p50_ms: claims.latency_p50_ms?, p99_ms: claims.latency_p99_ms?, rows: claims.latency_rows? })
}

/// Metrics that the team claims, held against what we measure: a claim outside of the 95 % interval was not made on these rows.
fn claims(claims: &Claims, evaluation: &Evaluation) -> Option<Rule> {
    /// How far a claim may be off for having been rounded, in its own unit.
    const ROUNDING: f64 = 0.005;
    let mut faults = Vec::new();
    for (metric, claimed) in &claims.metrics {
        match tidegate_validation::metrics::value(evaluation.outcomes(), *metric) {
            Ok(found) if (found - claimed).abs() <= ROUNDING * found.abs().max(1.0) => {}
            Ok(found) => faults.push(format!("{} is claimed to be {claimed}, and is {found:.4}", metric.title())),
            Err(reason) => faults.push(format!("{} is claimed to be {claimed}, and cannot be measured: {reason}", metric.title())),
        }
    }
    if claims.metrics.is_empty() {
        return None;
    }
    Some(if faults.is_empty() {
        Rule::new("claims", Outcome::Pass, "What the team measured itself agrees with what was measured here.")
    } else {
        Rule::new("claims", Outcome::Fail, format!("The manifest contradicts its own predictions: {}.", faults.join("; ")))
    })
}

/// The report as people read it.
fn page(report: &GateReport, contract: &Contract, version: &ModelVersion) -> String {
    let lineage = &version.lineage;
    let files: Vec<ModelFile<'_>> =
        version.artifact.files().iter().map(|file| ModelFile { name: &file.name, sha256: &file.sha256, bytes: file.bytes }).collect();
    let card = ModelCard {
        run: &lineage.run,
        submitter: &lineage.submitter,
        artifact_writer: &lineage.artifact_writer,
        submitted_at_ms: version.submitted_at_ms,
        code_revision: lineage.code_revision.as_deref(),
        framework: lineage.framework.as_deref(),
        training_set: lineage.dataset_version.as_deref(),
        manifest: lineage.manifest.as_deref(),
        parameters: &lineage.parameters,
        artifact: &version.id,
        files: &files,
    };
    gate_page(&GatePage { report, card: &card, primary: Some(contract.validation.primary(contract.task)) })
}

fn no_answers_of(champion: &ModelVersion) -> Rule {
    let says =
        format!("The champion, version {}, was registered without predictions: the candidate cannot be compared with it.", champion.number);
    Rule::new("champion_predictions", Outcome::CannotTell, says)
}

fn gate_record(report: &GateReport, digest: String, key: String, champion: Option<u32>) -> GateRecord {
    let outcome = |outcome| match outcome {
        Outcome::Pass => GateOutcome::Pass,
        Outcome::Fail => GateOutcome::Fail,
        Outcome::CannotTell => GateOutcome::CannotTell,
    };
    let rule = |rule: &Rule| GateRule { name: rule.name.clone(), outcome: outcome(rule.outcome), says: cut(&rule.sentence) };
    GateRecord {
        outcome: outcome(report.outcome),
        headline: cut(&report.headline),
        digest,
        key,
        champion,
        rules: report.rules.iter().take(MAX_RULES).map(rule).collect(),
    }
}

/// As much of a text as the registry keeps; the report has it whole.
pub(crate) fn cut(text: &str) -> String {
    if text.len() <= MAX_TEXT_BYTES {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(MAX_TEXT_BYTES - "…".len());
    format!("{}…", text.get(..end).unwrap_or_default())
}

fn request_name(place: Place<'_>) -> Result<String, ValidateError> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|source| ValidateError::Random { candidate: place.name(), source })?;
    Ok(keys::hex(&random))
}
