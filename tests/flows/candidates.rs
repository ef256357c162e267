//! From a candidate's manifest to a champion: submitted as files, judged by the gate, decided by the registry, provable by the audit trail.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate_local_account::{Dice, Fault, Faults, LAKE, LocalAccount, MODELS, Moment, Setup, TABLE};
use tidegate_registry::audit::{rebuild, verify_to};
use tidegate_registry::{GateOutcome, ModelVersion, Registry, VersionState};
use tidegate_scoring::export::{LogisticRegression, NumberTerm};

pub(crate) const MODEL: &str = "churn";
pub(crate) const CONTRACT: &str = "\
model: churn
task: binary
features:
  - { name: amount, type: numeric }
  - { name: age, type: numeric }
  - { name: plan, type: categorical, protected: true }
segments: [plan]
validation: { primary: roc_auc, minimum: 0.60 }
";
pub(crate) const EVALUATION: &str = "evaluations/churn/june.csv";
const ROWS: usize = 4_000;
/// More calls than a candidate makes.
pub(crate) const MOST_CALLS: u64 = 200;

/// People: what the models see of them, and whether they left.
pub(crate) fn people(from: usize, seed: u64) -> Vec<(String, f64, f64, &'static str, bool)> {
    let mut dice = Dice::new(seed);
    (from..from + ROWS)
        .map(|row| {
            let (amount, age) = (dice.roll() * 2.0 - 1.0, dice.roll() * 2.0 - 1.0);
            let plan = ["basic", "family"].get(dice.below(2)).copied().unwrap_or_default();
            let leaves = dice.roll() < 1.0 / (1.0 + (-(1.5 * amount + 1.5 * age)).exp());
            (format!("r{row}"), amount, age, plan, leaves)
        })
        .collect()
}

