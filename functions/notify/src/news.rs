//! What follows from something that was committed: pure.

use serde_json::{Value, json};
use tidegate_monitoring::DatasetSource;
use tidegate_registry::audit::Entry;
use tidegate_registry::{
    Alias, AliasName, ApprovalRequest, DatasetRecord, ModelVersion, Record, RefusedSubmission, Retraining, RetrainingState, Stage,
    VersionState,
};

use crate::message::Message;
use crate::words;

/// Who sends the events, as rules on the bus filter by it.
pub const EVENT_SOURCE: &str = "tidegate";

/// One piece of news.
#[derive(Debug, Clone, PartialEq)]
pub struct News {
    /// Names it: the same news always has the same name, whatever is delivered how often.
    pub id: String,
    /// Where it goes.
    pub outlet: Outlet,
}

/// Where a piece of news goes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Outlet {
    /// To everybody who listens: mail and chat.
    Alert(Box<Message>),
    /// To one person: a link to decide by.
    Link(Box<LinkFor>),
    /// To programs: an event on the account's bus.
    Event {
        /// Its detail type (`ModelApproved`).
        kind: &'static str,
        /// Its detail.
        detail: Value,
    },
    /// To `registry`, which acts on it by policy.
    Command(Value),
    /// To `collect`: a span of records is to become a dataset version.
    Publish(Value),
    /// To whatever serves the model: which version is champion now.
    Champion {
        /// The model.
        model: String,
    },
}

/// A link to decide by: for whom, about what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkFor {
    /// Who decides.
    pub approver: String,
    /// About what.
    pub subject: Subject,
    /// Whether it was sent before.
    pub again: bool,
}

/// What is decided about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Whether a version becomes champion.
    Promotion(Box<ModelVersion>),
    /// Whether a model is retrained.
    Retraining(Box<Retraining>),
}

/// Where all this happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scene {
    /// The stage.
    pub(crate) stage: Stage,
    /// The account's number.
    pub(crate) account: String,
    /// The bucket in which artifacts and reports lie.
    pub(crate) lake_bucket: String,
    /// The region of both.
    pub(crate) region: String,
}

impl Scene {
    /// Where a report can be read by whoever may read the bucket: in the console, after signing in.
    pub(crate) fn console(&self, key: &str) -> String {
        let key = key.replace('%', "%25").replace('=', "%3D").replace(' ', "%20");
        format!("https://{0}.console.aws.amazon.com/s3/object/{1}?region={0}&prefix={key}", self.region, self.lake_bucket)
    }

    /// The detail of an event of the bus: what every event says, and what this one does.
    pub(crate) fn event(&self, kind: &str, model: &str, at_ms: i64, detail: Value) -> Value {
        let mut whole = json!({
            "schema": format!("tidegate.event/{kind}/1"),
            "model": model,
            "stage": self.stage.name(),
            "account": self.account,
            "region": self.region,
            "at_ms": at_ms,
        });
        if let (Some(whole), Value::Object(detail)) = (whole.as_object_mut(), detail) {
            whole.extend(detail);
        }
        whole
    }
}

/// Names a piece of news by what it follows from and where it goes.
pub(crate) fn id(digest: &str, what: &str) -> String {
    format!("{}/{what}", digest.get(..32).unwrap_or(digest))
}

/// What follows from an entry of the audit trail.
pub(crate) fn of_entry(entry: &Entry, hash: &str, scene: &Scene) -> Vec<News> {
    let mut desk = Desk { entry, hash, scene, news: Vec::new() };
    desk.tell();
    desk.news
}

struct Desk<'a> {
    entry: &'a Entry,
    hash: &'a str,
    scene: &'a Scene,
    news: Vec<News>,
}

