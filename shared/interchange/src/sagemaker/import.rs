//! From Model Monitor's baseline to a contract and a baseline of ours.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tidegate_contract::{Contract, Feature, FeatureKind, Field, FieldRole, MAX_ALLOWED, MAX_ALLOWED_BYTES, Task};
use tidegate_profile::{Baseline, Lines, Outline, Source, Values};

use super::rules::Carrier;
use super::{Column, Constraints, Distribution, FeatureConstraints, InferredType, Statistics};
use crate::import::{Names, ORDINARY, listed};
use crate::{Import, InterchangeError, Rules};

/// More distinct numbers than these are no classes of a prediction.
const MOST_CLASSES: usize = 20;
/// Longest path of a column in a record, bytes.
const MAX_PATH_BYTES: usize = 200;

/// What the files do not say.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// The model's name.
    pub model: String,
    /// What it predicts; guessed when absent.
    pub task: Option<Task>,
    /// The column of the true outcome, which the model does not read.
    pub target: Option<String>,
    /// The column of the predicted class or number.
    pub prediction: Option<String>,
    /// The column of the score.
    pub score: Option<String>,
    /// By whose rules distributions are judged.
    pub rules: Rules,
    /// Where the statistics came from, for people.
    pub location: String,
}

/// A contract and a baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Baselined {
    /// The contract, and what was carried over.
    pub import: Import,
    /// The baseline, when there were statistics.
    pub baseline: Option<Baseline>,
}

/// Makes a contract, and a baseline where there are statistics. Equal files give equal results.
///
/// # Errors
/// [`InterchangeError`] if a column that was named is not there, or the statistics do not make a baseline.
pub fn import(
    statistics: Option<&Statistics>,
    constraints: Option<&Constraints>,
    columns: &Columns,
) -> Result<Baselined, InterchangeError> {
    let known = names_of(statistics, constraints);
    for wanted in [&columns.target, &columns.prediction, &columns.score].into_iter().flatten() {
        if !known.contains(&wanted.as_str()) {
            let found = format!("no column \"{wanted}\"; there are {}", listed(&known));
            return Err(InterchangeError::Value { place: "features".to_owned(), found, expected: "one of its columns" });
        }
    }
    let task = columns.task.unwrap_or_else(|| guessed_task(statistics, columns));
    let mut import = Import::new(Contract::new(&columns.model, task));
    import.contract.record.features = String::new();
    let mut outlines = BTreeMap::new();
    let mut names = Names::default();
    let mut carrier = Carrier::new(constraints, columns.rules);
    for name in known {
        let column = statistics.and_then(|all| all.columns.iter().find(|column| column.name == name));
        let rules = constraints.and_then(|all| all.features.iter().find(|rules| rules.name == name));
        match Part::of(name, columns) {
            Part::Feature => {}
            Part::Output(field) => {
                outlines.extend(column.map(|column| (field.to_owned(), column)));
                import.carry(format!("{name} as the baseline of the model's {field}"));
                continue;
            }
            Part::Target => {
                import.leave(name, TARGET);
                continue;
            }
        }
        let Some(kind) = kind_of(column, rules, &mut import) else { continue };
        let mut feature = Feature::new(&names.of(name), kind);
        place(&mut feature, name, &mut import);
        if let Some(rules) = rules {
            carrier.feature(&mut feature, rules, column, &mut import);
            domain(&mut feature, rules, &mut import);
        }
        if let Some(column) = column {
            import.notes.insert(feature.name.clone(), note(column));
            outlines.insert(feature.name.clone(), column);
        }
        import.contract.features.push(feature);
    }
    carrier.finish(&mut import);
    let baseline = statistics.map(|statistics| baseline(&mut import, statistics, &outlines, &columns.location)).transpose()?;
    import.carried.insert(0, format!("{} features with their names and types", import.contract.features.len()));
    Ok(Baselined { import, baseline })
}

