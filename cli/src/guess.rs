//! A contract guessed from samples: which leaf of a record is what, by its name and its values.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_contract::{Contract, Feature, FeatureKind, FieldRole, RecordMapping, Task, feature_name_from};
use tidegate_intake::{Inferred, InferredField, InferredKind};
use tidegate_profile::Baseline;

use crate::terminal::{line, percent};

/// A guessed contract, and what to say about it.
#[derive(Debug)]
pub(crate) struct Guess {
    /// The contract.
    pub(crate) contract: Contract,
    /// What the sample showed of each feature, by name.
    pub(crate) notes: BTreeMap<String, String>,
    /// Leaves that became no feature: path and reason.
    pub(crate) left_out: Vec<(String, String)>,
}

/// Names of a leaf, without hyphens and underscores, by which its role is told; the most telling first.
const TIMESTAMP: &[&str] = &["timestamp", "eventtime", "time", "ts", "datetime", "predictedat", "createdat", "eventtimestamp"];
const INFERENCE_ID: &[&str] = &["inferenceid", "predictionid", "requestid", "eventid", "recordid", "id", "uuid"];
const VERSION: &[&str] = &["modelversion", "version"];
const PREDICTION: &[&str] = &["prediction", "predicted", "predictedclass", "predictedlabel", "predictedvalue", "pred", "ypred", "yhat"];
const SCORE: &[&str] = &["score", "probability", "proba", "prob", "predictedprobability", "predictionscore", "confidence"];
const LATENCY: &[&str] = &["latencyms", "latency", "durationms", "tookms", "elapsedms"];
const TRUTH: &[&str] = &["groundtruth", "label", "target", "actual", "outcome", "ytrue", "y"];

/// A number with more distinct values than this is no class.
const MOST_CLASSES: u64 = 20;
/// Values that a note lists.
const LISTED: usize = 4;

impl Guess {
    /// The contract of a model by a sample of its records.
    pub(crate) fn new(model: &str, sample: &Inferred) -> Self {
        let roles = Roles::of(sample);
        let root = features_root(sample, &roles.taken);
        let mut guess = Self { contract: roles.contract(model, &root), notes: BTreeMap::new(), left_out: Vec::new() };
        let mut names = BTreeSet::new();
        for field in sample.fields.iter().filter(|field| !roles.taken.contains(field.path.as_str())) {
            match feature(field, &root) {
                Ok(mut feature) => {
                    distinguish(&mut feature.name, &mut names);
                    if feature.path.is_none() && feature.name != below(field, &root) {
                        feature.path = Some(below(field, &root).to_owned());
                    }
                    guess.notes.insert(feature.name.clone(), note(field, sample.records));
                    guess.contract.features.push(feature);
                }
                Err(reason) => guess.left_out.push((field.path.clone(), reason.to_owned())),
            }
        }
        guess
    }

    /// The contract of the features that a stored baseline has.
    pub(crate) fn of_baseline(model: &str, baseline: &Baseline) -> Self {
        let mut contract = Contract::new(model, Task::Binary);
        let fields = baseline.profile.fields.iter().filter(|field| field.role == FieldRole::Feature);
        contract.features = fields.map(|field| Feature::new(&field.name, field.kind)).collect();
        Self { contract, notes: BTreeMap::new(), left_out: Vec::new() }
    }

    /// Keeps the features that a baseline has too, with the types that they have there, and leaves out the others.
    ///
    /// A data set that a model was trained on names its columns like the log, but holds them flat.
    pub(crate) fn restrict_to(&mut self, baseline: &Self) {
        let known: BTreeMap<&str, FeatureKind> =
            baseline.contract.features.iter().map(|feature| (feature.name.as_str(), feature.kind)).collect();
        let mut kept = Vec::new();
        for mut feature in std::mem::take(&mut self.contract.features) {
            if let Some(kind) = known.get(feature.name.as_str()) {
                feature.kind = *kind;
                kept.push(feature);
            } else {
                self.left_out.push((feature.name, "only in the current records".to_owned()));
            }
        }
        self.contract.features = kept;
        for feature in &baseline.contract.features {
            if !self.contract.features.iter().any(|kept| kept.name == feature.name) {
                self.left_out.push((feature.name.clone(), "only in the baseline".to_owned()));
            }
        }
        for left_out in &baseline.left_out {
            if !self.left_out.iter().any(|(path, _)| *path == left_out.0) {
                self.left_out.push(left_out.clone());
            }
        }
    }
}

/// The leaves that are no features.
struct Roles<'a> {
    timestamp: Option<&'a InferredField>,
    inference_id: Option<&'a InferredField>,
    version: Option<&'a InferredField>,
    prediction: Option<&'a InferredField>,
    score: Option<&'a InferredField>,
    latency: Option<&'a InferredField>,
    taken: BTreeSet<&'a str>,
}

