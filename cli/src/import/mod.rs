//! `tidegate import`: a contract, and where there are statistics a baseline, from the files of another monitoring tool.

mod account;
mod azure;
mod sagemaker;

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use tidegate_contract::Task;
use tidegate_interchange::{InterchangeError, Rules};

use crate::error::CliError;
use crate::terminal::Outcome;

/// Move in from another monitoring tool: its files become a contract and a baseline
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    tool: Tool,
}

#[derive(Debug, Subcommand)]
enum Tool {
    Sagemaker(sagemaker::Arguments),
    Azure(azure::Arguments),
}

/// Imports.
pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, CliError> {
    match &arguments.tool {
        Tool::Sagemaker(arguments) => sagemaker::run(arguments),
        Tool::Azure(arguments) => azure::run(arguments),
    }
}

/// By whose rules distributions are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RulesChoice {
    /// By those of the tool that is left
    Theirs,
    /// By Tidegate's own
    Ours,
}

impl From<RulesChoice> for Rules {
    fn from(choice: RulesChoice) -> Self {
        match choice {
            RulesChoice::Theirs => Self::Theirs,
            RulesChoice::Ours => Self::Ours,
        }
    }
}

/// What a model predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TaskChoice {
    /// One of two classes
    Binary,
    /// One of several classes
    Multiclass,
    /// A number
    Regression,
}

impl From<TaskChoice> for Task {
    fn from(choice: TaskChoice) -> Self {
        match choice {
            TaskChoice::Binary => Self::Binary,
            TaskChoice::Multiclass => Self::Multiclass,
            TaskChoice::Regression => Self::Regression,
        }
    }
}

/// The text of a file.
fn text(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path).map_err(|source| CliError::Read { path: path.to_owned(), source })
}

/// Blames a file for what is wrong with it.
fn blame(path: &Path) -> impl FnOnce(InterchangeError) -> CliError + use<> {
    let path = path.to_owned();
    move |source| CliError::Import { path, source }
}

/// Where an import writes.
#[derive(Debug, clap::Args)]
struct Destination {
    /// The folder to write contract.yaml and baseline.profile into
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// Write over files that exist
    #[arg(long)]
    force: bool,
}

impl Destination {
    fn path(&self, name: &str) -> Result<PathBuf, CliError> {
        let path = self.out.join(name);
        if path.exists() && !self.force {
            return Err(CliError::Exists { path });
        }
        std::fs::create_dir_all(&self.out).map_err(|source| CliError::Write { path: self.out.clone(), source })?;
        Ok(path)
    }
}
