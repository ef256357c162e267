//! A column of names: each name once, each row a number.

use std::collections::HashMap;

/// Stands for a row without a name.
const NONE: u32 = u32::MAX;

/// A column of names, some of which may be missing. Names are in the order of their bytes, so the column does not depend on who came first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    codes: Vec<u32>,
    names: Vec<String>,
}

impl Labels {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// The names that occur, in the order of their bytes.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The place of a row's name among [`Labels::names`]; `None` for a missing one.
    #[must_use]
    pub fn code(&self, row: usize) -> Option<u32> {
        self.codes.get(row).copied().filter(|code| *code != NONE)
    }

    /// The name of a row.
    #[must_use]
    pub fn name(&self, row: usize) -> Option<&str> {
        self.names.get(usize::try_from(self.code(row)?).ok()?).map(String::as_str)
    }

    /// Every row's code, in order.
    pub fn codes(&self) -> impl Iterator<Item = Option<u32>> + '_ {
        self.codes.iter().map(|code| Some(*code).filter(|code| *code != NONE))
    }

    pub(crate) fn select(&self, rows: &[usize]) -> Self {
        Self { codes: rows.iter().map(|row| self.code(*row).unwrap_or(NONE)).collect(), names: self.names.clone() }
    }
}

impl<S: AsRef<str>> FromIterator<Option<S>> for Labels {
    fn from_iter<I: IntoIterator<Item = Option<S>>>(rows: I) -> Self {
        let mut known: HashMap<String, u32> = HashMap::new();
        let mut codes: Vec<u32> = Vec::new();
        for name in rows {
            let Some(name) = name else {
                codes.push(NONE);
                continue;
            };
            let name = name.as_ref();
            let code = known.get(name).copied().unwrap_or_else(|| {
                let next = u32::try_from(known.len()).unwrap_or(NONE);
                known.insert(name.to_owned(), next);
                next
            });
            codes.push(code);
        }
        let mut names: Vec<(String, u32)> = known.into_iter().collect();
        names.sort_unstable();
        let mut places = vec![NONE; names.len()];
        for (place, (_, code)) in (0_u32..).zip(&names) {
            if let Some(slot) = usize::try_from(*code).ok().and_then(|code| places.get_mut(code)) {
                *slot = place;
            }
        }
        for code in &mut codes {
            *code = usize::try_from(*code).ok().and_then(|code| places.get(code)).copied().unwrap_or(NONE);
        }
        Self { codes, names: names.into_iter().map(|(name, _)| name).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_depend_on_the_order_of_rows() {
        let labels: Labels = [Some("b"), None, Some("a"), Some("b")].into_iter().collect();
        assert_eq!(labels.names(), ["a", "b"]);
        assert_eq!(labels.codes().collect::<Vec<_>>(), [Some(1), None, Some(0), Some(1)]);
        assert_eq!((labels.name(0), labels.name(1)), (Some("b"), None));
        assert_eq!(labels.select(&[2, 1]).name(0), Some("a"));
    }
}
