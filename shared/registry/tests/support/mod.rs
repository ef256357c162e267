//! A registry of one model without a table: what the store does, on plain values.

#![allow(dead_code, unreachable_pub, reason = "every test uses its part")]

use std::collections::BTreeMap;

use tidegate_contract::Person;
use tidegate_registry::audit::{Entry, ModelRecords, StoredEntry};
use tidegate_registry::{
    AliasName, Answer, Artifact, ArtifactFile, Change, Command, GateOutcome, GateRecord, GateRule, Lineage, Order, People, Policy, Refusal,
    Snapshot, Stage, Submission, VersionState, transition,
};

pub const MODEL: &str = "flight-delay";
pub const HOUR: i64 = 3_600_000;

/// `1111…`, 64 digits.
pub fn digest(digit: char) -> String {
    digit.to_string().repeat(64)
}

/// `aaaa…`, 32 digits.
pub fn request(digit: char) -> String {
    digit.to_string().repeat(32)
}

pub fn submission(run: &str) -> Submission {
    let byte = run.bytes().fold(0_u8, u8::wrapping_add);
    let file = ArtifactFile { name: "model.onnx".to_owned(), sha256: format!("{byte:064x}"), bytes: 1_000 };
    Submission {
        artifact: Artifact::new(vec![file]),
        lineage: Lineage {
            promoted_from: None,
            run: run.to_owned(),
            submitter: "ada@example.com".to_owned(),
            artifact_writer: "arn:aws:sts::111122223333:assumed-role/Training/job-7".to_owned(),
            dataset_version: Some(digest('d')),
            evaluation_version: Some(digest('e')),
            code_revision: Some("4f5c2a9".to_owned()),
            framework: Some("scikit-learn 1.9".to_owned()),
            parameters: BTreeMap::from([("C".to_owned(), "0.1".to_owned())]),
            manifest: Some(digest('a')),
        },
    }
}

pub fn gate(outcome: GateOutcome, champion: Option<u32>) -> GateRecord {
    GateRecord {
        outcome,
        headline: "ROC AUC is 0.731 (0.722 to 0.740), better than the champion's".to_owned(),
        digest: digest('b'),
        key: "gates/flight-delay/1.json".to_owned(),
        champion,
        rules: vec![GateRule {
            name: "roc_auc.minimum".to_owned(),
            outcome,
            says: "ROC AUC is 0.731 on 12,311 rows; at least 0.70 was asked.".to_owned(),
        }],
    }
}

pub fn policy(approvals: u32, approvers: &[&str]) -> Policy {
    let also = vec!["arn:aws:iam::111122223333:user/lead".to_owned(), "boss@example.com".to_owned()];
    Policy {
        stage: Stage::Prod,
        approvals,
        approvers: approvers.iter().map(|&approver| approver.to_owned()).collect(),
        expires_ms: 72 * HOUR,
        hold_ms: 0,
        people: People::new(&[Person { person: "lead@example.com".to_owned(), also }]),
        ..Policy::nobody(Stage::Prod)
    }
}

/// One model's records and chain.
#[derive(Debug, Clone, Default)]
pub struct Desk {
    pub records: ModelRecords,
    pub chain: Vec<StoredEntry>,
}

/// What a store reads before it decides about a version.
pub fn snapshot(records: &ModelRecords, number: Option<u32>) -> Snapshot {
    let alias = |name| records.aliases.get(&name).cloned();
    let version = |number: Option<u32>| number.and_then(|number| records.versions.get(&number)).cloned();
    let champion = version(alias(AliasName::Champion).and_then(|alias| alias.number));
    Snapshot {
        model: MODEL.to_owned(),
        head: records.head.clone(),
        version: version(number),
        previous: version(champion.as_ref().and_then(|champion| champion.replaced)),
        champion,
        champion_alias: alias(AliasName::Champion),
        challenger_alias: alias(AliasName::Challenger),
        refused: None,
        retraining: records.retrainings.values().next_back().cloned(),
        dataset: None,
    }
}

/// What a store writes: every record or none, over the head that was read.
pub fn apply(records: &mut ModelRecords, change: &Change) -> Option<StoredEntry> {
    if change.is_nothing() {
        return None;
    }
    let entry = Entry::next(&records.head, change);
    let stored = entry.stored().unwrap();
    let versions = change.version().map_or(records.head.versions, |version| version.number.max(records.head.versions));
    records.head = entry.head(stored.hash.clone(), versions);
    change.records().cloned().for_each(|record| records.insert(record));
    Some(stored)
}

impl Desk {
    /// Asks for something and does it.
    pub fn ask(&mut self, number: u32, by: &str, command: Command, policy: &Policy, now_ms: i64) -> Result<Change, Refusal> {
        let mut snapshot = snapshot(&self.records, Some(number));
        if let Command::Submit(submission) = &command {
            snapshot.version = self.records.versions.values().rev().find(|known| known.lineage.run == submission.lineage.run).cloned();
        }
        let change = transition(&snapshot, &Order { by: by.to_owned(), command }, policy, now_ms)?;
        self.chain.extend(apply(&mut self.records, &change));
        Ok(change)
    }

    pub fn state(&self, number: u32) -> VersionState {
        self.records.versions.get(&number).unwrap().state
    }

    pub fn champion(&self) -> Option<u32> {
        self.records.aliases.get(&AliasName::Champion).and_then(|alias| alias.number)
    }

    /// A version that waits for people, asked at `now_ms`.
    pub fn pending(&mut self, run: &str, policy: &Policy, now_ms: i64) -> u32 {
        let submitted = self.ask(0, "function:validate", Command::Submit(Box::new(submission(run))), policy, now_ms).unwrap();
        let number = submitted.version().unwrap().number;
        self.ask(number, "function:validate", Command::StartValidation, policy, now_ms).unwrap();
        let gate = gate(GateOutcome::Pass, self.champion());
        self.ask(number, "function:validate", Command::RecordGate(Box::new(gate)), policy, now_ms).unwrap();
        self.ask(number, "function:validate", Command::RequestApprovals { request: request('1') }, policy, now_ms).unwrap();
        number
    }

    /// A version that was approved by its gate and promoted.
    pub fn promoted(&mut self, run: &str, now_ms: i64) -> u32 {
        let number = self.pending(run, &policy(0, &[]), now_ms);
        self.ask(number, "function:registry", Command::Promote, &policy(0, &[]), now_ms).unwrap();
        number
    }
}

pub fn answer(answer: Answer, reason: &str) -> Command {
    Command::Decide { request: request('1'), answer, reason: reason.to_owned() }
}