/// The columns of both files, in the order of the data set.
fn names_of<'a>(statistics: Option<&'a Statistics>, constraints: Option<&'a Constraints>) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    let columns = statistics.into_iter().flat_map(|all| all.columns.iter().map(|column| column.name.as_str()));
    let rules = constraints.into_iter().flat_map(|all| all.features.iter().map(|rules| rules.name.as_str()));
    for name in columns.chain(rules) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn guessed_task(statistics: Option<&Statistics>, columns: &Columns) -> Task {
    let named = columns.prediction.as_ref().or(columns.target.as_ref());
    let column = statistics.zip(named).and_then(|(all, name)| all.columns.iter().find(|column| column.name == *name));
    let Some(column) = column else { return Task::Binary };
    let distinct = column.names.as_ref().map_or_else(|| names_from_numbers(column).len(), |names| names.counts.len());
    match column.inferred {
        _ if distinct == 2 => Task::Binary,
        InferredType::String => Task::Multiclass,
        InferredType::Integral if distinct > 0 => Task::Multiclass,
        _ => Task::Regression,
    }
}

/// What a column is to the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Feature,
    /// The field of this name.
    Output(&'static str),
    Target,
}

impl Part {
    fn of(name: &str, columns: &Columns) -> Self {
        let is = |wanted: &Option<String>| wanted.as_deref() == Some(name);
        if is(&columns.prediction) {
            Self::Output("prediction")
        } else if is(&columns.score) {
            Self::Output("score")
        } else if is(&columns.target) {
            Self::Target
        } else {
            Self::Feature
        }
    }
}

/// Why the true outcome is left out.
const TARGET: &str =
    "the true outcome is no feature; Model Monitor compared it with what the endpoint answered, which calls every model drifted";

/// What a feature's values are, by the rules where they say so, else by the statistics.
fn kind_of(column: Option<&Column>, rules: Option<&FeatureConstraints>, import: &mut Import) -> Option<FeatureKind> {
    let known = |inferred: InferredType| match inferred {
        InferredType::Integral | InferredType::Fractional => Some(FeatureKind::Numeric),
        InferredType::String => Some(FeatureKind::Categorical),
        InferredType::Unknown => None,
    };
    let said = rules.and_then(|rules| known(rules.inferred));
    let seen = column.and_then(|column| known(column.inferred));
    let kind = said.or(seen);
    let name = column.map(|column| &column.name).or(rules.map(|rules| &rules.name)).map_or("", String::as_str);
    if kind.is_none() {
        import.leave(name, "its type is Unknown in both files, usually because it had no value: add it to the contract with its type");
    } else if seen.is_some() && seen != kind {
        import.leave(
            format!("the distribution of {name}"),
            "the constraints name another type than the statistics were made of; the constraints count",
        );
    }
    kind
}

/// Where a feature lies in a record: under the column's own name.
fn place(feature: &mut Feature, column: &str, import: &mut Import) {
    if feature.name == column {
        return;
    }
    let is_path = column.len() <= MAX_PATH_BYTES && !column.split('.').any(str::is_empty) && !column.chars().any(char::is_control);
    if is_path {
        feature.path = Some(column.to_owned());
    } else {
        import.leave(
            format!("the name of column {}", column.escape_debug()),
            format!("it cannot be a path; the feature is called {}", feature.name),
        );
    }
}

/// The texts that a feature may hold.
fn domain(feature: &mut Feature, rules: &FeatureConstraints, import: &mut Import) {
    let Some(domain) = rules.domain.as_ref().filter(|_| feature.kind == FeatureKind::Categorical) else { return };
    let mut allowed: Vec<String> = Vec::new();
    for text in domain.iter().filter(|text| !text.is_empty()) {
        if !allowed.contains(text) {
            allowed.push(text.clone());
        }
    }
    let is_possible = |text: &String| text.len() <= MAX_ALLOWED_BYTES && !text.chars().any(char::is_control);
    if (1..=MAX_ALLOWED).contains(&allowed.len()) && allowed.iter().all(is_possible) {
        feature.allowed = Some(allowed);
    } else {
        let meaning = format!(
            "a contract lists 1 to {MAX_ALLOWED} values of at most {MAX_ALLOWED_BYTES} bytes; values that the baseline never showed are found anyway"
        );
        import.leave(format!("the domain of {} ({} values)", rules.name, domain.len()), meaning);
    }
}

