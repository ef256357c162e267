//! Row ids, all in one text: millions of them without a pointer each.

/// The ids of rows, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ids {
    text: String,
    ends: Vec<usize>,
}

impl Ids {
    /// Number of ids.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The id of a row; empty beyond the last.
    #[must_use]
    pub fn get(&self, row: usize) -> &str {
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(row).and_then(|end| self.text.get(start..*end)).unwrap_or_default()
    }

    /// Adds the id of the next row.
    pub fn push(&mut self, id: &str) {
        self.text.push_str(id);
        self.ends.push(self.text.len());
    }

    /// The ids of these rows.
    pub(crate) fn select(&self, rows: &[usize]) -> Self {
        rows.iter().map(|row| self.get(*row)).collect()
    }

    /// The rows in the order of their ids.
    ///
    /// Compared by the eight bytes behind what all ids begin with; the whole id only where those are equal.
    pub(crate) fn order(&self) -> Vec<usize> {
        let rows = 0..self.len();
        if rows.clone().skip(1).all(|row| self.get(row - 1) <= self.get(row)) {
            return rows.collect();
        }
        let first = self.get(0).as_bytes();
        let common = |row: usize| first.iter().zip(self.get(row).as_bytes()).take_while(|(a, b)| a == b).count();
        let shared = rows.clone().map(common).min().unwrap_or(0);
        let key = |row: usize| {
            let mut bytes = [0; 8];
            for (byte, id) in bytes.iter_mut().zip(self.get(row).as_bytes().iter().skip(shared)) {
                *byte = *id;
            }
            u64::from_be_bytes(bytes)
        };
        let mut order: Vec<(u64, usize)> = rows.map(|row| (key(row), row)).collect();
        order.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| self.get(a.1).cmp(self.get(b.1))).then(a.1.cmp(&b.1)));
        order.into_iter().map(|(_, row)| row).collect()
    }
}

impl<S: AsRef<str>> FromIterator<S> for Ids {
    fn from_iter<I: IntoIterator<Item = S>>(ids: I) -> Self {
        let mut all = Self::default();
        for id in ids {
            all.push(id.as_ref());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_what_was_pushed() {
        let ids: Ids = ["b", "", "ä", "a"].into_iter().collect();
        assert_eq!((ids.get(0), ids.get(1), ids.get(2), ids.get(3), ids.get(4)), ("b", "", "ä", "a", ""));
        assert_eq!(ids.order(), [1, 3, 0, 2]);
        assert_eq!(ids.select(&[2, 0]).get(1), "b");
    }

    #[test]
    fn the_order_is_that_of_the_whole_ids() {
        let texts = ["row-000000010", "row-00000001", "row-9", "row-00000000z", "row-", "row-\u{0}", "row-00000001"];
        let ids: Ids = texts.into_iter().collect();
        let mut expected: Vec<usize> = (0..texts.len()).collect();
        expected.sort_by_key(|row| texts[*row]);
        assert_eq!(ids.order(), expected);
    }
}
