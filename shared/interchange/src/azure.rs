//! Azure Machine Learning: a monitoring definition read.
//!
//! A definition (`az ml schedule create --file`) names signals, features and thresholds, and keeps neither statistics nor the types of
//! features: the reference data are a table that the training set of the contract takes the place of.
//!
//! Source: Azure Machine Learning, *CLI (v2) schedule YAML schema for model monitoring*.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use tidegate_contract::{Contract, Feature, FeatureKind, FeatureMonitoring, Method, Task, WindowLength, model_name_from};

use crate::import::{Names, listed, sized};
use crate::{Import, InterchangeError, Rules};

/// Azure's metrics of drift, and ours: those that give a distance.
const METRICS: [(&str, Method); 3] = [
    ("jensen_shannon_distance", Method::JensenShannon),
    ("normalized_wasserstein_distance", Method::Wasserstein),
    ("population_stability_index", Method::Psi),
];

/// Makes a contract of a monitoring definition. `model` is its name, made from the definition's when absent; `sample` is a contract
/// that a sample of the records or of the reference data gave: where things lie, the features and their types.
///
/// # Errors
/// [`InterchangeError`] if the text is no YAML, or no monitoring definition.
pub fn import(text: &str, model: Option<&str>, sample: Option<&Contract>, rules: Rules) -> Result<Import, InterchangeError> {
    let value: Value = serde_saphyr::from_str(sized(text)?).map_err(|fault| InterchangeError::Yaml { fault: fault.to_string() })?;
    let expected = "a monitoring definition with create_monitor: { monitoring_signals: … }";
    let Some(monitor) = value.get("create_monitor").and_then(Value::as_object) else {
        let keys: Vec<&String> = value.as_object().into_iter().flat_map(Map::keys).collect();
        return Err(InterchangeError::Document { found: format!("a document with the keys {}", listed(&keys)), expected });
    };
    let target = monitor.get("monitoring_target");
    let task = match target.and_then(|target| target.get("ml_task")?.as_str()) {
        Some(task) if task.eq_ignore_ascii_case("regression") => Task::Regression,
        _ => Task::Binary,
    };
    let own_name = || model_name_from(value.get("name").and_then(Value::as_str).unwrap_or_default());
    let named = model.map_or_else(own_name, str::to_owned);
    let mut contract = Contract::new(&named, sample.map_or(task, |sample| if task == Task::Regression { task } else { sample.task }));
    if let Some(sample) = sample {
        contract.record = sample.record.clone();
        contract.features.clone_from(&sample.features);
    }
    let mut import = Import::new(contract);
    import.carry("the model's name and task (classification is taken for two classes: say task: multiclass where there are more)");
    emails(monitor, &mut import);
    window(&value, &mut import);
    let no_signals = Map::new();
    let signals = monitor.get("monitoring_signals").and_then(Value::as_object).unwrap_or(&no_signals);
    let features: BTreeMap<String, usize> =
        import.contract.features.iter().enumerate().map(|(place, feature)| (feature.path().to_owned(), place)).collect();
    let mut reader = Reader { rules, has_sample: sample.is_some(), names: Names::default(), features, import };
    for (name, signal) in signals {
        if let Some(signal) = signal.as_object() {
            reader.signal(name, signal);
        }
    }
    Ok(reader.finish())
}

fn emails(monitor: &Map<String, Value>, import: &mut Import) {
    let notification = monitor.get("alert_notification");
    let emails = notification.and_then(|of| of.get("emails")?.as_array()).into_iter().flatten().filter_map(Value::as_str);
    let emails: Vec<&str> = emails.collect();
    if let Some(first) = emails.first() {
        import.contract.owners.monitoring = Some((*first).to_owned());
        import.carry(format!("{first} as who is told"));
    }
    if emails.len() > 1 {
        import.leave(
            format!("further addresses ({})", listed(emails.get(1..).unwrap_or_default())),
            "a contract names one; let it be a list's",
        );
    }
}

