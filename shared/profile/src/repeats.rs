//! How often rows, and the ids of rows, come more than once: counted in bounded memory.
//!
//! A row is told by 64 bits made of its values. Up to [`MOST_KEPT`] distinct ones are counted exactly. Beyond that only those are kept whose
//! first bit is zero, then those whose first two are, and so on: an even sample of the *distinct* rows, each with all its copies, so that the
//! copies in it tell those of the whole. Which ones are kept depends on the rows alone, not on their order.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, TimestampMillisecondType};
use arrow_array::{Array, ArrayRef, RecordBatch};
use hashbrown::HashMap;

use crate::baseline::spread;

/// Distinct rows, and distinct ids, that are counted exactly: 36 MB each. Two different rows of so many are taken for one with a chance of 3 in 10⁸.
pub const MOST_KEPT: usize = 1 << 20;

/// What stands for a value that is missing.
const MISSING: u64 = 0x6D69_7373_696E_6721;

/// Counts copies of rows and of ids.
#[derive(Debug)]
pub struct Repeats {
    rows: Seen,
    ids: Seen,
    told_apart: u64,
}

/// What [`Repeats`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RepeatCounts {
    /// Copies of rows: the same model version and the same value in every column that is read.
    pub rows: Copies,
    /// Inference ids that a row of the same model version had already.
    pub ids: Copies,
    /// Rows with an id or a time: of the others, two that are alike may be two all the same.
    pub told_apart: u64,
}

/// How many of some things are copies of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Copies {
    /// Things that were looked at.
    pub of: u64,
    /// Those that are copies of one before.
    pub copies: u64,
    /// Whether `copies` is told from a sample, because there were more than [`MOST_KEPT`] distinct things.
    pub is_estimate: bool,
}

impl Default for Repeats {
    fn default() -> Self {
        Self::keeping(MOST_KEPT)
    }
}

impl Repeats {
    /// Counts that keep at most so many distinct rows and ids.
    #[must_use]
    pub fn keeping(most: usize) -> Self {
        Self { rows: Seen::keeping(most), ids: Seen::keeping(most), told_apart: 0 }
    }

    /// Looks at a batch of rows of one model version.
    pub fn observe(&mut self, batch: &RecordBatch, version: &str) {
        let start = text_mark(version);
        let mut rows = vec![start; batch.num_rows()];
        for column in batch.columns() {
            let marks = marks(column);
            for (row, mark) in rows.iter_mut().zip(marks) {
                *row = spread(*row ^ mark);
            }
        }
        for row in rows {
            self.rows.add(row);
        }
        let ids = batch.column_by_name("inference_id").and_then(|column| column.as_string_opt::<i32>());
        let times = batch.column_by_name("timestamp");
        for row in 0..batch.num_rows() {
            let id = ids.filter(|ids| ids.is_valid(row)).map(|ids| ids.value(row));
            if let Some(id) = id {
                self.ids.add(spread(start ^ text_mark(id)));
            }
            self.told_apart += u64::from(id.is_some() || times.is_some_and(|times| times.is_valid(row)));
        }
    }

    /// What was found.
    #[must_use]
    pub fn counts(&self) -> RepeatCounts {
        RepeatCounts { rows: self.rows.copies(), ids: self.ids.copies(), told_apart: self.told_apart }
    }
}

/// Marks, and how often each came.
#[derive(Debug)]
struct Seen {
    counts: HashMap<u64, u32>,
    most: usize,
    /// How many leading bits of a kept mark are zero.
    bits: u32,
    of: u64,
}

impl Seen {
    fn keeping(most: usize) -> Self {
        Self { counts: HashMap::new(), most, bits: 0, of: 0 }
    }

    fn add(&mut self, mark: u64) {
        self.of += 1;
        if mark.leading_zeros() < self.bits {
            return;
        }
        let count = self.counts.entry(mark).or_insert(0);
        *count = count.saturating_add(1);
        while self.counts.len() > self.most && self.bits < u64::BITS {
            self.bits += 1;
            let bits = self.bits;
            self.counts.retain(|mark, _| mark.leading_zeros() >= bits);
        }
    }

    fn copies(&self) -> Copies {
        let in_sample: u64 = self.counts.values().map(|count| u64::from(count.saturating_sub(1))).sum();
        let copies = in_sample.saturating_mul(1 << self.bits.min(u64::BITS - 1)).min(self.of);
        Copies { of: self.of, copies, is_estimate: self.bits > 0 }
    }
}