fn note(column: &Column) -> String {
    let missing = column.missing as f64 / (column.missing + column.present).max(1) as f64;
    let shown = match (&column.numbers, &column.names) {
        (Some(numbers), _) => match (numbers.min, numbers.max) {
            (Some(min), Some(max)) => format!("{min} to {max}"),
            _ => "numbers".to_owned(),
        },
        (None, Some(names)) => {
            format!("{} values", names.distinct.map_or_else(|| names.counts.len().to_string(), |count| format!("{count:.0}")))
        }
        (None, None) => "no statistics".to_owned(),
    };
    if column.missing > 0 { format!("{shown}; {:.1} % missing", missing * 100.0) } else { shown }
}

fn baseline(
    import: &mut Import,
    statistics: &Statistics,
    columns: &BTreeMap<String, &Column>,
    location: &str,
) -> Result<Baseline, InterchangeError> {
    let mut told = Told::default();
    let fields = import.contract.fields();
    let outlines: Vec<Outline> = fields
        .into_iter()
        .map(|field| match columns.get(&field.name) {
            Some(column) => outline(field, column, &mut told),
            None => Outline { field, present: 0, missing: statistics.records, values: Values::Unknown },
        })
        .collect();
    told.say(import);
    let lines = Lines { read: statistics.records, accepted: statistics.records, ..Lines::default() };
    let content = digest(&outlines);
    let source = Source { id: content.clone(), location: location.to_owned(), content, lines };
    Ok(Baseline::from_outlines(source, statistics.records, &outlines)?)
}

