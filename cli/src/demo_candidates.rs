//! The demo's second half: four models stand for the champion's place, and the gate says which of them gets it.

use std::path::PathBuf;

use serde_json::json;
use tidegate_lake::CurrentBaseline;
use tidegate_local_account::{LAKE, LocalAccount, MODELS, TABLE};
use tidegate_registry::{GateOutcome, ModelVersion, Registry, VersionState};

use crate::demo::{MODEL, read};
use crate::demo_files;
use crate::error::CliError;

/// The flights that the candidates are judged by, and their key in the models bucket.
const EVALUATION: (&str, &str) = ("candidates/august.parquet", "evaluations/flight-delay/2013-august.parquet");

/// A candidate.
pub(crate) struct Run {
    /// Its name, and that of its file.
    pub(crate) name: &'static str,
    /// What it is, in words.
    pub(crate) words: &'static str,
}

/// The candidates, in the order in which they are submitted. All were trained on January (`cli/demo/make_candidates.py`).
pub(crate) const RUNS: [Run; 4] = [
    Run { name: "plain", words: "a logistic regression on the numbers alone" },
    Run { name: "trees", words: "gradient-boosted trees" },
    Run { name: "trees-again", words: "the same trees, grown from other halves of the flights" },
    Run { name: "no-delay", words: "the trees, without knowing how late the flight leaves" },
];

/// What became of a candidate.
pub(crate) struct Judged {
    /// As the registry has it.
    pub(crate) version: ModelVersion,
    /// The gate's report, a page.
    pub(crate) page: PathBuf,
}

/// Puts the evaluation set where candidates can name it.
pub(crate) async fn prepare(account: &LocalAccount) -> Result<(), CliError> {
    put(account, EVALUATION.1, demo_files::bytes(EVALUATION.0)?.to_vec()).await
}

/// Submits a candidate as a team does, files first and the manifest last, and lets the functions run.
pub(crate) async fn submit(account: &LocalAccount, run: &Run) -> Result<Judged, CliError> {
    let current: CurrentBaseline = read(&account.bucket_folder(LAKE).join(tidegate_lake::keys::current_baseline(MODEL)))?;
    let folder = format!("candidates/{MODEL}/{}", run.name);
    let manifest = json!({
        "format": tidegate_validate::FORMAT,
        "model": MODEL,
        "run": run.name,
        "submitted_by": "data-science@example.com",
        "artifact": [{ "file": "model.onnx" }],
        "training_set": current.version,
        "evaluation": { "key": EVALUATION.1, "actual": "outcome" },
        "code_revision": "cli/demo/make_candidates.py",
        "framework": "scikit-learn 1.9.1",
        "parameters": { "model": run.words },
    });
    put(account, &format!("{folder}/model.onnx"), demo_files::bytes(&format!("candidates/{}.onnx", run.name))?.to_vec()).await?;
    put(account, &format!("{folder}/manifest.json"), manifest.to_string().into_bytes()).await?;
    account.settle().await.map_err(CliError::demo)?;
    let registry = Registry::new(account.dynamodb.clone(), TABLE);
    let versions = registry.versions(MODEL).await.map_err(CliError::demo)?;
    let version = versions.into_iter().find(|version| version.lineage.run == run.name);
    let version = version.ok_or_else(|| CliError::demo(format!("the candidate {} was refused", run.name)))?;
    let digest = version.gate.as_ref().map(|gate| gate.digest.clone()).unwrap_or_default();
    let page = account.bucket_folder(LAKE).join(tidegate_lake::keys::gate(MODEL, &digest, "index.html"));
    Ok(Judged { version, page })
}

impl Judged {
    /// A mark and a word for what became of it.
    pub(crate) fn mark(&self) -> (&'static str, tidegate_monitoring::State) {
        use tidegate_monitoring::State;
        match (self.version.state, self.version.gate.as_ref().map(|gate| gate.outcome)) {
            (VersionState::Champion | VersionState::Retired, _) => ("● serves", State::Ok),
            (_, Some(GateOutcome::Fail)) => ("◆ fails", State::Drift),
            (_, Some(GateOutcome::CannotTell)) => ("○ stays out", State::InsufficientData),
            _ => ("▲ waits", State::Warning),
        }
    }

    /// The gate's sentence.
    pub(crate) fn headline(&self) -> &str {
        self.version.gate.as_ref().map_or("no gate has looked at it", |gate| gate.headline.as_str())
    }
}

async fn put(account: &LocalAccount, key: &str, bytes: Vec<u8>) -> Result<(), CliError> {
    account.s3.put_object().bucket(MODELS).key(key).body(bytes.into()).send().await.map_err(CliError::demo)?;
    Ok(())
}
