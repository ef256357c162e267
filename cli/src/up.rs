//! `tidegate up` and `tidegate down`: the three accounts, deployed for real on this machine, and gone again.
//!
//! The work is done by the programs of `infra/local`, which the deployment test uses too; here they get what they need: a virtual environment with the
//! pinned emulator, the functions' programs, and a folder of their own.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::error::CliError;
use crate::terminal::{Outcome, Say};

/// Deploy three accounts, dev, test and prod, on this machine: the templates and the real functions on a local AWS emulator
#[derive(Debug, clap::Args)]
pub(crate) struct UpArguments {
    /// Folder of the emulator, its log and what it takes to reach it [default: target/tidegate-up in the clone]
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,
    /// A Python 3.11 or later
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    python: PathBuf,
}

/// End what `tidegate up` started, and remove its folder
#[derive(Debug, clap::Args)]
pub(crate) struct DownArguments {
    /// The folder that `tidegate up` made [default: target/tidegate-up in the clone]
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,
}

/// What says that a folder is a clone of Tidegate.
const MARK: &str = "infra/local/up.py";

/// Who runs in the background, and whether it does.
const PID: &str = "emulator.pid";

/// How long the emulator may take to end.
const END: Duration = Duration::from_secs(20);

pub(crate) fn up(arguments: &UpArguments) -> Result<Outcome, CliError> {
    let started = Instant::now();
    let root = clone()?;
    let state = folder(arguments.state.as_deref(), &root);
    if running(&state).is_some() {
        return Err(CliError::IsUp { path: state });
    }
    say("Here", format_args!("{}; it listens on 127.0.0.1 only", state.display()))?;
    let python = environment(&arguments.python, &root, &state)?;
    let programs = build(&root)?;
    let accounts = deploy(&python, &root, &state, &programs)?;
    Ok(Outcome::good(try_next(&state, &accounts, started.elapsed())))
}

pub(crate) fn down(arguments: &DownArguments) -> Result<Outcome, CliError> {
    let state = match &arguments.state {
        Some(state) => state.clone(),
        None => folder(None, &clone()?),
    };
    if !state.join(PID).is_file() {
        return Err(CliError::IsNotUp { path: state });
    }
    if let Some(process) = running(&state) {
        let end = Instant::now() + END;
        run(Command::new("kill").arg(&process))?;
        while running(&state).is_some() {
            if Instant::now() > end {
                return Err(CliError::StillUp { process });
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    std::fs::remove_dir_all(&state).map_err(|source| CliError::Write { path: state.clone(), source })?;
    Ok(Outcome::good(format!("The accounts are gone, and {} with them.\n", state.display())))
}

/// The clone that the shell is in.
fn clone() -> Result<PathBuf, CliError> {
    let here = std::env::current_dir().map_err(|source| CliError::Read { path: ".".into(), source })?;
    here.ancestors().find(|folder| folder.join(MARK).is_file()).map(Path::to_owned).ok_or(CliError::NoClone { path: here })
}

fn folder(said: Option<&Path>, root: &Path) -> PathBuf {
    said.map_or_else(|| root.join("target/tidegate-up"), Path::to_owned)
}

/// The emulator's process, if it is running.
fn running(state: &Path) -> Option<String> {
    let process = std::fs::read_to_string(state.join(PID)).ok()?.trim().to_owned();
    let listed = Command::new("ps").args(["-p", &process, "-o", "args="]).output().ok()?;
    String::from_utf8_lossy(&listed.stdout).contains("mended.py").then_some(process)
}

/// A virtual environment with what `requirements.txt` pins; made once.
fn environment(python: &Path, root: &Path, state: &Path) -> Result<PathBuf, CliError> {
    let (wanted, venv) = (root.join("infra/local/requirements.txt"), state.join("venv"));
    let (installed, program) = (venv.join("installed.txt"), venv.join("bin/python"));
    let requirements = std::fs::read(&wanted).map_err(|source| CliError::Read { path: wanted.clone(), source })?;
    if std::fs::read(&installed).is_ok_and(|found| found == requirements) {
        return Ok(program);
    }
    let started = Instant::now();
    std::fs::create_dir_all(state).map_err(|source| CliError::Write { path: state.to_owned(), source })?;
    run(Command::new(python).args(["-m", "venv", "--clear"]).arg(&venv))?;
    run(Command::new(&program).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(&wanted))?;
    std::fs::write(&installed, requirements).map_err(|source| CliError::Write { path: installed, source })?;
    say("Python", format_args!("the emulator is installed in {} ({:.0} s)", venv.display(), started.elapsed().as_secs_f64()))?;
    Ok(program)
}

/// Builds the functions in the profile of this very program, so that what was built for it is built once; the folder that they are in.
fn build(root: &Path) -> Result<PathBuf, CliError> {
    let started = Instant::now();
    let (profile, folder) = if cfg!(debug_assertions) { ("dev", "debug") } else { ("release", "release") };
    say("Functions", format_args!("cargo builds them in the profile {profile}; the first time takes minutes"))?;
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "--profile", profile, "--workspace"]).current_dir(root);
    for function in FUNCTIONS {
        cargo.args(["--bin", function]);
    }
    run(&mut cargo)?;
    let mut metadata = Command::new("cargo");
    metadata.args(["metadata", "--format-version", "1", "--no-deps"]).current_dir(root);
    let told = metadata.output().map_err(|source| CliError::Start { program: "cargo".into(), source })?;
    let target =
        serde_json::from_slice::<Value>(&told.stdout).ok().and_then(|told| Some(told.get("target_directory")?.as_str()?.to_owned()));
    say("Functions", format_args!("built in {:.0} s", started.elapsed().as_secs_f64()))?;
    Ok(target.map_or_else(|| root.join("target"), PathBuf::from).join(folder))
}

/// The functions' programs, as the template names them; `infra/local` packages whichever the template asks for.
const FUNCTIONS: [&str; 8] = [
    "tidegate-approve",
    "tidegate-collect",
    "tidegate-drift",
    "tidegate-notify",
    "tidegate-performance-function",
    "tidegate-registry-function",
    "tidegate-validate",
    "tidegate-webhook",
];

/// Starts the emulator and deploys, passing on what is said meanwhile; the accounts, as JSON.
fn deploy(python: &Path, root: &Path, state: &Path, programs: &Path) -> Result<Value, CliError> {
    let mut child = Command::new(python)
        .arg(root.join(MARK))
        .args([state, programs])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|source| CliError::Start { program: python.to_owned(), source })?;
    let mut accounts = None;
    for line in child.stdout.take().into_iter().flat_map(|said| BufReader::new(said).lines()) {
        let line = line.map_err(CliError::demo)?;
        match serde_json::from_str(&line) {
            Ok(said) => accounts = Some(said),
            Err(_) => writeln!(std::io::stdout(), "{line}").map_err(CliError::demo)?,
        }
    }
    let ended = child.wait().map_err(CliError::demo)?;
    accounts.filter(|_| ended.success()).ok_or_else(|| CliError::Ended { program: root.join(MARK), log: state.join("emulator.log") })
}

