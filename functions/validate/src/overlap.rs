//! How many rows of an evaluation set were in the training set.

use std::collections::HashSet;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, TimestampMillisecondType};
use arrow_array::{Array, RecordBatch};
use sha2::{Digest, Sha256};

/// Half a digest: two different rows share it once in 2⁶⁴ pairs.
type Mark = [u8; 16];

/// A mark of each row, from the values of these columns. Two rows have the same mark when all those values are the same.
pub(crate) fn marks(batches: &[RecordBatch], columns: &[&str]) -> Vec<Mark> {
    batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| mark(batch, row, columns))).collect()
}

/// How many of the rows are among the others, by their marks.
pub(crate) fn common(rows: &[Mark], others: &HashSet<Mark>) -> u64 {
    rows.iter().filter(|mark| others.contains(*mark)).count() as u64
}

fn mark(batch: &RecordBatch, row: usize, columns: &[&str]) -> Mark {
    let mut digest = Sha256::new();
    for name in columns {
        match batch.column_by_name(name) {
            Some(column) if column.is_valid(row) => {
                digest.update([1]);
                value(column.as_ref(), row, &mut digest);
            }
            _ => digest.update([0]),
        }
    }
    let mut mark = Mark::default();
    for (byte, of_digest) in mark.iter_mut().zip(digest.finalize()) {
        *byte = of_digest;
    }
    mark
}

fn value(column: &dyn Array, row: usize, digest: &mut Sha256) {
    let mut text = |text: &str| {
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text);
    };
    if let Some(names) = column.as_dictionary_opt::<Int32Type>() {
        let key = names.key(row);
        text(names.values().as_string_opt::<i32>().zip(key).map_or("", |(values, key)| values.value(key)));
    } else if let Some(texts) = column.as_string_opt::<i32>() {
        text(texts.value(row));
    } else if let Some(numbers) = column.as_primitive_opt::<Float64Type>() {
        // Minus nothing is nothing.
        digest.update((numbers.value(row) + 0.0).to_bits().to_le_bytes());
    } else if let Some(times) = column.as_primitive_opt::<TimestampMillisecondType>() {
        digest.update(times.value(row).to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, DictionaryArray, Float64Array};

    use super::*;

    fn batch(names: &[Option<&str>], numbers: &[f64]) -> RecordBatch {
        let names: ArrayRef = Arc::new(names.iter().copied().collect::<DictionaryArray<Int32Type>>());
        RecordBatch::try_from_iter([("a", names), ("b", Arc::new(Float64Array::from(numbers.to_vec())))]).unwrap()
    }

    #[test]
    fn rows_are_the_same_when_all_their_values_are() {
        // Other dictionaries, other order, minus nothing.
        let one = marks(&[batch(&[Some("x"), Some("y"), None], &[1.0, -0.0, 3.0])], &["a", "b"]);
        let other: HashSet<Mark> = marks(&[batch(&[Some("y"), Some("x"), None], &[0.0, 1.5, 3.0])], &["a", "b"]).into_iter().collect();
        assert_eq!(common(&one, &other), 2);
        assert_eq!(common(&one, &marks(&[batch(&[Some("y"), Some("x")], &[9.0, 9.0])], &["a", "b"]).into_iter().collect()), 0);
    }
}
