//! Ensembles of trees.
//!
//! Source: the ONNX operators `TreeEnsembleClassifier` and `TreeEnsembleRegressor` of `ai.onnx.ml`, versions 1 and 3. Where the specification
//! is silent (two classes and one score), the exporters of XGBoost, LightGBM and scikit-learn decide.

use std::collections::HashMap;

use super::{Call, Classes, Kernel, PostTransform, Settings, classified};
use crate::error::Fault;
use crate::tensor::{Data, Tensor, elements, single};

/// How a branch compares a value with its threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Leaf,
    LessOrEqual,
    Less,
    GreaterOrEqual,
    Greater,
    Equal,
    NotEqual,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    threshold: f64,
    feature: u32,
    mode: Mode,
    /// Whether a missing value takes the true branch.
    missing_is_true: bool,
    /// The true branch; of a leaf, its first weight.
    yes: u32,
    /// The false branch; of a leaf, one past its last weight.
    no: u32,
}

/// How the trees' answers become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aggregate {
    Sum,
    Average,
    Min,
    Max,
}

#[derive(Debug)]
struct Ensemble {
    nodes: Vec<Node>,
    roots: Vec<u32>,
    /// Which score a leaf adds to, and what.
    weights: Vec<(u32, f64)>,
    /// How many columns are looked at.
    features: usize,
    depth: u64,
}

fn places(settings: &Settings<'_>, name: &str, expected: usize) -> Result<Vec<u32>, Fault> {
    let given = settings.ints(name);
    if given.len() != expected {
        return Err(Fault::new(format!("{} {name}", given.len()), format!("{expected}")));
    }
    given.iter().map(|value| u32::try_from(*value).map_err(|_| Fault::new(format!("{value} in {name}"), "0 or more"))).collect()
}

fn numbers(settings: &Settings<'_>, name: &str, expected: usize) -> Result<Vec<f64>, Fault> {
    let given = settings.numbers(name)?;
    if given.len() != expected {
        return Err(Fault::new(format!("{} {name}", given.len()), format!("{expected}")));
    }
    Ok(given)
}

fn position(count: usize) -> Result<u32, Fault> {
    u32::try_from(count).map_err(|_| Fault::new(format!("{count} nodes"), "fewer than 2³²"))
}

impl Ensemble {
    /// `leaf` is what the settings of leaves begin with, `scores` how many scores there are.
    fn read(settings: &Settings<'_>, leaf: &str, scores: usize) -> Result<Self, Fault> {
        let count = settings.ints("nodes_nodeids").len();
        let ids = places(settings, "nodes_nodeids", count)?;
        let trees = places(settings, "nodes_treeids", count)?;
        let features = places(settings, "nodes_featureids", count)?;
        let yes = places(settings, "nodes_truenodeids", count)?;
        let no = places(settings, "nodes_falsenodeids", count)?;
        let thresholds = numbers(settings, "nodes_values", count)?;
        let missing = settings.ints("nodes_missing_value_tracks_true");
        let modes = settings.texts("nodes_modes")?;
        if modes.len() != count || count == 0 {
            return Err(Fault::new(format!("{} nodes_modes and {count} nodes", modes.len()), "as many of both, and some"));
        }
        let mut at = HashMap::with_capacity(count);
        for (place, key) in trees.iter().copied().zip(ids.iter().copied()).enumerate() {
            if at.insert(key, position(place)?).is_some() {
                return Err(Fault::new(format!("node {} of tree {} twice", key.1, key.0), "once"));
            }
        }
        let (weights, ranges) = Self::leaves(settings, leaf, scores, &at, count)?;
        let mut nodes = Vec::with_capacity(count);
        let rows = trees.iter().zip(&features).zip(yes.iter().zip(&no)).zip(thresholds.iter().zip(&modes)).zip(&ranges).enumerate();
        for (place, ((((tree, feature), (yes, no)), (threshold, mode)), range)) in rows {
            let mode = mode_of(mode)?;
            let child = |id: u32| {
                at.get(&(*tree, id))
                    .copied()
                    .ok_or_else(|| Fault::new(format!("a branch to node {id} of tree {tree}"), "a node of the tree"))
            };
            let (yes, no) = if mode == Mode::Leaf { *range } else { (child(*yes)?, child(*no)?) };
            let missing_is_true = missing.get(place).is_some_and(|flag| *flag != 0);
            nodes.push(Node { threshold: *threshold, feature: *feature, mode, missing_is_true, yes, no });
        }
        Self::checked(nodes, &trees, weights)
    }

