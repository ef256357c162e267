//! `tidegate doctor`: what files are, what they hold, what is missing, and the line of the contract that would mend it.
//!
//! It reads as the functions would, by the contract or by a guess of one, and changes nothing.

mod advice;
mod bucket;
mod examination;
mod says;
mod truth;

use std::path::PathBuf;

use serde::Serialize;
use tidegate_contract::Contract;

use crate::error::CliError;
use crate::files;
use crate::guess::Guess;
use crate::terminal::{self, Outcome};

use advice::Advice;
use examination::{Examination, may_be_log};

/// Say what files are, what they hold, what is missing, and what would mend it
#[derive(Debug, clap::Args)]
#[command(after_help = terminal::EXIT_CODES)]
pub(crate) struct Arguments {
    /// Files, folders, patterns, or addresses in S3 (bucket and prefix): scoring logs, captures, labels, baselines
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
    /// The model's contract [default: guessed from the files]
    #[arg(long, value_name = "FILE")]
    contract: Option<PathBuf>,
    /// Read at most so many files, spread evenly over all of them [default: 1000, of a bucket 40]
    #[arg(long, value_name = "NUMBER")]
    files: Option<usize>,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// Examines.
pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, CliError> {
    let (addresses, paths): (Vec<&String>, Vec<&String>) = arguments.paths.iter().partition(|argument| bucket::is_address(argument));
    let (mut chosen, mut all, mut folders) = (Vec::new(), 0, Vec::new());
    if !paths.is_empty() {
        let found = files::expand(&paths.into_iter().cloned().collect::<Vec<_>>())?;
        all += found.len();
        chosen.extend(spread(&found, arguments.files.unwrap_or(FILES)).into_iter().map(Item::from));
    }
    for address in addresses {
        let (folder, items, objects) = bucket::fetch(address, arguments.files.unwrap_or(OBJECTS))?;
        if items.is_empty() {
            return Err(CliError::NoFile { pattern: address.clone() });
        }
        folders.push(folder);
        chosen.extend(items);
        all += objects;
    }
    let own = arguments.contract.as_deref().map(files::contract).transpose()?;
    let guess = guess(&chosen);
    let contract = match (&own, &guess) {
        (Some(contract), _) => contract.clone(),
        (None, Some(guess)) => guess.contract.clone(),
        (None, None) => Contract::new("model", tidegate_contract::Task::Binary),
    };
    let examination = Examination::of(&contract, &chosen, all)?;
    let advice = advice::of(&contract, own.is_some(), guess.as_ref(), &examination);
    let code = match (examination.records(), advice.iter().any(|one| one.is_fault)) {
        (_, true) => terminal::FOUND,
        (0, false) => terminal::TOO_FEW,
        (_, false) => 0,
    };
    let text = if arguments.json {
        terminal::json(&Findings { examination: &examination, advice: &advice, contract: own.is_some().then(|| contract.digest()) })
    } else {
        says::of(&examination, &contract, own.is_some(), &advice)
    };
    Ok(Outcome { text, code })
}

/// Files that are read when nothing else is said.
const FILES: usize = 1_000;
/// Objects of a bucket that are fetched when nothing else is said.
const OBJECTS: usize = 40;

/// A file, and what it is called for people.
#[derive(Debug)]
struct Item {
    path: PathBuf,
    name: String,
    /// Its size, bytes, when it was too large to be fetched.
    too_large: Option<u64>,
}

impl From<PathBuf> for Item {
    fn from(path: PathBuf) -> Self {
        Self { name: path.display().to_string(), path, too_large: None }
    }
}

/// So many files, spread evenly, the first and the last among them.
fn spread<T: Clone>(all: &[T], most: usize) -> Vec<T> {
    let most = most.max(1);
    if all.len() <= most {
        return all.to_vec();
    }
    let last = all.len() - 1;
    let step = |place: usize| if most == 1 { 0 } else { place * last / (most - 1) };
    (0..most).filter_map(|place| all.get(step(place)).cloned()).collect()
}

/// A contract guessed from the first file that holds records.
fn guess(items: &[Item]) -> Option<Guess> {
    items.iter().filter(|item| may_be_log(&item.path)).take(TRIED).find_map(|item| {
        let inferred = tidegate_intake::infer(&files::sample(&item.path).ok()?).ok()?;
        let guess = Guess::new("model", &inferred);
        (!guess.contract.features.is_empty()).then_some(guess)
    })
}

/// At most so many files are tried for a guess.
const TRIED: usize = 20;

/// The findings for programs.
#[derive(Debug, Serialize)]
struct Findings<'a> {
    #[serde(flatten)]
    examination: &'a Examination,
    advice: &'a [Advice],
    /// Digest of the contract that the files were read by; absent when it was guessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    contract: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_chosen_evenly_with_the_first_and_the_last() {
        let all: Vec<PathBuf> = (0..10).map(|number| PathBuf::from(number.to_string())).collect();
        let names = |most| spread(&all, most).iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(names(4), "0 3 6 9");
        assert_eq!(names(1), "0");
        assert_eq!(names(10), names(99));
    }
}
