//! What keeps a command from its answer.

use std::path::PathBuf;

use tidegate_intake::IntakeError;
use tidegate_interchange::InterchangeError;
use tidegate_local_account::LocalAccountError;
use tidegate_profile::ProfileError;

/// What keeps a command from its answer. All of it is wrong input: exit code 2.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CliError {
    #[error("found no file for \"{pattern}\", expected the path of a file or folder, or a pattern such as 'logs/**/*.jsonl.gz'")]
    NoFile { pattern: String },
    #[error("\"{pattern}\" is not a pattern of file names")]
    Pattern {
        pattern: String,
        #[source]
        source: glob::PatternError,
    },
    #[error("a folder could not be looked through")]
    Folder(#[source] glob::GlobError),
    #[error("{} could not be read", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} could not be written", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} exists already, expected a new file: name another with --out, or say --force", path.display())]
    Exists { path: PathBuf },
    /// The faults are shown as they are, with the lines that they are in.
    #[error("{shown}")]
    Contract { shown: String },
    #[error("{} could not be taken in", path.display())]
    Intake {
        path: PathBuf,
        #[source]
        source: IntakeError,
    },
    #[error("{} could not be imported", path.display())]
    Import {
        path: PathBuf,
        #[source]
        source: InterchangeError,
    },
    #[error("found in {}: {found}; expected {expected}", path.display())]
    OtherDocument { path: PathBuf, found: String, expected: &'static str },
    #[error("found records of {found} days in {} and what comes after it, expected at least {expected} days that were fine: fewer do not tell what is ordinary", path.display())]
    FewDays { path: PathBuf, found: usize, expected: usize },
    #[error("{} is no baseline that can be used", path.display())]
    StoredBaseline {
        path: PathBuf,
        #[source]
        source: ProfileError,
    },
    #[error("found {count} files with a stored baseline among them, expected {} alone: a stored baseline is whole", path.display())]
    SeveralBaselines { path: PathBuf, count: usize },
    #[error("the records could not be counted")]
    Profile(#[from] ProfileError),
    #[error("found no readable record in the baseline {}, expected a data set that the contract's fields are in{}", path.display(), because(.fault.as_deref()))]
    EmptyBaseline { path: PathBuf, fault: Option<String> },
    #[error(
        "found not one value of the contract's features in the baseline {}, expected columns under their names or paths (tidegate init shows what the file holds)",
        path.display()
    )]
    ForeignBaseline { path: PathBuf },
    #[error(
        "found {bad} of {read} lines of the baseline unreadable{}, expected at most {limit} of them (monitoring.bad_lines): a baseline with holes would call the holes normal",
        because(.reasons.as_deref())
    )]
    BrokenBaseline { bad: u64, read: u64, limit: f64, reasons: Option<String> },
    #[error("found no time in the records of {}, expected one at \"{at}\" to cut windows by: name its path in the contract (record.timestamp), or say --window all", path.display())]
    NoTime { path: PathBuf, at: String },
    #[error(
        "found none of the features in \"{expected}\" of a record of {}, but {found} beside its time, expected them where the contract says: let it say record.features: \"\", or write them there",
        path.display()
    )]
    FeaturesElsewhere { path: PathBuf, found: String, expected: String },
    #[error(
        "found no column that the baseline and the current records have both, expected some to compare; a contract would say where things are"
    )]
    NothingInCommon,
    #[error("{} is neither empty nor the folder of an earlier demo, expected one of these: name another with --state", path.display())]
    NotADemo { path: PathBuf },
    #[error("the demo could not go on")]
    Demo(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("found a period from {from} to {to}, expected it to end after it begins")]
    Period { from: String, to: String },
    #[error("no window ends after {from} and by {to}: expected a longer period, or a shorter window (--window)")]
    NoWindow { from: String, to: String },
    #[error("found no state of a demo in {}, expected the folder that `tidegate demo --state` left", path.display())]
    NoState {
        path: PathBuf,
        #[source]
        source: LocalAccountError,
    },
    #[error("found no region of AWS, expected one in AWS_REGION or in the profile that AWS_PROFILE names")]
    NoRegion,
    #[error("found no contract of model \"{model}\" in the models bucket, expected one of: {}", listed(.found))]
    NoModel { model: String, found: Vec<String> },
    #[error("found contracts of {} in the models bucket, expected --model to say which one is meant", listed(.found))]
    WhichModel { found: Vec<String> },
    #[error("found a contract of model \"{found}\", expected one of \"{expected}\"")]
    OtherModel { found: String, expected: String },
    #[error("found the topic {topic}, whose name does not say its stage, expected --stage dev, test or prod")]
    NoStage { topic: String },
    #[error("the lake could not be worked on")]
    Account(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the registry could not be asked")]
    Registry(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("found no {wanted} of model \"{model}\", expected one of: {}", listed(.found))]
    NoVersion { model: String, wanted: String, found: Vec<String> },
    #[error("found no version of model \"{model}\", expected one of these models: {}", listed(.found))]
    NoVersions { model: String, found: Vec<String> },
    #[error("{from} is no key that checkpoints can be verified with")]
    PublicKey {
        from: String,
        #[source]
        source: tidegate_registry::audit::CheckpointError,
    },
    #[error(
        "{what} was asked for and is not done yet: look at it with `tidegate show`, and at the dead-letter queue of the function registry"
    )]
    NotDone { what: String },
    #[error("{} cannot be submitted: {says}", path.display())]
    Manifest { path: PathBuf, says: String },
    #[error("found no prediction in {}, expected records with an inference id", path.display())]
    NoPrediction { path: PathBuf },
    #[error(
        "found no prediction with an id and what really was in the evaluation set {}, expected records with an inference id, a score or prediction, and an outcome (truth.actual)",
        path.display()
    )]
    NoEvaluation { path: PathBuf },
    #[error(
        "found no window of {length} whose quality was judged of model \"{model}\", expected some: is the model's name right, and has the function performance run?"
    )]
    NoQuality { model: String, length: String },
    #[error("found no clone of Tidegate in {} or above it, expected one: the accounts are deployed from its templates and functions", path.display())]
    NoClone { path: PathBuf },
    #[error("found accounts that are up in {}, expected none: `tidegate down` ends them", path.display())]
    IsUp { path: PathBuf },
    #[error("found nothing in {} that `tidegate up` made", path.display())]
    IsNotUp { path: PathBuf },
    #[error("the emulator, process {process}, did not end")]
    StillUp { process: String },
    #[error("{} could not be started", program.display())]
    Start {
        program: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} failed, and said why above", program.display())]
    Failed { program: PathBuf },
    #[error("{} did not deploy the accounts; what it says stands above, the emulator's log is {}", program.display(), log.display())]
    Ended { program: PathBuf, log: PathBuf },
    #[error(
        "found \"{found}\", expected the URL of the queue of the function registry, which ends in -registry: the stack's output RegistryQueueUrl"
    )]
    OtherQueue { found: String },
    #[error("found no queue {url}, expected the dead-letter queues of a stack beside its queue of registry")]
    NoQueue { url: String },
    #[error("what lies in {queue}-dead-letters never was in a queue and cannot be moved back into one: {runbook} says what is to be done")]
    NoWayBack { queue: &'static str, runbook: String },
    #[error(
        "the dead letters of {queue} are being moved back already ({moved} of {of}): wait for the end, `tidegate redrive` lists what is left"
    )]
    IsMoving { queue: &'static str, moved: u64, of: u64 },
    #[error("the dead letters of {queue} were not moved back: the move ended as {ending}, after {moved} of {of} messages")]
    NotMoved { queue: &'static str, ending: String, moved: u64, of: u64 },
    #[error("the dead-letter queues could not be asked")]
    Queues(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("a verdict could not be read")]
    Verdict(#[source] serde_json::Error),
}

impl CliError {
    /// What kept the demo from going on.
    pub(crate) fn demo(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Demo(source.into())
    }

    /// What kept the registry from its answer.
    pub(crate) fn registry(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Registry(source.into())
    }

    /// What kept queues from their answer.
    pub(crate) fn queues(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Queues(source.into())
    }

    /// What kept a lake from being read.
    pub(crate) fn account(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Account(source.into())
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn because(reason: Option<&str>) -> String {
    reason.map(|reason| format!(" ({reason})")).unwrap_or_default()
}
