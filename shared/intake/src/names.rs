//! A categorical column while its rows arrive: each value once, and a code for every row.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{DictionaryArray, Int32Array, StringArray};
use hashbrown::HashMap;

/// Slots of the cache of recent values. Categories repeat, so most values are found in their slot by one comparison.
const SLOTS: usize = 256;

/// No value has this code.
const NO_CODE: i32 = -1;

/// A dictionary-encoded column under construction.
#[derive(Debug, Default)]
pub(crate) struct Names {
    values: Vec<Box<str>>,
    codes: HashMap<Box<str>, i32>,
    /// For each slot, the code of the last value that fell into it; empty until the first value.
    recent: Vec<i32>,
    rows: Vec<Option<i32>>,
}

/// The slot of a value: cheap to compute, and different for values that differ in length or at either end.
fn slot(value: &str) -> usize {
    let bytes = value.as_bytes();
    let at = |index: usize| usize::from(bytes.get(index).copied().unwrap_or(0));
    let last = usize::from(bytes.last().copied().unwrap_or(0));
    (at(0).wrapping_mul(31) ^ at(1).wrapping_mul(131) ^ last.wrapping_mul(7) ^ bytes.len().wrapping_mul(61)) % SLOTS
}

impl Names {
    /// Adds a row with this value.
    pub(crate) fn push(&mut self, value: &str) {
        if self.recent.is_empty() {
            self.recent.resize(SLOTS, NO_CODE);
        }
        let slot = slot(value);
        let guess = self.recent.get(slot).copied().unwrap_or(NO_CODE);
        let known = usize::try_from(guess).ok().and_then(|code| self.values.get(code)).is_some_and(|known| **known == *value);
        let code = if known { guess } else { self.look_up(value) };
        if let Some(recent) = self.recent.get_mut(slot) {
            *recent = code;
        }
        self.rows.push(Some(code));
    }

    fn look_up(&mut self, value: &str) -> i32 {
        if let Some(code) = self.codes.get(value) {
            return *code;
        }
        // A batch has far fewer than 2^31 rows, so codes do not overflow.
        let code = i32::try_from(self.values.len()).unwrap_or(i32::MAX);
        self.values.push(value.into());
        self.codes.insert(value.into(), code);
        code
    }

    /// Adds a row without a usable value.
    pub(crate) fn push_null(&mut self) {
        self.rows.push(None);
    }

    /// The column; this one is empty again.
    pub(crate) fn take(&mut self) -> DictionaryArray<Int32Type> {
        let names = std::mem::take(self);
        let values: StringArray = names.values.iter().map(|value| Some(&**value)).collect();
        let keys: Int32Array = names.rows.into_iter().collect();
        // Every key is the code of a value.
        DictionaryArray::new(keys, Arc::new(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_read_back_as_they_were_pushed() {
        let mut names = Names::default();
        let pushed: Vec<Option<String>> = (0..5000_u32).map(|i| (i % 7 != 0).then(|| format!("{}value-{}", i % 3, i * i % 900))).collect();
        for value in &pushed {
            match value {
                Some(value) => names.push(value),
                None => names.push_null(),
            }
        }
        let column = names.take();
        let read: Vec<Option<String>> =
            column.downcast_dict::<StringArray>().unwrap().into_iter().map(|value| value.map(str::to_owned)).collect();
        assert_eq!(read, pushed);
        assert_eq!(names.take().len(), 0, "the column starts again");
    }
}