pub(crate) fn csv(rows: &[(String, f64, f64, &'static str, bool)]) -> String {
    let mut text = "inference_id,amount,age,plan,left\n".to_owned();
    for (id, amount, age, plan, leaves) in rows {
        writeln!(text, "{id},{amount:.6},{age:.6},{plan},{}", u8::from(*leaves)).unwrap();
    }
    text
}

/// A model that weighs amount and age so.
pub(crate) fn onnx(amount: f64, age: f64) -> Vec<u8> {
    let term = |feature: &str, weight| NumberTerm { feature: feature.to_owned(), fill: 0.0, mean: 0.0, scale: 1.0, weights: vec![weight] };
    let model = LogisticRegression {
        numbers: vec![term("amount", amount), term("age", age)],
        names: vec![],
        intercepts: vec![0.0],
        classes: vec!["0".to_owned(), "1".to_owned()],
    };
    model.to_onnx().unwrap()
}

pub(crate) struct Desk {
    pub(crate) folder: TempDir,
    pub(crate) account: LocalAccount,
    pub(crate) registry: Registry,
    /// The dataset version that candidates name.
    pub(crate) training_set: String,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        Box::pin(Self::set_up(Setup::default())).await
    }

    pub(crate) async fn set_up(setup: Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let account = Box::pin(LocalAccount::start_with(folder.path(), setup)).await.unwrap();
        let registry = Registry::new(account.dynamodb.clone(), TABLE);
        let mut desk = Self { folder, account, registry, training_set: String::new() };
        desk.put("contracts/churn.yaml", CONTRACT.as_bytes()).await;
        desk.put("datasets/churn/may.csv", csv(&people(0, 1)).as_bytes()).await;
        desk.put(EVALUATION, csv(&people(10_000, 2)).as_bytes()).await;
        desk.account.settle().await.unwrap();
        let lake = desk.account.bucket_folder(LAKE).join("baselines/model=churn/current.json");
        let current: Value = serde_json::from_slice(&std::fs::read(lake).unwrap()).unwrap();
        current.get("version").unwrap().as_str().unwrap().clone_into(&mut desk.training_set);
        desk
    }

    pub(crate) async fn put(&self, key: &str, bytes: &[u8]) {
        self.account.s3.put_object().bucket(MODELS).key(key).body(bytes.to_vec().into()).send().await.unwrap();
    }

    fn manifest(&self, run: &str) -> Value {
        json!({
            "format": "tidegate.candidate/1", "model": MODEL, "run": run, "submitted_by": "ana@example.com",
            "artifact": [{ "file": "model.onnx" }], "training_set": self.training_set,
            "evaluation": { "key": EVALUATION, "actual": "left" },
            "code_revision": "4f5c2a9", "parameters": { "C": "0.1" }
        })
    }

    /// Submits a model that weighs amount and age so, and has it judged.
    pub(crate) async fn submit(&self, run: &str, weights: (f64, f64)) -> ModelVersion {
        self.submit_with(run, weights, |_| ()).await
    }

    /// Submits such a model with a manifest that was changed so.
    pub(crate) async fn submit_with(&self, run: &str, weights: (f64, f64), change: impl FnOnce(&mut Value)) -> ModelVersion {
        self.put(&format!("candidates/churn/{run}/model.onnx"), &onnx(weights.0, weights.1)).await;
        let mut manifest = self.manifest(run);
        change(&mut manifest);
        self.submit_manifest(run, &manifest).await;
        self.version(run).await.unwrap()
    }

    async fn submit_manifest(&self, run: &str, manifest: &Value) {
        self.put(&format!("candidates/churn/{run}/manifest.json"), manifest.to_string().as_bytes()).await;
        self.account.settle().await.unwrap();
    }

    pub(crate) async fn version(&self, run: &str) -> Option<ModelVersion> {
        self.registry.versions(MODEL).await.unwrap().into_iter().find(|version| version.lineage.run == run)
    }

    pub(crate) async fn champion(&self) -> Option<String> {
        self.registry.champion(MODEL).await.unwrap().map(|version| version.lineage.run)
    }

    pub(crate) async fn refusals(&self) -> Vec<String> {
        self.registry.refused(MODEL).await.unwrap().into_iter().map(|refused| refused.reason).collect()
    }

    /// The chain is whole, tells the table again, and nothing was put aside.
    pub(crate) async fn check(&self) {
        let audited = self.registry.audited(MODEL).await.unwrap();
        verify_to(MODEL, &audited.entries, &audited.records.head, &[]).unwrap();
        assert_eq!(rebuild(&audited.entries).unwrap().difference(&audited.records), None);
        assert_eq!(self.account.dead_letters(self.account.validate_queue()).await.unwrap(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn the_better_model_serves_and_an_equal_or_worse_one_does_not() {
    let desk = Desk::new().await;
    let first = desk.submit("first", (1.5, 0.0)).await;
    assert_eq!((first.number, first.state), (1, VersionState::Champion), "{:?}", first.gate);
    let better = desk.submit("better", (1.5, 1.5)).await;
    assert_eq!(better.state, VersionState::Champion, "{:?}", better.gate);
    assert_eq!(better.replaced, Some(1));
    let gate = better.gate.unwrap();
    assert_eq!((gate.outcome, gate.champion), (GateOutcome::Pass, Some(1)));

    // As good as the champion: the same order of people.
    let equal = desk.submit("equal", (1.4, 1.4)).await;
    assert_eq!((equal.state, equal.gate.as_ref().unwrap().outcome), (VersionState::Rejected, GateOutcome::CannotTell), "{:?}", equal.gate);
    let worse = desk.submit("worse", (1.5, 0.2)).await;
    assert_eq!((worse.state, worse.gate.as_ref().unwrap().outcome), (VersionState::Rejected, GateOutcome::Fail), "{:?}", worse.gate);
    assert_eq!(desk.champion().await.as_deref(), Some("better"));
    desk.check().await;

    // The report that was decided on lies where the registry says, with the digest that it says.
    let gate = worse.gate.unwrap();
    let report = std::fs::read(desk.account.bucket_folder(LAKE).join(&gate.key)).unwrap();
    assert!(gate.key.contains(&gate.digest));
    let report: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report.get("format").unwrap(), "tidegate.gate/1");
}

#[tokio::test]
async fn predictions_in_a_file_are_judged_as_well_and_held_against_the_model() {
    let desk = Desk::new().await;
    let rows = people(10_000, 2);
    let scores = |flip: bool| {
        let mut text = "inference_id,p\n".to_owned();
        for (id, amount, age, ..) in rows.iter().rev() {
            let p = 1.0 / (1.0 + (-(1.5 * amount + 1.5 * age)).exp());
            writeln!(text, "{id},{:.6}", if flip { 1.0 - p } else { p }).unwrap();
        }
        text
    };
    // A model that cannot be asked here, with its answers.
    let mut manifest = desk.manifest("file");
    *manifest.pointer_mut("/artifact/0/file").unwrap() = "model.bst".into();
    manifest.as_object_mut().unwrap().insert("predictions".to_owned(), json!({ "file": "p.csv", "score": "p" }));
    desk.put("candidates/churn/file/model.bst", b"a booster").await;
    desk.put("candidates/churn/file/p.csv", scores(false).as_bytes()).await;
    desk.submit_manifest("file", &manifest).await;
    let version = desk.version("file").await.unwrap();
    assert_eq!(version.state, VersionState::Champion, "{:?}", version.gate);

    // Answers that are not those of the model.
    let mut manifest = desk.manifest("other");
    manifest.as_object_mut().unwrap().insert("predictions".to_owned(), json!({ "file": "p.csv", "score": "p" }));
    desk.put("candidates/churn/other/model.onnx", &onnx(1.5, 1.5)).await;
    desk.put("candidates/churn/other/p.csv", scores(true).as_bytes()).await;
    desk.submit_manifest("other", &manifest).await;
    let gate = desk.version("other").await.unwrap().gate.unwrap();
    let rule = gate.rules.iter().find(|rule| rule.name == "predictions").unwrap();
    assert!(rule.says.contains("of 4000 rows differ"), "{}", rule.says);
    assert_eq!(gate.outcome, GateOutcome::Fail);
    desk.check().await;
}

#[tokio::test]
async fn a_candidate_that_has_seen_the_answers_is_not_compared() {
    let desk = Desk::new().await;
    // The evaluation set holds a hundred people of the training set.
    let mut rows = people(10_000, 2);
    rows.splice(..100, people(0, 1).into_iter().take(100));
    desk.put(EVALUATION, csv(&rows).as_bytes()).await;
    let version = desk.submit("leak", (1.5, 1.5)).await;
    let gate = version.gate.unwrap();
    let rule = gate.rules.iter().find(|rule| rule.name == "training_overlap").unwrap();
    assert_eq!(rule.outcome, GateOutcome::Fail);
    assert!(rule.says.starts_with("100 of 4,000 rows"), "{}", rule.says);
    assert_eq!(version.state, VersionState::Rejected);
}

#[tokio::test]
async fn every_bad_manifest_is_refused_in_words_and_nothing_is_lost() {
    let desk = Desk::new().await;
    let change = |run: &str, path: &str, value: Value| {
        let mut manifest = desk.manifest(run);
        *manifest.pointer_mut(path).unwrap() = value;
        manifest
    };
    desk.put("candidates/churn/digest/model.onnx", &onnx(1.0, 1.0)).await;
    desk.put("candidates/churn/dataset/model.onnx", &onnx(1.0, 1.0)).await;
    desk.put("candidates/churn/claims/model.onnx", &onnx(1.0, 1.0)).await;
    let mut claims = desk.manifest("claims");
    claims.as_object_mut().unwrap().insert("claims".to_owned(), json!({ "metrics": { "roc_auc": 1.5 } }));
    let cases = [
        ("missing", desk.manifest("missing"), "found nothing at \"candidates/churn/missing/model.onnx\""),
        ("digest", change("digest", "/artifact/0", json!({ "file": "model.onnx", "sha256": "0".repeat(64) })), "found bytes with SHA-256"),
        ("dataset", change("dataset", "/training_set", "f".repeat(64).into()), "expected a dataset version of churn"),
        ("claims", claims, "found 1.5, expected a number from 0 to 1"),
        ("traversal", change("traversal", "/artifact/0/file", "../../../datasets/churn/may.onnx".into()), "inside the candidate's folder"),
    ];
    for (run, manifest, _) in &cases {
        desk.submit_manifest(run, manifest).await;
    }
    desk.put("candidates/churn/large/manifest.json", format!("{{\"x\":\"{}\"}}", "y".repeat(10_000_000)).as_bytes()).await;
    desk.put("candidates/churn/garbage/manifest.json", b"\xff\xfe{").await;
    desk.account.settle().await.unwrap();
    let refusals = desk.refusals().await;
    assert_eq!(refusals.len(), cases.len() + 2, "{refusals:#?}");
    for expected in cases.iter().map(|(.., expected)| *expected).chain(["found 10000008 bytes, expected at most 262144", "expected value"])
    {
        assert!(refusals.iter().any(|reason| reason.contains(expected)), "{expected}\n{refusals:#?}");
    }
    assert!(desk.registry.versions(MODEL).await.unwrap().is_empty());
    desk.check().await;

    // Another manifest for the same run, with the file in its place: judged as if nothing had been.
    let version = desk.submit("missing", (1.5, 1.5)).await;
    assert_eq!(version.state, VersionState::Champion, "{:?}", version.gate);
    desk.check().await;
}

#[tokio::test]
async fn whatever_call_fails_the_candidate_ends_as_it_would_have() {
    let desk = Desk::new().await;
    desk.put("candidates/churn/only/model.onnx", &onnx(1.5, 1.5)).await;
    desk.put("candidates/churn/only/manifest.json", desk.manifest("only").to_string().as_bytes()).await;
    let body = desk.account.take_submissions().unwrap().pop().unwrap();
    let mut points = 0;
    for moment in [Moment::Before, Moment::After] {
        for call in 1..MOST_CALLS {
            let folder = copied(desk.folder.path());
            let faults = Faults::default();
            let account =
                LocalAccount::start_with(folder.path(), Setup { attempts: 1, faults: faults.clone(), ..Setup::default() }).await.unwrap();
            account.send_to_validate(&body).await.unwrap();
            faults.plan(Fault { call, moment, deadly: true });
            while account.run_validate_once().await.unwrap().is_some() {}
            let registry = Registry::new(account.dynamodb.clone(), TABLE);
            let audited = registry.audited(MODEL).await.unwrap();
            let version = registry.version(MODEL, 1).await.unwrap().unwrap();
            assert_eq!(version.state, VersionState::Champion, "{moment:?}, call {call}");
            let each = "its training set published, submitted, validating, judged, approved, promoted";
            assert_eq!(audited.entries.len(), 6, "{each}: once; {moment:?}, call {call}");
            if faults.struck() == 0 {
                break;
            }
            points += 1;
        }
    }
    assert!(points > 20, "{points}");
}

/// A folder with the same files.
pub(crate) fn copied(from: &Path) -> TempDir {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
            let to = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() { copy(&entry.path(), &to) } else { assert!(std::fs::copy(entry.path(), to).is_ok()) }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    copy(from, folder.path());
    folder
}