/// How often Azure looks becomes how long a window is.
fn window(schedule: &Value, import: &mut Import) {
    let trigger = schedule.get("trigger");
    let every = trigger.and_then(|trigger| trigger.get("interval")?.as_u64()).unwrap_or(1);
    let frequency = trigger.and_then(|trigger| trigger.get("frequency")?.as_str());
    let hours = match frequency {
        Some("minute") => every.div_ceil(60),
        Some("hour") => every,
        Some("day") => every.saturating_mul(24),
        Some("week") => every.saturating_mul(7 * 24),
        Some("month") => 30 * 24,
        _ => return,
    };
    let hours = u32::try_from(hours.clamp(1, 30 * 24)).unwrap_or(24);
    import.contract.monitoring.windows = vec![WindowLength::hours(hours)];
    import.carry(format!("how often it looks, as windows of {}", WindowLength::hours(hours)));
}

struct Reader {
    rules: Rules,
    /// Whether the features and their types are known from a sample.
    has_sample: bool,
    /// Place of the feature by column.
    features: BTreeMap<String, usize>,
    names: Names,
    import: Import,
}

impl Reader {
    fn signal(&mut self, name: &str, signal: &Map<String, Value>) {
        let thresholds = signal.get("metric_thresholds");
        match signal.get("type").and_then(Value::as_str).unwrap_or_default() {
            "data_drift" => {
                self.columns(name, signal);
                self.target(signal);
                self.distances(name, thresholds);
            }
            "prediction_drift" => self.import.carry(format!("signal {name}: score and prediction are watched always")),
            "data_quality" => {
                let columns = self.columns(name, signal);
                self.quality(name, thresholds, &columns);
            }
            other => self.import.leave(format!("signal {name} ({other})"), "Tidegate has no such signal yet"),
        }
        if signal.get("production_data").and_then(|data| data.get("pre_processing_component")).is_some() {
            self.import.leave(format!("the preprocessing component of {name}"), "say in the contract's record section where things lie");
        }
    }