    /// The weights of all leaves in the order of their nodes, and for each node where its own lie.
    #[expect(clippy::type_complexity, reason = "two lists that are made together")]
    fn leaves(
        settings: &Settings<'_>,
        leaf: &str,
        scores: usize,
        at: &HashMap<(u32, u32), u32>,
        count: usize,
    ) -> Result<(Vec<(u32, f64)>, Vec<(u32, u32)>), Fault> {
        let name = |suffix: &str| format!("{leaf}_{suffix}");
        let leaves = settings.ints(&name("ids")).len();
        let ids = places(settings, &name("ids"), leaves)?;
        let trees = places(settings, &name("treeids"), leaves)?;
        let nodes = places(settings, &name("nodeids"), leaves)?;
        let weights = numbers(settings, &name("weights"), leaves)?;
        let mut all = Vec::with_capacity(leaves);
        for ((tree, node), (id, weight)) in trees.iter().zip(&nodes).zip(ids.iter().zip(weights)) {
            let place = at
                .get(&(*tree, *node))
                .copied()
                .ok_or_else(|| Fault::new(format!("a weight for node {node} of tree {tree}"), "a node of the tree"))?;
            if usize::try_from(*id).is_ok_and(|id| id >= scores) {
                return Err(Fault::new(format!("a weight for score {id}"), format!("one of {scores}, from 0")));
            }
            all.push((place, *id, weight));
        }
        all.sort_by_key(|(place, id, _)| (*place, *id));
        let mut ranges = vec![(0, 0); count];
        for group in all.chunk_by(|one, other| one.0 == other.0) {
            let start = ranges_start(&all, group)?;
            let range = group.first().and_then(|(place, ..)| ranges.get_mut(usize::try_from(*place).ok()?));
            if let Some(range) = range {
                *range = (start, start + position(group.len())?);
            }
        }
        Ok((all.into_iter().map(|(_, id, weight)| (id, weight)).collect(), ranges))
    }

    /// Finds where every tree begins, and makes sure that no walk goes in a circle. Branches may meet again: `LightGBM`'s exporter writes a
    /// set of categories as a chain of comparisons whose true branches lead to one node.
    fn checked(nodes: Vec<Node>, trees: &[u32], weights: Vec<(u32, f64)>) -> Result<Self, Fault> {
        let mut roots = Vec::new();
        let mut known = std::collections::HashSet::new();
        let mut is_child = vec![false; nodes.len()];
        for child in nodes.iter().filter(|node| node.mode != Mode::Leaf).flat_map(|node| [node.yes, node.no]) {
            if let Some(flag) = usize::try_from(child).ok().and_then(|child| is_child.get_mut(child)) {
                *flag = true;
            }
        }
        for (place, (tree, is_child)) in trees.iter().zip(&is_child).enumerate() {
            if !is_child && known.insert(*tree) {
                roots.push(position(place)?);
            }
        }
        let count = trees.iter().collect::<std::collections::HashSet<_>>().len();
        if roots.len() != count {
            return Err(Fault::new("a tree whose branches lead in a circle", "one that begins somewhere"));
        }
        let features = nodes.iter().filter(|node| node.mode != Mode::Leaf).map(|node| node.feature.saturating_add(1)).max().unwrap_or(0);
        let depth = deepest(&nodes, &roots)?;
        Ok(Self { nodes, roots, weights, features: usize::try_from(features).unwrap_or(usize::MAX), depth })
    }

