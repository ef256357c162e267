//! The planted-cause study: trouble of twenty kinds is put into two real data sets, and the verdict's cause and action are
//! compared with what was planted.

mod judge;
mod model;
mod plant;
mod records;
mod results;
mod trouble;
mod world;

use std::path::PathBuf;

use self::plant::plant;
use self::results::{Outcome, Results};
use self::trouble::{Call, Trouble};
use self::world::{World, worlds};
use crate::random::Random;

/// Plants trouble of every kind into two real data sets and compares the verdicts' causes and actions with it.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What fields, severities, windows and beginnings are drawn from; several are judged together
    #[arg(long, num_args = 1.., default_values_t = [1])]
    seed: Vec<u64>,
    /// So many of each kind per data set and seed
    #[arg(long, default_value_t = 10)]
    plants: u64,
    /// Write the table (Markdown) and the plot (SVG) into this folder
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Name every verdict that is not right
    #[arg(long)]
    wrong: bool,
    /// Only kinds whose words contain this
    #[arg(long)]
    only: Option<String>,
}

/// Runs the study.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<String> {
    let mut outcomes = Vec::new();
    for seed in &arguments.seed {
        for world in worlds(*seed)? {
            let wanted = |trouble: &Trouble| arguments.only.as_ref().is_none_or(|only| trouble.words().contains(only));
            for trouble in Trouble::ALL.into_iter().filter(wanted) {
                outcomes.extend(of_kind(&world, trouble, *seed, arguments.plants)?);
            }
        }
    }
    let results = Results { outcomes };
    if let Some(folder) = &arguments.out {
        let command = format!(
            "cargo run --release -p tidegate-studies -- causes --seed {} --plants {} --out tests/studies/results",
            arguments.seed.iter().map(u64::to_string).collect::<Vec<_>>().join(" "),
            arguments.plants
        );
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("causes.md"), results.page(&command))?;
        std::fs::write(folder.join("causes.svg"), results.plot()?)?;
    }
    let wrong = if arguments.wrong { results.wrong() } else { String::new() };
    Ok(format!("{}{wrong}{}\n", results.table(), results.summary()))
}

/// Plants one kind of trouble several times.
fn of_kind(world: &World, trouble: Trouble, seed: u64, plants: u64) -> anyhow::Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    for number in 0..plants {
        let mut random = Random::new(seed, &[trouble as u64, number, world.name.len() as u64]);
        let Some(planted) = plant(world, trouble, &mut random) else { continue };
        let verdict = judge::judge(&world.contract, &world.baseline, &planted.records, planted.window, &planted.damage)?;
        let main = verdict.incidents.first();
        outcomes.push(Outcome {
            world: world.name,
            trouble,
            words: planted.words,
            call: Call { kind: verdict.cause.kind, fault: verdict.cause.fault, action: verdict.action.kind },
            said: format!("{} {}", verdict.headline, verdict.cause.evidence),
            asks_to_retrain: verdict.incidents.iter().any(|incident| incident.action.kind == tidegate_monitoring::ActionKind::Retrain),
            began_ms: planted.began_ms,
            onset: main.and_then(|main| main.began),
            trail_begins_ms: planted.records.iter().map(|record| record.time_ms).min().unwrap_or_default(),
        });
    }
    Ok(outcomes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_trouble_is_called_by_its_cause_and_never_a_reason_to_retrain() {
        let mut outcomes = Vec::new();
        for world in worlds(101).unwrap() {
            for trouble in Trouble::ALL {
                outcomes.extend(of_kind(&world, trouble, 101, 1).unwrap());
            }
        }
        let results = Results { outcomes };
        assert!(results.outcomes.len() >= 35, "{}", results.outcomes.len());
        assert!(results.right() >= 0.85, "{}\n{}", results.table(), results.wrong());
        assert_eq!(results.retrained_on_a_fault(), 0, "{}", results.wrong());
    }
}
