//! `tidegate-studies`: programs that show what verdicts are worth, on data whose truth is known.
//!
//! `cargo run --release -p tidegate-studies -- <study>`; what each shows and how it is read: the README beside this crate.

#![expect(clippy::cast_possible_wrap, reason = "days and hours of a study are few")]
#![expect(clippy::let_underscore_must_use, clippy::format_push_string, reason = "writing to a String cannot fail")]

mod cases;
mod causes;
mod engine;
mod flights;
mod plot;
mod power;
mod random;

use std::io::Write;

use clap::{Parser, Subcommand};

/// Shows what verdicts are worth, on data whose truth is known.
#[derive(Debug, Parser)]
#[command(name = "tidegate-studies")]
struct Studies {
    #[command(subcommand)]
    study: Study,
}

#[derive(Debug, Subcommand)]
enum Study {
    Cases(cases::Arguments),
    Causes(causes::Arguments),
    Flights(flights::Arguments),
    Power(power::Arguments),
}

fn main() -> anyhow::Result<()> {
    let text = match Studies::parse().study {
        Study::Cases(arguments) => cases::run(&arguments)?,
        Study::Causes(arguments) => causes::run(&arguments)?,
        Study::Flights(arguments) => flights::run(&arguments)?,
        Study::Power(arguments) => power::run(&arguments)?,
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}
