//! The account of an import: what was carried over, what was not and what that means, and what to do next.

use tidegate_contract::Contract;
use tidegate_interchange::Import;

use crate::error::CliError;
use crate::terminal::{Say, line};

/// Longest sentence that is shown: names in it come from the files.
const LONGEST: usize = 400;

/// The contract as text, headed by what was not carried over.
pub(super) fn contract(import: &Import, origin: &str, path: &std::path::Path) -> Result<String, CliError> {
    let mut text = format!("# Imported from {}.\n", line(origin, LONGEST));
    if !import.left.is_empty() {
        text.push_str("# Not carried over:\n");
        for (what, meaning) in &import.left {
            text.say(format_args!("#   {}: {}.\n", line(what, LONGEST), line(meaning, LONGEST)));
        }
    }
    text.push_str(&import.contract.to_first_yaml(&import.notes));
    // What we write is right, whatever the files held; a name that is not (--model) is told like any other fault.
    Contract::parse(&text).map_err(|error| CliError::Contract { shown: crate::check::show(path, &text, error.problems()) })?;
    Ok(text)
}

/// The account, in words.
pub(super) fn says(import: &Import) -> String {
    let mut text = String::from("\nCarried over\n");
    for what in &import.carried {
        text.say(format_args!("  + {}\n", line(what, LONGEST)));
    }
    if !import.left.is_empty() {
        text.push_str("\nNot carried over, and what that means\n");
        for (what, meaning) in &import.left {
            text.say(format_args!("  - {}: {}\n", line(what, LONGEST), line(meaning, LONGEST)));
        }
    }
    text
}
