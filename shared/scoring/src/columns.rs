//! The rows that a model is asked about, column by column.

use std::collections::HashMap;

use crate::ScoringError;
use crate::error::Fault;

/// A feature's values, one for each row.
#[derive(Debug, Clone, Copy)]
pub enum Column<'a> {
    /// Numbers; NaN where one is missing.
    Numbers(&'a [f64]),
    /// Names; `None` where one is missing.
    Names(&'a [Option<&'a str>]),
}

impl Column<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Names(values) => values.len(),
        }
    }
}

/// Rows, column by column, by the features' names.
#[derive(Debug, Clone, Default)]
pub struct Columns<'a> {
    columns: HashMap<&'a str, Column<'a>>,
    rows: usize,
}

impl<'a> Columns<'a> {
    /// No columns yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the column of a feature.
    ///
    /// # Errors
    /// [`ScoringError::Column`] if it has more or fewer rows than the columns before it, or is there already.
    pub fn with(mut self, feature: &'a str, column: Column<'a>) -> Result<Self, ScoringError> {
        let fault = |fault| ScoringError::Column { column: feature.to_owned(), fault };
        if !self.columns.is_empty() && column.len() != self.rows {
            return Err(fault(Fault::new(format!("{} rows", column.len()), format!("{}, as in the other columns", self.rows))));
        }
        self.rows = column.len();
        if self.columns.insert(feature, column).is_some() {
            return Err(fault(Fault::new("two columns of that name", "one")));
        }
        Ok(self)
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn get(&self, feature: &str) -> Option<Column<'a>> {
        self.columns.get(feature).copied()
    }
}