impl<'a> Roles<'a> {
    fn of(sample: &'a Inferred) -> Self {
        let mut taken = BTreeSet::new();
        let mut take = |names: &[&str], fits: fn(InferredKind) -> bool| {
            let free = || sample.fields.iter().filter(|field| fits(field.kind) && !taken.contains(field.path.as_str()));
            let found = names
                .iter()
                .find_map(|name| free().filter(|field| plain(leaf(&field.path)) == *name).min_by_key(|field| depth(&field.path)));
            taken.extend(found.map(|field| field.path.as_str()));
            found
        };
        let is_number = |kind| kind == InferredKind::Numeric;
        let is_time = |kind| kind == InferredKind::Timestamp;
        let is_value = |kind| !matches!(kind, InferredKind::Nested | InferredKind::Timestamp);
        let mut timestamp = take(TIMESTAMP, is_time).or_else(|| take(&["timestamp", "ts"], is_number));
        let inference_id = take(INFERENCE_ID, is_value);
        let version = take(VERSION, is_value);
        let prediction = take(PREDICTION, is_value);
        let score = take(SCORE, is_number);
        let latency = take(LATENCY, is_number);
        if timestamp.is_none() {
            timestamp = sample.fields.iter().find(|field| is_time(field.kind));
            taken.extend(timestamp.map(|field| field.path.as_str()));
        }
        Self { timestamp, inference_id, version, prediction, score, latency, taken }
    }

    fn contract(&self, model: &str, root: &str) -> Contract {
        let default = RecordMapping::default();
        let path = |found: Option<&InferredField>, default: String| found.map_or(default, |field| field.path.clone());
        let record = RecordMapping {
            format: default.format,
            timestamp: path(self.timestamp, default.timestamp),
            inference_id: path(self.inference_id, default.inference_id),
            version: path(self.version, default.version),
            prediction: path(self.prediction, default.prediction),
            score: path(self.score, default.score),
            latency_ms: path(self.latency, default.latency_ms),
            features: root.to_owned(),
            ..RecordMapping::default()
        };
        Contract { record, ..Contract::new(model, self.task()) }
    }

    fn task(&self) -> Task {
        match self.prediction {
            Some(field) if field.kind == InferredKind::Numeric && field.distinct > MOST_CLASSES => Task::Regression,
            Some(field) if field.distinct > 2 => Task::Multiclass,
            _ => Task::Binary,
        }
    }
}

/// The object that holds the features: the one that holds most of the leaves that have no other role.
fn features_root(sample: &Inferred, taken: &BTreeSet<&str>) -> String {
    let mut roots: BTreeMap<&str, usize> = BTreeMap::new();
    for field in sample.fields.iter().filter(|field| !taken.contains(field.path.as_str())) {
        let mut path = field.path.as_str();
        while let Some((parent, _)) = path.rsplit_once('.') {
            *roots.entry(parent).or_default() += 1;
            path = parent;
        }
        if !field.path.contains('.') {
            *roots.entry("").or_default() += 1;
        }
    }
    // Of two that hold as many, the inner one.
    roots.into_iter().max_by_key(|(root, leaves)| (*leaves, depth(root))).map(|(root, _)| root.to_owned()).unwrap_or_default()
}

fn feature(field: &InferredField, root: &str) -> Result<Feature, &'static str> {
    let is_below = root.is_empty() || field.path.strip_prefix(root).is_some_and(|rest| rest.starts_with('.'));
    if !is_below {
        return Err("not among the features");
    }
    if TRUTH.contains(&plain(leaf(&field.path)).as_str()) {
        return Err("looks like the true outcome");
    }
    let kind = match field.kind {
        InferredKind::Numeric => FeatureKind::Numeric,
        InferredKind::Categorical | InferredKind::Boolean => FeatureKind::Categorical,
        InferredKind::Timestamp => return Err("a time"),
        InferredKind::Identifier => return Err("nearly every record has a value of its own"),
        InferredKind::Empty => return Err("always missing"),
        InferredKind::Nested => return Err("holds arrays"),
    };
    Ok(Feature::new(&feature_name_from(below(field, root)), kind))
}

/// The path of a leaf inside the object of features.
fn below<'a>(field: &'a InferredField, root: &str) -> &'a str {
    field.path.strip_prefix(root).map_or(&field.path, |rest| rest.trim_start_matches('.'))
}

/// Gives a name that is taken a number.
fn distinguish(name: &mut String, taken: &mut BTreeSet<String>) {
    let mut number = 2;
    let first = name.clone();
    while !taken.insert(name.clone()) {
        *name = format!("{}_{number}", first.get(..first.len().min(58)).unwrap_or(&first).trim_end_matches('_'));
        number += 1;
    }
}

