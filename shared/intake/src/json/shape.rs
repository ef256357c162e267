//! The order in which a log writes its keys, learned as it is read.
//!
//! A log writes every record with the same keys in the same order. So each object of the record's tree remembers, for each
//! key, which keys came next the last two times, and the exact bytes of `"key":` as they were written. A record in the usual
//! order costs one comparison of bytes a key. Any other order falls back to a look-up, and is learned in its turn.
//!
//! Every known key also carries the number of the object in which it was last seen: a duplicate is found by comparing two
//! numbers. Keys beyond the caps (a hostile log of ever new keys) are remembered for one line only.

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use std::hash::BuildHasher;

use crate::plan::PathStep;

/// At most so many keys that the plan does not know are remembered.
const LEARNED_KEYS: usize = 4_096;
/// Longer keys are not remembered.
const LEARNED_KEY_BYTES: usize = 128;
/// At most so many objects of the tree are remembered.
const LEARNED_NODES: usize = 512;

/// No key, no node.
pub(super) const NONE: u32 = u32::MAX;

/// The learned tree.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    nodes: Vec<Node>,
    learned_keys: usize,
    /// Number of the last object that was begun.
    objects: u64,
    strays: HashTable<Stray>,
    stray_text: Vec<u8>,
    hasher: DefaultHashBuilder,
}

/// One object of the tree.
#[derive(Debug)]
struct Node {
    /// The plan's node for this object.
    plan: Option<usize>,
    keys: Vec<Key>,
    index: HashMap<Box<[u8]>, u32>,
    first: [u32; 2],
}

/// One key of an object.
#[derive(Debug)]
struct Key {
    /// `"key":` as last written, with any white space behind.
    pattern: Box<[u8]>,
    /// The keys that came next the last two times.
    next: [u32; 2],
    /// Number of the object in which it was last seen.
    seen: u64,
    meaning: Meaning,
    /// Learned node of its value when that is an object, and of the objects in its value when that is an array.
    object: u32,
    elements: u32,
}

/// What a key means to the plan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Meaning {
    /// The slot of its value.
    pub(super) slot: Option<usize>,
    /// The plan's node of its value.
    node: Option<usize>,
    /// Whether it is a feature that the plan does not know.
    pub(super) is_unexpected: bool,
}

impl Meaning {
    pub(super) fn new(step: Option<PathStep>, is_unexpected: bool) -> Self {
        let step = step.unwrap_or_default();
        Self { slot: step.slot, node: step.node, is_unexpected }
    }
}

/// A key of this line that is not remembered.
#[derive(Debug)]
struct Stray {
    object: u64,
    start: usize,
    end: usize,
}

impl Shapes {
    /// A tree of one node, the record.
    pub(super) fn new() -> Self {
        let mut shapes = Self::default();
        shapes.nodes.push(Node::new(Some(0)));
        shapes
    }

    /// Forgets the keys of the line before that were not remembered.
    pub(super) fn begin_line(&mut self) {
        if !self.strays.is_empty() {
            self.strays.clear();
            self.stray_text.clear();
        }
    }

    /// Begins an object; its number tells duplicates apart from the same keys of other objects.
    #[inline]
    pub(super) fn begin_object(&mut self) -> u64 {
        self.objects += 1;
        self.objects
    }

    /// The plan's node behind a learned one.
    pub(super) fn plan_node(&self, node: u32) -> Option<usize> {
        self.nodes.get(node as usize).and_then(|node| node.plan)
    }

    /// The key that `rest` begins with, if it is one that usually comes here, and the length of its pattern.
    #[inline]
    pub(super) fn predict(&self, node: u32, last: u32, rest: &[u8]) -> Option<(u32, usize)> {
        let node = self.nodes.get(node as usize)?;
        let candidates = if last == NONE { &node.first } else { &node.keys.get(last as usize)?.next };
        candidates.iter().find_map(|&id| {
            let pattern = &node.keys.get(id as usize)?.pattern;
            rest.starts_with(pattern).then_some((id, pattern.len()))
        })
    }

