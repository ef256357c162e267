//! What is wrong with a contract, and where.

use std::fmt;

use serde::Serialize;

use crate::document::{Path, Position};

/// A text that is not a contract.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContractError {
    /// The text has these faults, in the order of the text. There is at least one.
    #[error("{}", listed(.0))]
    Faulty(Vec<Problem>),
}

impl ContractError {
    /// Every fault that was found, in the order of the text.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Faulty(problems) => problems,
        }
    }
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// One fault of a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Its line, from 1.
    pub line: u64,
    /// Its column, from 1, in characters.
    pub column: u64,
    /// The setting it is about (`features[3].range`, counted from 0); empty when it is about the text as a whole.
    pub path: String,
    /// What was found, what was expected, and where it helps a suggestion.
    pub message: String,
}

impl Problem {
    pub(crate) fn new(at: Position, path: &Path, message: impl Into<String>) -> Self {
        Self { line: at.line, column: at.column, path: path.to_string(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: ", self.line, self.column)?;
        if !self.path.is_empty() {
            write!(out, "{}: ", self.path)?;
        }
        out.write_str(&self.message)
    }
}
