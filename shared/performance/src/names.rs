//! Names as small numbers, each name once.

use std::collections::HashMap;

/// Most names that are told apart; a column of more is none of classes or groups. The rest counts as [`OTHER`].
const MAX_NAMES: usize = 100_000;

/// Stands for all names beyond the most that are told apart.
const OTHER: &str = "(other)";

/// Stands for no name.
pub(crate) const NONE: u32 = u32::MAX;

/// The names met so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    codes: HashMap<String, u32>,
    names: Vec<String>,
}

impl Names {
    /// The number of a name.
    pub(crate) fn code(&mut self, name: &str) -> u32 {
        if let Some(code) = self.codes.get(name) {
            return *code;
        }
        let name = if self.names.len() >= MAX_NAMES { OTHER } else { name };
        let next = u32::try_from(self.names.len()).unwrap_or(NONE);
        *self.codes.entry(name.to_owned()).or_insert_with(|| {
            self.names.push(name.to_owned());
            next
        })
    }

    /// The name of a number.
    pub(crate) fn name(&self, code: u32) -> Option<&str> {
        self.names.get(usize::try_from(code).ok()?).map(String::as_str)
    }

    /// All names, in the order of their numbers.
    pub(crate) fn all(&self) -> &[String] {
        &self.names
    }
}