fn note(field: &InferredField, records: u64) -> String {
    let missing = field.missing as f64 / records.max(1) as f64;
    let values = if let (InferredKind::Numeric, Some(min), Some(max)) = (field.kind, field.min, field.max) {
        format!("{min} to {max}")
    } else {
        let listed: Vec<String> = field.values.iter().take(LISTED).map(|value| line(value, 20)).collect();
        let more = if field.distinct > LISTED as u64 { ", …" } else { "" };
        let noun = if field.distinct == 1 { "value" } else { "values" };
        format!("{} {noun}: {}{more}", field.distinct, listed.join(", "))
    };
    if field.missing > 0 { format!("{values}; {} missing", percent(missing)) } else { values }
}

fn leaf(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(_, leaf)| leaf)
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|character| character.to_ascii_lowercase()).collect()
}

fn depth(path: &str) -> usize {
    if path.is_empty() { 0 } else { path.split('.').count() }
}

#[cfg(test)]
mod tests {
    use tidegate_intake::Format;

    use super::*;

    fn leaf_of(path: &str, kind: InferredKind, distinct: u64) -> InferredField {
        InferredField { path: path.to_owned(), kind, missing: 0, values: vec!["a".to_owned()], distinct, min: Some(0.0), max: Some(1.0) }
    }

    fn guess(fields: Vec<InferredField>) -> Guess {
        Guess::new("m", &Inferred { format: Format::Jsonl, records: 100, fields })
    }

    fn names(guess: &Guess) -> Vec<&str> {
        guess.contract.features.iter().map(|feature| feature.name.as_str()).collect()
    }

    #[test]
    fn a_nested_log_is_mapped_by_the_names_of_its_leaves() {
        use InferredKind::{Categorical, Identifier, Nested, Numeric, Timestamp};
        let guess = guess(vec![
            leaf_of("event.time", Timestamp, 100),
            leaf_of("event.request_id", Identifier, 100),
            leaf_of("input.Dep Delay", Numeric, 50),
            leaf_of("input.carrier", Categorical, 5),
            leaf_of("input.tags", Nested, 1),
            leaf_of("output.probability", Numeric, 90),
            leaf_of("output.predicted_class", Categorical, 2),
            leaf_of("host", Categorical, 3),
        ]);
        let record = &guess.contract.record;
        assert_eq!(record.timestamp, "event.time");
        assert_eq!(record.inference_id, "event.request_id");
        assert_eq!(record.score, "output.probability");
        assert_eq!(record.prediction, "output.predicted_class");
        assert_eq!(record.version, "version", "what is not found keeps its default");
        assert_eq!(record.features, "input");
        assert_eq!(names(&guess), ["dep_delay", "carrier"]);
        assert_eq!(guess.contract.features[0].path.as_deref(), Some("Dep Delay"));
        assert_eq!(guess.contract.task, Task::Binary);
        let left_out: Vec<&str> = guess.left_out.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(left_out, ["input.tags", "host"]);
        let text = guess.contract.to_first_yaml(&guess.notes);
        assert_eq!(Contract::parse(&text).unwrap(), guess.contract, "{text}");
    }

    #[test]
    fn a_flat_table_has_its_features_at_the_top() {
        use InferredKind::{Numeric, Timestamp};
        let guess = guess(vec![
            leaf_of("x", Numeric, 9),
            leaf_of("X", Numeric, 9),
            leaf_of("Score", Numeric, 9),
            leaf_of("when", Timestamp, 9),
            leaf_of("prediction", Numeric, 90),
            leaf_of("target", Numeric, 90),
        ]);
        assert_eq!(guess.contract.record.features, "");
        assert_eq!(guess.contract.record.timestamp, "when");
        assert_eq!(guess.contract.record.score, "Score");
        assert_eq!(guess.contract.task, Task::Regression);
        assert_eq!(names(&guess), ["x", "x_2"]);
        assert_eq!(guess.contract.features[1].path.as_deref(), Some("X"));
        assert_eq!(guess.left_out, [("target".to_owned(), "looks like the true outcome".to_owned())]);
    }

    #[test]
    fn a_comparison_without_a_contract_is_about_what_both_sides_have() {
        use InferredKind::{Categorical, Numeric};
        let mut current =
            guess(vec![leaf_of("features.a", Categorical, 9), leaf_of("features.b", Numeric, 9), leaf_of("features.n", Numeric, 9)]);
        let baseline = guess(vec![leaf_of("a", Numeric, 9), leaf_of("b", Numeric, 9), leaf_of("t", Numeric, 9)]);
        current.restrict_to(&baseline);
        assert_eq!(names(&current), ["a", "b"]);
        assert_eq!(current.contract.features[0].kind, FeatureKind::Numeric, "the baseline says what a feature is");
        assert_eq!(current.left_out.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["n", "t"]);
    }
}