impl Desk<'_> {
    fn push(&mut self, what: &str, outlet: Outlet) {
        self.news.push(News { id: id(self.hash, what), outlet });
    }

    fn alert(&mut self, message: Message) {
        self.push("alert", Outlet::Alert(Box::new(message)));
    }

    fn event(&mut self, kind: &'static str, detail: Value) {
        let mut whole = self.scene.event(kind, &self.entry.model, self.entry.at_ms, detail);
        if let Some(whole) = whole.as_object_mut() {
            whole.insert("audit".to_owned(), json!({ "seq": self.entry.seq, "sha256": self.hash }));
        }
        self.push(kind, Outlet::Event { kind, detail: whole });
    }

    fn tell(&mut self) {
        let entry = self.entry;
        let changes_champion = entry.records.iter().any(|record| matches!(record, Record::Alias(Alias { name: AliasName::Champion, .. })));
        if changes_champion {
            self.push("champion", Outlet::Champion { model: entry.model.clone() });
        }
        for record in &entry.records {
            match record {
                Record::RefusedSubmission(refused) => self.refused(refused),
                Record::Retraining(retraining) => self.retraining(retraining),
                Record::Dataset(dataset) => self.dataset(dataset),
                Record::Version(_) | Record::Alias(_) => {}
            }
        }
        // The version that the command was about is the first that it wrote.
        let version = entry.records.iter().find_map(|record| match record {
            Record::Version(version) => Some(&**version),
            _ => None,
        });
        if let Some(version) = version {
            self.version(version);
        }
    }

    fn version(&mut self, version: &ModelVersion) {
        let stage = self.scene.stage;
        match (self.entry.command.as_str(), version.state) {
            ("submit", _) => self.event("CandidateSubmitted", json!({ "version": version.number, "run": version.lineage.run })),
            ("record-gate" | "reject-submission", VersionState::Rejected) => self.alert(words::gate_failed(version, stage, self.scene)),
            ("request-approvals" | "remind" | "escalate", VersionState::PendingApproval) => self.ask(version),
            ("request-approvals" | "approve", VersionState::Approved) => self.approved(version),
            ("approve", _) => self.alert(words::approved_in_part(version, self.entry, stage)),
            ("reject" | "reject-outside" | "expire", _) => self.alert(words::turned_down(version, self.entry, stage)),
            ("start-validation", _) if self.entry.says.contains("began again") => {
                self.alert(words::asked_again(version, self.entry, stage));
            }
            ("promote", VersionState::Champion) => {
                self.event("ModelPromoted", json!({ "version": version.number, "artifact": version.id, "replaced": version.replaced }));
                self.alert(words::promoted(version, stage));
            }
            ("roll-back", VersionState::RolledBack) => {
                let ending = version.ending.as_ref();
                self.event(
                    "ModelRolledBack",
                    json!({
                        "version": version.number,
                        "champion": version.replaced,
                        "reason": ending.map(|ending| &ending.reason),
                        "by": ending.map(|ending| &ending.by),
                    }),
                );
                self.alert(words::rolled_back(version, stage));
            }
            ("retire", VersionState::Retired) => self.alert(words::retired(version, self.entry, stage)),
            _ => {}
        }
    }

    /// Everybody who has not answered gets a link.
    fn ask(&mut self, version: &ModelVersion) {
        let Some(request) = &version.request else { return };
        let again = self.entry.command != "request-approvals";
        for approver in request.silent(&version.decisions) {
            let subject = Subject::Promotion(Box::new(version.clone()));
            self.link(LinkFor { approver: approver.to_owned(), subject, again });
        }
        if !again {
            self.alert(words::decision_needed(version, request, self.scene.stage));
        }
    }

    fn link(&mut self, link: LinkFor) {
        self.push(&format!("link/{}", link.approver), Outlet::Link(Box::new(link)));
    }

    fn approved(&mut self, version: &ModelVersion) {
        let lineage = &version.lineage;
        let request = version.request.as_ref();
        let by: Vec<&str> = version.decisions.iter().map(|said| said.person.as_str()).collect();
        let gate = version.gate.as_ref();
        self.event(
            "ModelApproved",
            json!({
                "version": version.number,
                "run": lineage.run,
                "artifact": version.id,
                "files": version.artifact.files(),
                "lake_bucket": self.scene.lake_bucket,
                "manifest": lineage.manifest,
                "dataset_version": lineage.dataset_version,
                "evaluation_version": lineage.evaluation_version,
                "submitter": lineage.submitter,
                "artifact_writer": lineage.artifact_writer,
                "code_revision": lineage.code_revision,
                "champion": request.and_then(|request| request.about.champion),
                "approved_by": by,
                "approved_at_ms": version.approved_at_ms,
                "gate": gate.map(|gate| json!({ "outcome": gate.outcome.name(), "headline": gate.headline, "key": gate.key, "sha256": gate.digest })),
            }),
        );
        if request.is_none_or(|request| request.hold_ms == 0) {
            let command = json!({ "command": "promote", "model": version.model, "version": version.number, "by": "function:notify" });
            self.push("promote", Outlet::Command(command));
        }
        if request.is_some_and(|request| request.needed > 0) {
            self.alert(words::approved(version, self.scene.stage));
        }
    }

    fn refused(&mut self, refused: &RefusedSubmission) {
        self.alert(words::refused(&self.entry.model, refused, self.scene.stage));
    }

    fn retraining(&mut self, retraining: &Retraining) {
        match (retraining.state, &retraining.request) {
            (RetrainingState::Preparing, _) => {
                if let Some((from, to)) = retraining.call.data.split_once('_') {
                    let span = json!({ "model": retraining.model, "from": midnight(from), "to": midnight(to) });
                    self.push("publish", Outlet::Publish(json!({ "publish": span })));
                }
            }
            (RetrainingState::Proposed, Some(ApprovalRequest { approvers, .. })) => {
                for approver in approvers {
                    let subject = Subject::Retraining(Box::new(retraining.clone()));
                    self.link(LinkFor { approver: approver.clone(), subject, again: false });
                }
                self.alert(words::retraining_proposed(retraining, self.scene));
            }
            (RetrainingState::Requested, _) => {
                self.event(
                    "RetrainingRequested",
                    json!({
                        "retraining": retraining.number,
                        "dataset_version": retraining.dataset,
                        "dataset_name": retraining.call.data,
                        "records": retraining.records,
                        "champion": retraining.champion,
                        "why": retraining.call.why,
                        "cause": retraining.call.cause,
                        "report": retraining.call.report,
                        "lake_bucket": self.scene.lake_bucket,
                    }),
                );
                self.alert(words::retraining_requested(retraining, self.scene));
            }
            (RetrainingState::Declined | RetrainingState::Expired | RetrainingState::Failed, _) => {
                self.alert(words::retraining_ended(retraining, self.scene));
            }
            _ => {}
        }
    }

    fn dataset(&mut self, dataset: &DatasetRecord) {
        self.event(
            "DatasetPublished",
            json!({
                "dataset_version": dataset.version,
                "dataset_name": dataset.name,
                "records": dataset.records,
                "passed": dataset.passed,
                "says": dataset.says,
                "from_window": dataset.source == DatasetSource::Window,
            }),
        );
        if !dataset.passed {
            self.alert(words::dataset_failed(&self.entry.model, dataset, self.scene.stage));
        }
    }
}

/// A day as the time of its beginning; a time stays as it is.
fn midnight(day: &str) -> String {
    if day.contains('T') { day.to_owned() } else { format!("{day}T00:00:00Z") }
}
