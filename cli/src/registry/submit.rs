//! `tidegate submit`: a candidate's folder, checked here and put where the gate finds it.
//!
//! Files go first and the manifest last, because the manifest is what wakes the gate. In an account the function `validate` takes it from
//! there, and its outcome is read from the registry; in a demo's folder the functions are run here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tidegate_lake::keys;
use tidegate_local_account::{LocalAccount, MODELS, TABLE};
use tidegate_registry::{GateOutcome, ModelVersion, Registry, VersionState};
use tidegate_validate::CandidateManifest;

use super::list::gate_words;
use crate::error::CliError;
use crate::reach;
use crate::terminal::{Outcome, Say, line, table};

/// Submit a candidate: a folder with its files and manifest.json
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("to").required(true).args(["state", "models_bucket"]))]
pub(crate) struct Arguments {
    /// The candidate's folder
    folder: PathBuf,
    /// The evaluation set, put at the key that the manifest names, if it is not there yet
    #[arg(long, value_name = "FILE")]
    evaluation: Option<PathBuf>,

    /// The folder that `tidegate demo` left its buckets and table in
    #[arg(long, value_name = "FOLDER", help_heading = "To a demo")]
    state: Option<PathBuf>,
    /// The bucket of contracts, training sets and candidates
    #[arg(long, value_name = "NAME", help_heading = "To an account")]
    models_bucket: Option<String>,
    /// The registry's table: wait for what becomes of the candidate
    #[arg(long, value_name = "NAME", requires = "models_bucket", help_heading = "To an account")]
    registry_table: Option<String>,
}

/// How often the table is asked for the outcome, and how long between.
const LOOKS: (u32, Duration) = (120, Duration::from_secs(1));

/// What goes into the models bucket, in this order.
type Objects = Vec<(String, Vec<u8>)>;

pub(super) async fn submit(arguments: &Arguments) -> Result<Outcome, CliError> {
    let (manifest, objects) = objects(arguments)?;
    if let Some(folder) = &arguments.state {
        let account = LocalAccount::start(folder).await.map_err(|source| CliError::NoState { path: folder.clone(), source })?;
        put(&account.s3, MODELS, objects).await?;
        account.settle().await.map_err(CliError::registry)?;
        answer(&Registry::new(account.dynamodb.clone(), TABLE), &manifest, 1).await
    } else {
        let config = reach::account().await?;
        let bucket = arguments.models_bucket.as_deref().unwrap_or_default();
        put(&aws_sdk_s3::Client::new(&config), bucket, objects).await?;
        match &arguments.registry_table {
            Some(name) => answer(&Registry::new(aws_sdk_dynamodb::Client::new(&config), name), &manifest, LOOKS.0).await,
            None => Ok(Outcome::good(format!("Submitted {} of {}.\n", line(&manifest.run, 80), line(&manifest.model, 63)))),
        }
    }
}

/// Reads the folder: every file that the manifest names is there, with the digest that it says.
fn objects(arguments: &Arguments) -> Result<(CandidateManifest, Objects), CliError> {
    let path = arguments.folder.join("manifest.json");
    let bytes = read(&path)?;
    let named: CandidateManifest =
        serde_json::from_slice(&bytes).map_err(|error| CliError::Manifest { path: path.clone(), says: error.to_string() })?;
    let manifest = CandidateManifest::parse(&bytes, &named.model, &named.run)
        .map_err(|fault| CliError::Manifest { path: path.clone(), says: fault.to_string() })?;
    let key = |file: &str| format!("{}{}/{}/{file}", keys::CANDIDATES, manifest.model, manifest.run);
    let mut objects = Vec::new();
    if let Some(file) = &arguments.evaluation {
        let rows = held(file, manifest.evaluation.sha256.as_ref())?;
        objects.push((manifest.evaluation.key.clone(), rows));
    }
    for named in &manifest.artifact {
        objects.push((key(&named.file), held(&arguments.folder.join(&named.file), named.sha256.as_ref())?));
    }
    if let Some(predictions) = &manifest.predictions {
        objects.push((key(&predictions.file), read(&arguments.folder.join(&predictions.file))?));
    }
    objects.push((key("manifest.json"), bytes));
    Ok((manifest, objects))
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(path).map_err(|source| CliError::Read { path: path.to_owned(), source })
}

fn held(path: &Path, expected: Option<&String>) -> Result<Vec<u8>, CliError> {
    let bytes = read(path)?;
    let found = keys::sha256(&bytes);
    match expected {
        Some(expected) if *expected != found => {
            Err(CliError::Manifest { path: path.to_owned(), says: format!("found bytes with SHA-256 {found}, expected {expected}") })
        }
        _ => Ok(bytes),
    }
}

async fn put(s3: &aws_sdk_s3::Client, bucket: &str, objects: Objects) -> Result<(), CliError> {
    for (key, bytes) in objects {
        s3.put_object().bucket(bucket).key(key).body(bytes.into()).send().await.map_err(CliError::registry)?;
    }
    Ok(())
}

/// What became of the candidate. Exit code 0 when nothing speaks against it, 1 when it was refused or rejected.
async fn answer(registry: &Registry, manifest: &CandidateManifest, looks: u32) -> Result<Outcome, CliError> {
    for look in 1..=looks {
        let versions = registry.versions(&manifest.model).await.map_err(CliError::registry)?;
        let version = versions.into_iter().find(|version| version.lineage.run == manifest.run);
        if let Some(version) = version.filter(|version| !matches!(version.state, VersionState::Submitted | VersionState::Validating)) {
            return Ok(told(&version));
        }
        let refused = registry.refused(&manifest.model).await.map_err(CliError::registry)?;
        if let Some(refused) = refused.into_iter().rev().find(|refused| refused.run == manifest.run) {
            return Ok(Outcome { text: format!("Refused: {}\n", line(&refused.reason, 400)), code: 1 });
        }
        if look < looks {
            tokio::time::sleep(LOOKS.1).await;
        }
    }
    Err(CliError::NotDone { what: format!("the validation of {} of {}", manifest.run, manifest.model) })
}

fn told(version: &ModelVersion) -> Outcome {
    let mut text = format!("Version {} of {} is {}.\n", version.number, line(&version.model, 63), version.state);
    if let Some(gate) = &version.gate {
        text.say(format_args!("{}\n", line(&gate.headline, 400)));
        let rows: Vec<[String; 4]> = gate
            .rules
            .iter()
            .filter(|rule| rule.outcome != GateOutcome::Pass)
            .map(|rule| [String::new(), gate_words(rule.outcome).to_owned(), line(&rule.name, 60), line(&rule.says, 200)])
            .collect();
        text.push_str(&table(&rows));
    } else if let Some(ending) = &version.ending {
        text.say(format_args!("{}\n", line(&ending.reason, 400)));
    }
    Outcome { text, code: u8::from(version.state == VersionState::Rejected) }
}