/// A mark of each value of a column; equal values have equal marks.
fn marks(column: &ArrayRef) -> Vec<u64> {
    if let Some(names) = column.as_dictionary_opt::<Int32Type>()
        && let Some(values) = names.values().as_string_opt::<i32>()
    {
        let of_values: Vec<u64> = values.iter().map(|value| value.map_or(MISSING, text_mark)).collect();
        let of_key = |key: Option<i32>| key.and_then(|key| usize::try_from(key).ok()).and_then(|key| of_values.get(key).copied());
        return names.keys().iter().map(|key| of_key(key).unwrap_or(MISSING)).collect();
    }
    if let Some(texts) = column.as_string_opt::<i32>() {
        return texts.iter().map(|text| text.map_or(MISSING, text_mark)).collect();
    }
    if let Some(numbers) = column.as_primitive_opt::<Float64Type>() {
        // Minus nothing is nothing.
        return numbers.iter().map(|number| number.map_or(MISSING, |number| spread((number + 0.0).to_bits()))).collect();
    }
    if let Some(times) = column.as_primitive_opt::<TimestampMillisecondType>() {
        return times.iter().map(|time| time.map_or(MISSING, |ms| spread(ms.cast_unsigned()))).collect();
    }
    vec![MISSING; column.len()]
}

/// FNV-1a, spread: its own high bits are too even for short texts.
fn text_mark(text: &str) -> u64 {
    spread(text.bytes().fold(0xCBF2_9CE4_8422_2325, |mark, byte| (mark ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{DictionaryArray, Float64Array, StringArray, TimestampMillisecondArray};

    use super::*;

    /// An id, a name and a number.
    type Row = (Option<&'static str>, Option<&'static str>, f64);

    fn batch(rows: &[Row]) -> RecordBatch {
        let times: TimestampMillisecondArray = rows.iter().map(|_| None).collect();
        let ids: StringArray = rows.iter().map(|row| row.0).collect();
        let names: DictionaryArray<Int32Type> = rows.iter().map(|row| row.1).collect();
        let numbers: Float64Array = rows.iter().map(|row| Some(row.2)).collect();
        let columns: [(&str, ArrayRef, bool); 4] = [
            ("timestamp", Arc::new(times.with_timezone("UTC")), true),
            ("inference_id", Arc::new(ids), true),
            ("plan", Arc::new(names), true),
            ("amount", Arc::new(numbers), true),
        ];
        RecordBatch::try_from_iter_with_nullable(columns).unwrap()
    }

    fn counts(batches: &[&[Row]], most: usize) -> RepeatCounts {
        let mut repeats = Repeats::keeping(most);
        for rows in batches {
            repeats.observe(&batch(rows), "1");
        }
        repeats.counts()
    }

    #[test]
    fn a_row_is_a_copy_when_all_of_it_is_across_batches_and_dictionaries() {
        let first: &[Row] = &[(None, Some("a"), 1.0), (None, Some("b"), 0.0), (None, None, 2.0)];
        let second: &[Row] = &[(None, Some("b"), -0.0), (None, Some("a"), 1.5), (None, None, 2.0), (None, None, 2.0)];
        let found = counts(&[first, second], MOST_KEPT);
        assert_eq!(found.rows, Copies { of: 7, copies: 3, is_estimate: false });
        assert_eq!((found.ids, found.told_apart), (Copies::default(), 0));
    }

    #[test]
    fn an_id_may_come_again_in_another_row_and_is_another_with_another_version() {
        let rows: &[Row] = &[(Some("x"), Some("a"), 1.0), (Some("x"), Some("a"), 2.0), (Some("y"), Some("a"), 1.0), (None, Some("a"), 1.0)];
        let found = counts(&[rows], MOST_KEPT);
        assert_eq!((found.rows.copies, found.ids, found.told_apart), (0, Copies { of: 3, copies: 1, is_estimate: false }, 3));
        let mut both = Repeats::default();
        for version in ["1", "2"] {
            both.observe(&batch(&[(Some("x"), Some("a"), 1.0)]), version);
        }
        assert_eq!((both.counts().rows.copies, both.counts().ids.copies), (0, 0));
    }

    #[test]
    fn beyond_the_memory_the_sample_tells_the_share_and_no_order_changes_it() {
        // 20,000 rows, every fifth of the distinct ones three times.
        let mut rows: Vec<Row> = (0..20_000_u32).map(|row| (None, Some("a"), f64::from(row))).collect();
        let again: Vec<Row> = rows.iter().copied().step_by(5).flat_map(|row| [row, row]).collect();
        rows.extend(again);
        let forwards = counts(&[&rows], 1_000);
        rows.reverse();
        assert_eq!(counts(&[&rows], 1_000), forwards);
        assert!(forwards.rows.is_estimate);
        assert_eq!(forwards.rows.of, 28_000);
        // 8,000 copies; about 900 distinct rows are in the sample, so the share of copies is known to a tenth or so.
        assert!((7_000..9_000).contains(&forwards.rows.copies), "{}", forwards.rows.copies);
        assert_eq!(counts(&[&rows], 20_000).rows.copies, 8_000);
    }
}