    /// The leaf's weights that a row ends at.
    fn walk(&self, root: u32, row: &[f64]) -> &[(u32, f64)] {
        let mut place = root;
        while let Some(node) = usize::try_from(place).ok().and_then(|place| self.nodes.get(place)) {
            if node.mode == Mode::Leaf {
                let range = usize::try_from(node.yes).unwrap_or(0)..usize::try_from(node.no).unwrap_or(0);
                return self.weights.get(range).unwrap_or_default();
            }
            let value = usize::try_from(node.feature).ok().and_then(|feature| row.get(feature)).copied().unwrap_or(f64::NAN);
            place = if node.takes(value) { node.yes } else { node.no };
        }
        &[]
    }

    /// One row of `scores` sums for each row, and how many rows there are.
    fn scores(&self, call: &Call<'_>, scores: usize, aggregate: Aggregate, base: &[f64]) -> Result<(usize, Vec<f64>), Fault> {
        let tensor = call.tensor(0)?;
        let (rows, columns) = tensor.table()?;
        if columns < self.features {
            return Err(Fault::new(format!("{columns} columns"), format!("at least {}, which the trees look at", self.features)));
        }
        elements(&[rows, scores])?;
        call.spend((rows as u64).saturating_mul(self.roots.len() as u64).saturating_mul(self.depth))?;
        let values = tensor.numbers()?;
        let start = match aggregate {
            Aggregate::Sum | Aggregate::Average => 0.0,
            Aggregate::Min => f64::INFINITY,
            Aggregate::Max => f64::NEG_INFINITY,
        };
        let mut all = vec![start; rows * scores];
        for (row, sums) in values.chunks_exact(columns.max(1)).zip(all.chunks_exact_mut(scores)) {
            for root in &self.roots {
                for (id, weight) in self.walk(*root, row) {
                    let Some(sum) = usize::try_from(*id).ok().and_then(|id| sums.get_mut(id)) else { continue };
                    *sum = match aggregate {
                        Aggregate::Sum | Aggregate::Average => *sum + weight,
                        Aggregate::Min => sum.min(*weight),
                        Aggregate::Max => sum.max(*weight),
                    };
                }
            }
            for (place, sum) in sums.iter_mut().enumerate() {
                if aggregate == Aggregate::Average {
                    *sum /= self.roots.len() as f64;
                }
                *sum += base.get(place).copied().unwrap_or(0.0);
            }
        }
        Ok((rows, all))
    }
}

fn ranges_start(all: &[(u32, u32, f64)], group: &[(u32, u32, f64)]) -> Result<u32, Fault> {
    let place = group.first().map_or(0, |(place, ..)| *place);
    position(all.partition_point(|(other, ..)| *other < place))
}

/// How many steps the longest walk takes.
fn deepest(nodes: &[Node], roots: &[u32]) -> Result<u64, Fault> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Never,
        /// A walk has come by, and not yet ended.
        Open,
        /// The longest walk from here has so many steps.
        Steps(u64),
    }
    let mut seen = vec![Seen::Never; nodes.len()];
    let mut open = roots.to_vec();
    let place_of = |place: u32| usize::try_from(place).unwrap_or(usize::MAX);
    while let Some(place) = open.last().copied().map(place_of) {
        let (Some(node), Some(state)) = (nodes.get(place), seen.get(place).copied()) else {
            return Err(Fault::new("a branch that leads nowhere", "a node"));
        };
        let children = if node.mode == Mode::Leaf { &[][..] } else { &[node.yes, node.no] };
        let states = children.iter().map(|child| seen.get(place_of(*child)).copied().unwrap_or(Seen::Never));
        let new = match state {
            Seen::Never if states.clone().any(|child| child == Seen::Open) || children.iter().any(|child| place_of(*child) == place) => {
                return Err(Fault::new("a tree whose branches lead in a circle", "walks that end"));
            }
            Seen::Never => {
                open.extend(children.iter().zip(states).filter(|(_, child)| *child == Seen::Never).map(|(child, _)| *child));
                Seen::Open
            }
            Seen::Open => {
                open.pop();
                Seen::Steps(1 + states.map(|child| if let Seen::Steps(steps) = child { steps } else { 0 }).max().unwrap_or(0))
            }
            Seen::Steps(_) => {
                open.pop();
                continue;
            }
        };
        if let Some(state) = seen.get_mut(place) {
            *state = new;
        }
    }
    Ok(seen.iter().map(|state| if let Seen::Steps(steps) = state { *steps } else { 0 }).max().unwrap_or(0))
}