    /// Finds a key, or learns it as `meaning` says (asked only then). `None` if there is no room for it.
    pub(super) fn find_or_learn(&mut self, node: u32, name: &[u8], meaning: impl FnOnce() -> Meaning) -> Option<u32> {
        let node = self.nodes.get_mut(node as usize)?;
        if let Some(&id) = node.index.get(name) {
            return Some(id);
        }
        let meaning = meaning();
        let is_known = meaning.slot.is_some() || meaning.node.is_some();
        if !is_known {
            if self.learned_keys >= LEARNED_KEYS || name.len() > LEARNED_KEY_BYTES {
                return None;
            }
            self.learned_keys += 1;
        }
        let id = u32::try_from(node.keys.len()).ok()?;
        node.keys.push(Key { pattern: Box::default(), next: [NONE; 2], seen: 0, meaning, object: NONE, elements: NONE });
        node.index.insert(name.into(), id);
        Some(id)
    }

    /// Remembers that a key came after another, and how it was written.
    pub(super) fn follow(&mut self, node: u32, last: u32, id: u32, pattern: &[u8]) {
        let Some(node) = self.nodes.get_mut(node as usize) else { return };
        if let Some(key) = node.keys.get_mut(id as usize).filter(|key| *key.pattern != *pattern) {
            key.pattern = pattern.into();
        }
        let next = if last == NONE { Some(&mut node.first) } else { node.keys.get_mut(last as usize).map(|key| &mut key.next) };
        if let Some(next) = next.filter(|next| next[0] != id) {
            next[1] = next[0];
            next[0] = id;
        }
    }

    /// Marks a key as seen in an object; `None` if it already was.
    #[inline]
    pub(super) fn see(&mut self, node: u32, id: u32, object: u64) -> Option<Meaning> {
        let key = self.nodes.get_mut(node as usize)?.keys.get_mut(id as usize)?;
        if key.seen == object {
            return None;
        }
        key.seen = object;
        Some(key.meaning)
    }

    /// Marks a key that is not remembered as seen in an object; whether it was not yet.
    pub(super) fn see_stray(&mut self, name: &[u8], object: u64) -> bool {
        let Self { strays, stray_text, hasher, .. } = self;
        let text_of = |stray: &Stray, text: &[u8]| text.get(stray.start..stray.end).is_some_and(|known| known == name);
        let hash = hasher.hash_one((object, name));
        if strays.find(hash, |stray| stray.object == object && text_of(stray, stray_text)).is_some() {
            return false;
        }
        let start = stray_text.len();
        stray_text.extend_from_slice(name);
        let stray = Stray { object, start, end: stray_text.len() };
        strays.insert_unique(hash, stray, |stray| hasher.hash_one((stray.object, stray_text.get(stray.start..stray.end).unwrap_or_default())));
        true
    }

    /// The node of a key's value (`elements`: of the objects in its array); [`NONE`] if there is no room for it.
    #[inline]
    pub(super) fn child(&mut self, node: u32, id: u32, elements: bool) -> u32 {
        let count = self.nodes.len();
        let Some(key) = self.nodes.get_mut(node as usize).and_then(|node| node.keys.get_mut(id as usize)) else { return NONE };
        // The objects of an array are no part of the plan.
        let plan = if elements { None } else { key.meaning.node };
        let child = if elements { &mut key.elements } else { &mut key.object };
        if *child == NONE && (count < LEARNED_NODES || plan.is_some()) {
            *child = u32::try_from(count).unwrap_or(NONE);
            let learned = *child;
            self.nodes.push(Node::new(plan));
            return learned;
        }
        *child
    }
}

impl Node {
    fn new(plan: Option<usize>) -> Self {
        Self { plan, keys: Vec::new(), index: HashMap::new(), first: [NONE; 2] }
    }
}
