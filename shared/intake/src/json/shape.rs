//! The order in which a log writes the keys of one object, learned as it is read.
//!
//! A log writes every record with the same keys in the same order. So each object that the plan looks into remembers, for each
//! key, which keys came next the last two times, and the exact bytes of `"key":` as they were written. A record in the usual
//! order costs one comparison of bytes a key. Any other order falls back to a look-up, and is learned in its turn.
//!
//! Every known key also carries the number of the object in which it was last seen: a duplicate is found by comparing two
//! numbers. Keys beyond the caps (a hostile log of ever new keys) are remembered for one object only.

use hashbrown::{HashMap, HashSet};

use crate::tree::PathStep;

/// At most so many keys that the plan does not know are remembered.
const LEARNED_KEYS: usize = 1_024;
/// Longer keys are not remembered.
const LEARNED_KEY_BYTES: usize = 128;

/// No key.
pub(super) const NONE: u32 = u32::MAX;

/// What is known of one object of the record's tree.
#[derive(Debug, Default)]
pub(super) struct Shape {
    keys: Vec<Key>,
    index: HashMap<Box<[u8]>, u32>,
    first: Next,
    learned: usize,
    /// Number of the last object that was begun.
    object: u64,
    strays: HashSet<Box<[u8]>>,
}

/// The keys that came next the last two times.
#[derive(Debug, Clone, Copy)]
struct Next(u32, u32);

impl Default for Next {
    fn default() -> Self {
        Self(NONE, NONE)
    }
}

/// One key.
#[derive(Debug)]
struct Key {
    /// `"key":` as last written, with any white space behind.
    pattern: Box<[u8]>,
    next: Next,
    /// Number of the object in which it was last seen.
    seen: u64,
    meaning: Meaning,
}

/// What a key means to the plan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Meaning {
    /// Where its value goes.
    pub(super) step: PathStep,
    /// Whether it is a feature that the plan does not know.
    pub(super) is_unexpected: bool,
}

impl Shape {
    /// Begins an object.
    #[inline]
    pub(super) fn begin(&mut self) {
        self.object += 1;
        if !self.strays.is_empty() {
            self.strays.clear();
        }
    }

    /// The key that `rest` begins with, if it is one that usually comes after `last`, and the length of its pattern.
    #[inline]
    pub(super) fn predict(&self, last: u32, rest: &[u8]) -> Option<(u32, usize)> {
        let Next(one, two) = if last == NONE { self.first } else { self.keys.get(last as usize)?.next };
        self.begins_with(one, rest).or_else(|| self.begins_with(two, rest))
    }

    #[inline]
    fn begins_with(&self, id: u32, rest: &[u8]) -> Option<(u32, usize)> {
        let pattern = &self.keys.get(id as usize)?.pattern;
        // An empty pattern is one that was never written plainly.
        (rest.starts_with(pattern) && !pattern.is_empty()).then_some((id, pattern.len()))
    }

    /// Finds a key, or learns it as `meaning` says (asked only then). [`NONE`] if there is no room for it.
    pub(super) fn find_or_learn(&mut self, name: &[u8], meaning: impl FnOnce() -> Meaning) -> u32 {
        if let Some(&id) = self.index.get(name) {
            return id;
        }
        let meaning = meaning();
        if meaning.step == PathStep::default() {
            if self.learned >= LEARNED_KEYS || name.len() > LEARNED_KEY_BYTES {
                return NONE;
            }
            self.learned += 1;
        }
        let id = u32::try_from(self.keys.len()).unwrap_or(NONE);
        self.keys.push(Key { pattern: Box::default(), next: Next::default(), seen: 0, meaning });
        self.index.insert(name.into(), id);
        id
    }

    /// Remembers that a key came after another, and how it was written.
    pub(super) fn follow(&mut self, last: u32, id: u32, pattern: &[u8]) {
        if let Some(key) = self.keys.get_mut(id as usize).filter(|key| *key.pattern != *pattern) {
            key.pattern = pattern.into();
        }
        let next = if last == NONE { Some(&mut self.first) } else { self.keys.get_mut(last as usize).map(|key| &mut key.next) };
        if let Some(next) = next.filter(|next| next.0 != id) {
            *next = Next(id, next.0);
        }
    }

    /// Marks a key as seen in this object; `None` if it already was.
    #[inline]
    pub(super) fn see(&mut self, id: u32) -> Option<Meaning> {
        let key = self.keys.get_mut(id as usize).filter(|key| key.seen != self.object)?;
        key.seen = self.object;
        Some(key.meaning)
    }

    /// Marks a key that is not remembered as seen in this object; whether it was not yet.
    pub(super) fn see_stray(&mut self, name: &[u8]) -> bool {
        self.strays.insert(name.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_learned_and_both_of_two_habits_are_kept() {
        let mut shape = Shape::default();
        let unknown = || Meaning { is_unexpected: true, ..Meaning::default() };
        let [a, b, c] = [b"a", b"b", b"c"].map(|name| shape.find_or_learn(name, unknown));
        shape.follow(NONE, a, b"\"a\":");
        shape.follow(a, b, b"\"b\":");
        shape.follow(a, c, b"\"c\":");
        assert_eq!(shape.predict(NONE, b"\"a\":1"), Some((a, 4)));
        assert_eq!(shape.predict(a, b"\"b\":1"), Some((b, 4)));
        assert_eq!(shape.predict(a, b"\"c\":1"), Some((c, 4)));
        assert_eq!(shape.predict(b, b"\"c\":1"), None);
        assert_eq!(shape.predict(NONE, b"\"a\" :1"), None);
    }

    #[test]
    fn a_key_is_seen_once_an_object() {
        let mut shape = Shape::default();
        let id = shape.find_or_learn(b"a", Meaning::default);
        shape.begin();
        assert!(shape.see(id).is_some() && shape.see(id).is_none());
        assert!(shape.see_stray(b"x") && !shape.see_stray(b"x"));
        shape.begin();
        assert!(shape.see(id).is_some() && shape.see_stray(b"x"));
    }

    #[test]
    fn ever_new_keys_are_not_remembered_for_ever() {
        let mut shape = Shape::default();
        for number in 0..10_000 {
            shape.find_or_learn(format!("key {number}").as_bytes(), Meaning::default);
        }
        assert_eq!(shape.keys.len(), LEARNED_KEYS);
        let known = Meaning { step: PathStep { slot: Some(0), ..PathStep::default() }, is_unexpected: false };
        assert_ne!(shape.find_or_learn(b"feature", || known), NONE);
    }
}