/// Runs a program to its end.
fn run(command: &mut Command) -> Result<(), CliError> {
    let program = PathBuf::from(command.get_program());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(CliError::Failed { program }),
        Err(source) => Err(CliError::Start { program, source }),
    }
}

fn say(what: &str, words: std::fmt::Arguments<'_>) -> Result<(), CliError> {
    writeln!(std::io::stdout(), "{what:11}{words}").map_err(CliError::demo)
}

fn try_next(state: &Path, accounts: &Value, took: Duration) -> String {
    let here = state.display();
    let mut text = String::from("\n");
    for account in accounts.get("accounts").and_then(Value::as_array).into_iter().flatten() {
        let word = |name: &str| account.pointer(name).and_then(Value::as_str).unwrap_or_default();
        text.say(format_args!(
            "{:11}account {}, decision links at {}\n",
            word("/stage"),
            word("/number"),
            word("/outputs/DecisionEndpoint")
        ));
    }
    text.say(format_args!(
        "\nTry next   {here}/play             the demo's first steps: contract, training set, logs, report, candidate\n"
    ));
    text.say(format_args!(
        "           {here}/mail test        what lead@example.com is asked; the link opens in a browser, which warns of\n"
    ));
    text.push_str("                             a certificate that the emulator signed itself\n");
    text.say(format_args!(
        "           . {here}/test.env       and this shell is in the account test: for tidegate, the AWS command line, any SDK\n"
    ));
    text.push_str("           tidegate versions flight-delay --registry-table \"$REGISTRY_TABLE\"\n");
    text.push_str("           tidegate down                ends it, and removes everything\n");
    text.say(format_args!("\nUp in {:.0} s.\n", took.as_secs_f64()));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_of_the_template_is_built() {
        let template = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/template.yaml")).unwrap();
        let mut named: Vec<&str> =
            template.lines().filter_map(|line| Some(line.split_once("Binary: ")?.1.trim_end_matches([' ', '}']))).collect();
        named.sort_unstable();
        assert_eq!(named, FUNCTIONS);
    }

    #[test]
    fn a_process_that_is_not_the_emulator_is_left_alone() {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(running(state.path()), None);
        std::fs::write(state.path().join(PID), std::process::id().to_string()).unwrap();
        assert_eq!(running(state.path()), None);
        let arguments = DownArguments { state: Some(state.path().to_owned()) };
        assert!(down(&arguments).is_ok());
        assert!(!state.path().exists());
        assert!(down(&arguments).unwrap_err().to_string().contains("tidegate up"));
    }
}
