//! The tree of keys and places by which a JSON text is read: what each leads to.

use hashbrown::HashMap;

/// What is read from a JSON text, and where it lies there.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    nodes: Vec<PathNode>,
    slots: usize,
}

/// One object or array of the tree.
#[derive(Debug, Clone, Default)]
pub(crate) struct PathNode {
    /// What the known keys lead to.
    pub(crate) keys: HashMap<Box<[u8]>, PathStep>,
    /// What the places lead to, when it is an array.
    pub(crate) items: Vec<PathStep>,
    /// Whether unknown keys of this object are unexpected features.
    pub(crate) holds_features: bool,
}

/// What a key or a place leads to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PathStep {
    /// The slot that its value goes to.
    pub(crate) slot: Option<usize>,
    /// The node of its value, when that is an object or an array.
    pub(crate) node: Option<usize>,
    /// Whether it is known and passed over: no unexpected feature.
    pub(crate) is_dropped: bool,
}

/// Greatest place of an array that is read; the contract refuses greater ones.
const MAX_PLACE: usize = 9_999;

/// One step of a path.
enum Piece<'a> {
    Key(&'a str),
    Place(usize),
}

impl Default for Tree {
    fn default() -> Self {
        Self { nodes: vec![PathNode::default()], slots: 0 }
    }
}

impl Tree {
    pub(crate) fn nodes(&self) -> &[PathNode] {
        &self.nodes
    }

    pub(crate) fn slots(&self) -> usize {
        self.slots
    }

    /// The node of what lies at a path, made if need be; the root for an empty one.
    pub(crate) fn node(&mut self, path: &str) -> usize {
        pieces(path).iter().fold(0, |at, piece| self.child(at, piece))
    }

    /// The slot of the value at a path, made if need be.
    pub(crate) fn slot(&mut self, path: &str) -> usize {
        let next = self.slots;
        let slot = self.step(path).map_or(next, |step| *step.slot.get_or_insert(next));
        self.slots = self.slots.max(slot + 1);
        // A key may look like a place of an array (`a[0]`, as flattened tables have it): it is one as well.
        if let Some((parent, key)) = path.contains('[').then(|| path.rsplit_once('.').unwrap_or(("", path))) {
            let node = self.node(parent);
            if let Some(node) = self.nodes.get_mut(node) {
                node.keys.entry(key.as_bytes().into()).or_default().slot.get_or_insert(slot);
            }
        }
        slot
    }

    /// The slot of the value under a key, whatever characters it has, of the object at a path.
    pub(crate) fn key_slot(&mut self, path: &str, key: &str) -> usize {
        let next = self.slots;
        let node = self.node(path);
        let slot = self.step_of(node, &Piece::Key(key)).map_or(next, |step| *step.slot.get_or_insert(next));
        self.slots = self.slots.max(slot + 1);
        slot
    }

    /// The slot of the value at a place of the array at a path.
    pub(crate) fn item(&mut self, path: &str, place: usize) -> usize {
        self.slot(&format!("{path}[{place}]"))
    }

    /// Lets the slot of another path also be found at a place of the array at a path.
    pub(crate) fn alias(&mut self, path: &str, place: usize, slot: usize) {
        if let Some(step) = self.step(&format!("{path}[{place}]")) {
            step.slot.get_or_insert(slot);
        }
    }

    /// Passes over what lies at a path.
    pub(crate) fn drop_path(&mut self, path: &str) {
        if let Some(step) = self.step(path) {
            step.is_dropped = true;
        }
    }

    /// Counts the unknown keys of the object at a path as unexpected features.
    pub(crate) fn holds_features(&mut self, path: &str) {
        let node = self.node(path);
        if let Some(node) = self.nodes.get_mut(node) {
            node.holds_features = true;
        }
    }

    fn step(&mut self, path: &str) -> Option<&mut PathStep> {
        let pieces = pieces(path);
        let (last, parents) = pieces.split_last()?;
        let parent = parents.iter().fold(0, |at, piece| self.child(at, piece));
        self.step_of(parent, last)
    }

    fn step_of(&mut self, node: usize, piece: &Piece<'_>) -> Option<&mut PathStep> {
        let node = self.nodes.get_mut(node)?;
        match piece {
            Piece::Key(key) => Some(node.keys.entry(key.as_bytes().into()).or_default()),
            Piece::Place(place) => {
                if node.items.len() <= *place {
                    node.items.resize(place + 1, PathStep::default());
                }
                node.items.get_mut(*place)
            }
        }
    }

    fn child(&mut self, at: usize, piece: &Piece<'_>) -> usize {
        let next = self.nodes.len();
        let child = self.step_of(at, piece).map_or(at, |step| *step.node.get_or_insert(next));
        if child == next {
            self.nodes.push(PathNode::default());
        }
        child
    }
}

/// The steps of a path: `a.b[3].c`.
fn pieces(path: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    for name in path.split('.').filter(|_| !path.is_empty()) {
        let (key, places) = split_places(name);
        if !key.is_empty() {
            pieces.push(Piece::Key(key));
        }
        pieces.extend(places.into_iter().map(Piece::Place));
    }
    pieces
}

/// A name without the places behind it: `a[1][2]` is `a` and 1, 2. Brackets that hold anything else are part of the name.
fn split_places(name: &str) -> (&str, Vec<usize>) {
    let (mut key, mut places) = (name, Vec::new());
    while let Some((before, place)) = key.strip_suffix(']').and_then(|open| open.rsplit_once('[')) {
        match place.parse::<usize>() {
            Ok(number) if number <= MAX_PLACE && place.bytes().all(|byte| byte.is_ascii_digit()) => places.push(number),
            _ => break,
        }
        key = before;
    }
    places.reverse();
    (key, places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_names_and_places() {
        assert_eq!(split_places("a[1][20]"), ("a", vec![1, 20]));
        assert_eq!(split_places("[3]"), ("", vec![3]));
        assert_eq!(split_places("a[b]"), ("a[b]", vec![]));
        assert_eq!(split_places("a[10000]"), ("a[10000]", vec![]));
    }

    #[test]
    fn equal_paths_have_one_slot() {
        let mut tree = Tree::default();
        assert_eq!((tree.slot("a.b"), tree.slot("a[2]"), tree.slot("a.b"), tree.item("a", 2)), (0, 1, 0, 1));
        assert_eq!(tree.slots(), 2);
    }
}
