//! `tidegate`: the engine of the functions at a desk. Only files, no account and no network, except for what
//! is pointed at a lake or a registry.

mod approvers;
mod check;
mod dataset;
mod demo;
mod desk;
mod doctor;
mod drift;
mod error;
mod files;
mod guess;
mod import;
mod init;
mod performance;
mod profile;
mod reach;
mod redrive;
mod registry;
mod replay;
mod sample;
mod says;
mod serve;
mod stored;
mod summary;
mod tables;
mod terminal;
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::terminal::Outcome;

/// Watches machine-learning models by their scoring logs, and keeps the gate for new versions.
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, propagate_version = true, after_help = terminal::EXIT_CODES)]
struct Tidegate {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Arguments),
    Check(check::Arguments),
    Init(init::Arguments),
    /// Print the JSON Schema of a contract, for editors
    Schema,
    Drift(drift::Arguments),
    Performance(performance::Arguments),
    Replay(replay::Arguments),
    Profile(profile::Arguments),
    Import(import::Arguments),
    Doctor(doctor::Arguments),
    Dataset(dataset::Arguments),
    Submit(registry::SubmitArguments),
    Models(registry::ModelsArguments),
    Versions(registry::VersionsArguments),
    /// Show a version's card: what it is, who made it from which data, how good it was found, who approved it
    Show(registry::VersionArguments),
    /// Explain in words why a version was approved or not: everything that was recorded of it, in its order
    Explain(registry::VersionArguments),
    /// Trace a version from its data and code over its gate to the decisions
    Lineage(registry::VersionArguments),
    WhoWas(registry::WhoWasArguments),
    Rollback(registry::RollbackArguments),
    Retrain(registry::RetrainArguments),
    Redrive(redrive::Arguments),
    Approvers(approvers::Arguments),
    Verify(registry::VerifyArguments),
    Serve(serve::Arguments),
    Tables(tables::Arguments),
    Up(up::UpArguments),
    Down(up::DownArguments),
}

fn main() -> ExitCode {
    let outcome = match Tidegate::parse().command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Schema => Ok(Outcome::good(format!("{:#}\n", tidegate_contract::schema()))),
        Command::Drift(arguments) => drift::run(&arguments),
        Command::Performance(arguments) => performance::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Profile(arguments) => profile::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Dataset(arguments) => dataset::run(&arguments),
        Command::Submit(arguments) => registry::submit(&arguments),
        Command::Models(arguments) => registry::models(&arguments),
        Command::Versions(arguments) => registry::versions(&arguments),
        Command::Show(arguments) => registry::show(&arguments),
        Command::Explain(arguments) => registry::explain(&arguments),
        Command::Lineage(arguments) => registry::lineage(&arguments),
        Command::WhoWas(arguments) => registry::who_was(&arguments),
        Command::Rollback(arguments) => registry::rollback(&arguments),
        Command::Retrain(arguments) => registry::retrain(&arguments),
        Command::Redrive(arguments) => redrive::run(&arguments),
        Command::Approvers(arguments) => approvers::run(&arguments),
        Command::Verify(arguments) => registry::verify(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Tables(arguments) => tables::run(&arguments),
        Command::Up(arguments) => up::up(&arguments),
        Command::Down(arguments) => up::down(&arguments),
    };
    terminal::finish(outcome)
}