impl Node {
    #[expect(clippy::float_cmp, reason = "a split that asks for the very value, as exporters write categories")]
    fn takes(&self, value: f64) -> bool {
        if value.is_nan() && self.missing_is_true {
            return true;
        }
        match self.mode {
            Mode::LessOrEqual => value <= self.threshold,
            Mode::Less => value < self.threshold,
            Mode::GreaterOrEqual => value >= self.threshold,
            Mode::Greater => value > self.threshold,
            Mode::Equal => value == self.threshold,
            Mode::NotEqual => value != self.threshold,
            Mode::Leaf => false,
        }
    }
}

fn mode_of(name: &str) -> Result<Mode, Fault> {
    Ok(match name {
        "LEAF" => Mode::Leaf,
        "BRANCH_LEQ" => Mode::LessOrEqual,
        "BRANCH_LT" => Mode::Less,
        "BRANCH_GTE" => Mode::GreaterOrEqual,
        "BRANCH_GT" => Mode::Greater,
        "BRANCH_EQ" => Mode::Equal,
        "BRANCH_NEQ" => Mode::NotEqual,
        other => return Err(Fault::new(format!("mode {other:?}"), "LEAF or one of the six branches")),
    })
}

pub(super) fn classifier(settings: &Settings<'_>) -> Result<Kernel, Fault> {
    let classes = Classes::read(settings)?;
    let transform = PostTransform::read(settings)?;
    let ensemble = Ensemble::read(settings, "class", classes.len())?;
    let base = settings.numbers("base_values")?;
    if ![0, 1, classes.len()].contains(&base.len()) {
        return Err(Fault::new(format!("{} base_values", base.len()), format!("none, one or {}", classes.len())));
    }
    let ids = ensemble.weights.iter().map(|(id, _)| *id).collect::<std::collections::HashSet<_>>();
    // Two classes, all weights for one of them: there is a single score, the second class's, whichever id the weights have.
    let has_one_score = classes.len() == 2 && ids.len() == 1;
    let is_share = ensemble.weights.iter().all(|(_, weight)| *weight >= 0.0);
    Ok(Box::new(move |call| {
        let (_, scores) = ensemble.scores(call, classes.len(), Aggregate::Sum, if has_one_score { &[] } else { &base })?;
        if !has_one_score {
            return classified(&classes, transform, &scores, classes.len(), false);
        }
        let added = base.last().copied().unwrap_or(0.0);
        let scores = scores.chunks_exact(2).map(|pair| pair.iter().sum::<f64>() + added).collect::<Vec<_>>();
        classified(&classes, transform, &scores, 1, is_share)
    }))
}

pub(super) fn regressor(settings: &Settings<'_>) -> Result<Kernel, Fault> {
    let targets = usize::try_from(settings.int("n_targets", 1)).ok().filter(|targets| (1..=4096).contains(targets));
    let targets = targets.ok_or_else(|| Fault::new(format!("{} targets", settings.int("n_targets", 1)), "1 to 4096"))?;
    let transform = PostTransform::read(settings)?;
    let ensemble = Ensemble::read(settings, "target", targets)?;
    let base = settings.numbers("base_values")?;
    let aggregate = match settings.word("aggregate_function", "SUM")? {
        "SUM" => Aggregate::Sum,
        "AVERAGE" => Aggregate::Average,
        "MIN" => Aggregate::Min,
        "MAX" => Aggregate::Max,
        other => return Err(Fault::new(format!("aggregate_function {other:?}"), "SUM, AVERAGE, MIN or MAX")),
    };
    Ok(Box::new(move |call| {
        let (rows, mut scores) = ensemble.scores(call, targets, aggregate, &base)?;
        scores.chunks_exact_mut(targets).for_each(|row| transform.apply(row));
        Ok(vec![Tensor::new(vec![rows, targets], Data::Float(scores.into_iter().map(single).collect()))?])
    }))
}