/// The digest of what a baseline is made of.
fn digest(outlines: &[Outline]) -> String {
    let mut digest = Sha256::new();
    for outline in outlines {
        digest.update(format!("{outline:?}\n"));
    }
    digest.finalize().iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

/// How much is known of which columns.
#[derive(Debug, Default)]
struct Told {
    exact: Vec<String>,
    sketched: Vec<String>,
    /// Smallest `k` of the sketches.
    k: Option<f64>,
    bucketed: Vec<String>,
    named: Vec<String>,
    cut: Vec<String>,
    unknown: Vec<String>,
}

fn outline(field: Field, column: &Column, told: &mut Told) -> Outline {
    let name = column.name.clone();
    let (present, missing) = (column.present, column.missing);
    let values = match field.kind {
        FeatureKind::Numeric => numbers(column, told),
        FeatureKind::Categorical => match &column.names {
            Some(names) if !names.counts.is_empty() => {
                let listed = names.counts.values().fold(0_u64, |sum, count| sum.saturating_add(*count));
                let list = if listed < present { &mut told.cut } else { &mut told.named };
                list.push(name.clone());
                Some(Values::Names(names.counts.clone()))
            }
            // A predicted class is a name, whatever it was written as.
            _ if field.role == FieldRole::Prediction => {
                Some(names_from_numbers(column)).filter(|names| !names.is_empty()).map(Values::Names)
            }
            _ => None,
        },
    };
    if values.is_none() {
        told.unknown.push(name);
    }
    Outline { field, present, missing, values: values.unwrap_or(Values::Unknown) }
}

fn numbers(column: &Column, told: &mut Told) -> Option<Values> {
    let numbers = column.numbers.as_ref().filter(|_| column.present > 0)?;
    match &numbers.distribution {
        Distribution::Sketch { items, k } => {
            let least = items.iter().map(|(value, _)| *value).reduce(f64::min)?;
            let greatest = items.iter().map(|(value, _)| *value).reduce(f64::max)?;
            let is_exact = items.len() as u64 == column.present && items.iter().all(|(_, weight)| *weight == 1);
            if is_exact {
                told.exact.push(column.name.clone());
            } else {
                told.sketched.push(column.name.clone());
                told.k = Some(told.k.map_or(*k, |least| least.min(*k)));
            }
            let (mean, deviation) = moments(items.iter().map(|(value, weight)| (*value, *weight)));
            Some(Values::Numbers {
                weighted: items.clone(),
                min: numbers.min.unwrap_or(least).min(least),
                max: numbers.max.unwrap_or(greatest).max(greatest),
                mean: numbers.mean.unwrap_or(mean),
                standard_deviation: numbers.standard_deviation.unwrap_or(deviation),
            })
        }
        Distribution::Buckets(buckets) => {
            told.bucketed.push(column.name.clone());
            let (mean, deviation) = moments(buckets.iter().map(|(low, high, count)| (low / 2.0 + high / 2.0, *count)));
            let (mean, standard_deviation) = (numbers.mean.unwrap_or(mean), numbers.standard_deviation.unwrap_or(deviation));
            Some(Values::Buckets { buckets: buckets.clone(), mean, standard_deviation })
        }
        Distribution::None => None,
    }
}

/// Mean and standard deviation (divided by `n`) of weighted values.
fn moments(weighted: impl Iterator<Item = (f64, u64)> + Clone) -> (f64, f64) {
    let total = weighted.clone().map(|(_, weight)| weight as f64).sum::<f64>().max(1.0);
    let mean = weighted.clone().map(|(value, weight)| value * (weight as f64 / total)).sum::<f64>();
    (mean, weighted.map(|(value, weight)| (value - mean).powi(2) * (weight as f64 / total)).sum::<f64>().sqrt())
}

/// The numbers of a column as names, as long as they are few enough to be classes.
fn names_from_numbers(column: &Column) -> BTreeMap<String, u64> {
    let mut names: BTreeMap<String, u64> = BTreeMap::new();
    if let Some(Distribution::Sketch { items, .. }) = column.numbers.as_ref().map(|numbers| &numbers.distribution) {
        for (value, weight) in items {
            let counted = names.entry(value.to_string()).or_default();
            *counted = counted.saturating_add(*weight);
            if names.len() > MOST_CLASSES {
                break;
            }
        }
    }
    if names.len() > MOST_CLASSES { BTreeMap::new() } else { names }
}

impl Told {
    fn say(&self, import: &mut Import) {
        let numeric = self.exact.len() + self.sketched.len();
        if numeric > 0 {
            let error = match self.k {
                None => "the sketches are small enough to hold every value".to_owned(),
                // Two-sided rank error of a KLL sketch at 99 %: Apache DataSketches, `KllSketch::get_normalized_rank_error`.
                Some(k) => format!("from their sketches: each share is right to within {:.2} %", 244.6 / k.max(8.0).powf(0.9433)),
            };
            import.carry(format!("the distributions of {numeric} numeric columns, {error}"));
        }
        if !self.named.is_empty() {
            import.carry(format!("the values of {} categorical columns with their counts", self.named.len()));
        }
        if !self.cut.is_empty() {
            import.carry(format!("the values of {} as far as they are listed; others count together", listed(&self.cut)));
        }
        if !self.bucketed.is_empty() {
            import.leave(
                format!("the sketches of {}", listed(&self.bucketed)),
                "the file holds buckets only: a shift within a bucket cannot be seen",
            );
        }
        if !self.unknown.is_empty() {
            import.leave(
                format!("the distribution of {}", listed(&self.unknown)),
                "the file holds none: these fields are not compared with this baseline",
            );
        }
        if !self.sketched.is_empty() {
            import.leave(
                "which values repeat exactly",
                "a sketch keeps one of many values: a repeated value is known only where it is frequent, so that a stuck sensor shows later",
            );
        }
        import.leave(
            ORDINARY,
            "the statistics know no days: against this baseline, evidence means more than chance, and not more than usual. Import again with --ordinary and the records of eight or more days that were fine, or put the training set itself in its place",
        );
    }
}