    /// The features that a signal names, as features of the contract.
    fn columns(&mut self, signal: &str, of: &Map<String, Value>) -> Vec<usize> {
        match of.get("features") {
            Some(Value::Array(columns)) => columns.iter().filter_map(Value::as_str).filter_map(|column| self.column(column)).collect(),
            Some(Value::Object(_)) => {
                self.import.leave(
                    format!("the choice of features in {signal}"),
                    "every feature of the contract is watched; weigh them with importance",
                );
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn column(&mut self, column: &str) -> Option<usize> {
        if let Some(place) = self.features.get(column) {
            return Some(*place);
        }
        if self.has_sample {
            self.import.leave(format!("the feature {column}"), "the sample does not hold it");
            return None;
        }
        let mut feature = Feature::new(&self.names.of(column), FeatureKind::Numeric);
        if feature.name != column {
            feature.path = Some(column.to_owned());
        }
        let features = &mut self.import.contract.features;
        features.push(feature);
        self.features.insert(column.to_owned(), features.len() - 1);
        Some(features.len() - 1)
    }

    fn target(&mut self, signal: &Map<String, Value>) {
        let reference = signal.get("reference_data");
        let names = reference.and_then(|reference| reference.get("data_column_names"));
        let target =
            names.and_then(|names| names.get("target_column")).or(reference.and_then(|reference| reference.get("target_column_name")));
        if let Some(target) = target.and_then(Value::as_str) {
            self.import.leave(format!("the target {target}"), "the true outcome is no feature");
        }
        if let Some(path) = reference.and_then(|reference| reference.get("input_data")?.get("path")?.as_str()) {
            self.import.leave(format!("the reference data {path}"), "put its files under datasets/<model>/: they become the baseline");
        }
    }

    /// The distance and threshold for numbers become the model's; those for names are per feature, and the types are not known yet.
    fn distances(&mut self, signal: &str, thresholds: Option<&Value>) {
        for (kind, is_model_wide) in [("numerical", true), ("categorical", false)] {
            let metrics = thresholds.and_then(|thresholds| thresholds.get(kind)).and_then(Value::as_object);
            for (metric, threshold) in metrics.into_iter().flatten() {
                let what = format!("{metric} above {threshold} ({kind}, {signal})");
                let method = METRICS.iter().find(|(name, _)| name == metric).map(|(_, method)| *method);
                match (method, threshold.as_f64().filter(|threshold| *threshold > 0.0)) {
                    (Some(method), Some(threshold)) if is_model_wide && self.rules == Rules::Theirs => {
                        self.import.contract.monitoring.method = method;
                        self.import.contract.monitoring.threshold = Some(threshold);
                        self.import.carry(format!("{what}, as monitoring.method and threshold; the change must also be more than chance"));
                    }
                    (Some(method), Some(threshold)) if self.rules == Rules::Theirs && self.has_sample => {
                        self.categorical(method, threshold);
                        self.import.carry(format!("{what}, as the method and threshold of the categorical features"));
                    }
                    (Some(method), Some(threshold)) if self.rules == Rules::Theirs => self.import.leave(
                        what,
                        format!("the definition does not say which features are categorical: give them monitoring: {{ method: {}, threshold: {threshold} }}", method.name()),
                    ),
                    (None, _) => self.import.leave(what, "it alone takes the reference for exact; Tidegate tests both samples"),
                    _ => self.import.leave(what, "Tidegate's own judgement takes its place"),
                }
            }
        }
    }

    fn categorical(&mut self, method: Method, threshold: f64) {
        for feature in self.import.contract.features.iter_mut().filter(|feature| feature.kind == FeatureKind::Categorical) {
            let own = feature.monitoring.get_or_insert_with(FeatureMonitoring::default);
            (own.method, own.threshold) = (Some(method), Some(threshold));
        }
    }

    fn quality(&mut self, signal: &str, thresholds: Option<&Value>, columns: &[usize]) {
        let of = |kind: &str, metric: &str| thresholds.and_then(|of| of.get(kind)?.get(metric)?.as_f64());
        let missing = of("numerical", "null_value_rate").or_else(|| of("categorical", "null_value_rate"));
        if let Some(missing) = missing.filter(|share| (0.0..=1.0).contains(share)) {
            for place in columns {
                if let Some(feature) = self.import.contract.features.get_mut(*place) {
                    feature.monitoring.get_or_insert_with(FeatureMonitoring::default).missing = Some(missing);
                }
            }
            if columns.is_empty() {
                self.import.leave(
                    format!("null_value_rate {missing} ({signal})"),
                    "it names no features: say monitoring: { missing: … } where it matters",
                );
            } else {
                self.import
                    .carry(format!("null_value_rate {missing} of {} features, as the largest share of missing values", columns.len()));
            }
        }
        for metric in ["out_of_bounds_rate", "data_type_error_rate"] {
            if let Some(rate) = of("numerical", metric).or_else(|| of("categorical", metric)) {
                self.import.leave(
                    format!("{metric} {rate} ({signal})"),
                    "give features a range or allowed values: a warning above 0.1 %, drift from 1 % of the records on",
                );
            }
        }
    }

    fn finish(mut self) -> Import {
        let features = self.import.contract.features.len();
        if self.has_sample {
            self.import.carry(format!("{features} features with their types, from the sample"));
        } else if features == 0 {
            self.import.leave("the features", "the definition names none: say --sample with a file of the reference data");
        } else {
            self.import.carry(format!("{features} features by name"));
            self.import.leave(
                "the types of the features",
                "the definition does not know them, so all are written as numeric: say --sample with a file of the reference data",
            );
        }
        self.import
    }
}
