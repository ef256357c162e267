//! A first contract, written out with its reasons, for a team to read and change.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Map, Value};

use crate::{Contract, Feature, FeatureKind, FeatureMonitoring, RecordMapping, Task};

impl Contract {
    /// The contract as YAML with comments: what it says, and as comments what it leaves to the defaults.
    ///
    /// `notes` are remarks on features by name (what a sample showed), written behind them. [`Contract::parse`] of the text
    /// gives the contract back.
    #[must_use]
    pub fn to_first_yaml(&self, notes: &BTreeMap<String, String>) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        self.write(&mut text, notes).unwrap_or_default();
        text
    }

    fn write(&self, text: &mut String, notes: &BTreeMap<String, String>) -> std::fmt::Result {
        text.push_str(HEAD);
        writeln!(text, "model: {}", scalar(&self.model))?;
        text.push_str(OWNERS);
        let task = match self.task {
            Task::Binary => "binary",
            Task::Multiclass => "multiclass",
            Task::Regression => "regression",
        };
        writeln!(text, "task: {task}                # binary | multiclass | regression")?;
        let default = Self::new(&self.model, self.task);
        let [said, default] = [self, &default].map(|contract| serde_json::to_value(contract).unwrap_or_default());
        for (key, value) in changed(&said, &default).filter(|(key, _)| !WRITTEN_APART.contains(key)) {
            writeln!(text, "{key}: {}", flow(value))?;
        }
        write_record(text, &self.record)?;
        text.push_str("\n# What the model reads. A derived feature says what it was computed from: derived_from: [a, b]\nfeatures:\n");
        let features: Vec<(String, Option<&String>)> =
            self.features.iter().map(|feature| (line(feature), notes.get(&feature.name))).collect();
        let width = features.iter().map(|(line, _)| line.chars().count()).filter(|width| *width <= 80).max().unwrap_or(0);
        for (line, note) in features {
            match note.map(|note| note.replace(crate::names::is_hidden, " ")) {
                Some(note) => writeln!(text, "  - {line:width$}  # {note}")?,
                None => writeln!(text, "  - {line}")?,
            }
        }
        text.push_str(TAIL);
        let none = Value::Null;
        let [said, default] = [&said, &default].map(|contract| contract.get("monitoring").unwrap_or(&none));
        let mut settings = changed(said, default).peekable();
        text.push_str(if settings.peek().is_some() { "\nmonitoring:\n" } else { "\n# monitoring:\n" });
        for (key, value) in settings {
            writeln!(text, "  {key}: {}", flow(value))?;
        }
        text.push_str(MONITORING);
        Ok(())
    }
}

impl Feature {
    /// The feature as one line of YAML, as a contract has it: `{ name: distance, type: numeric }`.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        line(self)
    }
}

const HEAD: &str = "\
# What we promise about one model: where its records lie, what is watched and how, and who decides.
# Check it with `tidegate check` and a sample of the scoring log. Everything commented out shows its default.
#
# For completion in an editor, write the schema beside this file (`tidegate schema > contract.schema.json`); the next
# line finds it.
# yaml-language-server: $schema=contract.schema.json
";

const OWNERS: &str = "\
# owners: { business: someone@example.com, monitoring: on-call@example.com }
# consumption: real-time    # or batch
# sensitivity: internal     # public | internal | restricted
";

const TAIL: &str = "
# Categorical features by which results are also looked at apart:
# segments: []

# Where the true outcomes are dropped, and how long they are waited for:
# truth: { prefix: <logs prefix>truth/, actual: actual, time: time, late_days: 60 }

# What the serving side promises:
# service: { latency_p99_ms: 100, error_rate: 0.001, silence_minutes: 90 }
";

/// The settings of the monitoring that are left to their defaults, and what follows them.
const MONITORING: &str = "\
#   windows: [1d]                    # any of 1h to 30d, from the same hourly profiles
#   baselines: [training, seasonal, previous]   # in order of authority: the first that can tell decides
#   method: auto                     # or psi, ks, jensen-shannon … with a threshold: 0.1; also per feature
#   effect: 0.04                     # smallest shift worth acting on, in standard deviations of the baseline
#   minimum_records: 50              # fewer are not judged

# promotion:
#   test: { approvals: 1, approvers: [lead@example.com] }
#   prod: { approvals: 2, approvers: [lead@example.com, risk@example.com], expires: 72h }

# retraining: { mode: propose, minimum_records: 10000, cooldown: 1d }   # never | propose | automatic
# rollback: { mode: propose, within: 14d }                              # never | propose | automatic
# alerts: { after: 1, of: 1, cooldown: 7d }                             # told after so many bad windows of so many
";

fn write_record(text: &mut String, record: &RecordMapping) -> std::fmt::Result {
    let default = RecordMapping::default();
    text.push_str("\n# Where things are in a record. Dots lead into nested objects: event.output.score\nrecord:\n");
    let lines = [
        ("timestamp", &record.timestamp, &default.timestamp, "when the prediction was made"),
        ("inference_id", &record.inference_id, &default.inference_id, "what ground truth will name"),
        ("version", &record.version, &default.version, "the model version that answered"),
        ("prediction", &record.prediction, &default.prediction, "the predicted class or number"),
        ("score", &record.score, &default.score, "how sure the model was"),
        ("latency_ms", &record.latency_ms, &default.latency_ms, "how long it took"),
        ("features", &record.features, &default.features, "the object that holds the features; \"\" when they stand at the top"),
    ];
    for (key, path, default, says) in lines {
        let mark = if path == default { " (the default)" } else { "" };
        let setting = format!("{key}: {}", scalar(path));
        writeln!(text, "  {setting:30}  # {says}{mark}")?;
    }
    let [said, default] = [record, &default].map(|record| serde_json::to_value(record).unwrap_or_default());
    for (key, value) in changed(&said, &default).filter(|(key, _)| lines.iter().all(|(written, ..)| written != key)) {
        writeln!(text, "  {key}: {}", flow(value))?;
    }
    Ok(())
}

fn line(feature: &Feature) -> String {
    let kind = match feature.kind {
        FeatureKind::Numeric => "numeric",
        FeatureKind::Categorical => "categorical",
    };
    let mut line = format!("{{ name: {}, type: {kind}", scalar(&feature.name));
    let mut push = |key: &str, value: String| line.extend([", ", key, ": ", &value]);
    if let Some(path) = &feature.path {
        push("path", scalar(path));
    }
    if !feature.derived_from.is_empty() {
        push("derived_from", list(&feature.derived_from));
    }
    if let Some([least, greatest]) = feature.range {
        push("range", format!("[{}, {}]", bound(least), bound(greatest)));
    }
    if let Some(allowed) = &feature.allowed {
        push("allowed", list(allowed));
    }
    if feature.protected {
        push("protected", "true".to_owned());
    }
    if (feature.importance - 1.0).abs() > 0.0 {
        push("importance", feature.importance.to_string());
    }
    if let Some(own) = &feature.monitoring {
        let [said, default] = [own, &FeatureMonitoring::default()].map(|own| serde_json::to_value(own).unwrap_or_default());
        let settings: Map<String, Value> = changed(&said, &default).map(|(key, value)| (key.to_owned(), value.clone())).collect();
        push("monitoring", flow(&Value::Object(settings)));
    }
    line.push_str(" }");
    line
}

/// Keys of a contract that have places of their own in the text.
const WRITTEN_APART: [&str; 5] = ["model", "task", "record", "features", "monitoring"];

/// The settings that say something else than their default.
fn changed<'a>(said: &'a Value, default: &'a Value) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let said = said.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value));
    said.filter(|(key, value)| !value.is_null() && default.get(*key) != Some(value))
}

/// A value as YAML on one line; what is not set is left out.
fn flow(value: &Value) -> String {
    match value {
        Value::Object(entries) => {
            let set = entries.iter().filter(|(_, value)| !value.is_null());
            format!("{{ {} }}", set.map(|(key, value)| format!("{key}: {}", flow(value))).collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::String(text) => scalar(text),
        other => other.to_string(),
    }
}

/// An end of a range as YAML.
fn bound(value: f64) -> String {
    match value {
        f64::INFINITY => ".inf".to_owned(),
        f64::NEG_INFINITY => "-.inf".to_owned(),
        finite => finite.to_string(),
    }
}

fn list(items: &[String]) -> String {
    format!("[{}]", items.iter().map(|item| scalar(item)).collect::<Vec<_>>().join(", "))
}

/// A text as YAML: as it stands where no reader of YAML could take it for anything else, in quotes otherwise.
fn scalar(text: &str) -> String {
    const TAKEN_FOR_OTHERS: [&str; 12] = ["true", "false", "yes", "no", "on", "off", "null", "nan", "inf", "y", "n", "none"];
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "_-./".contains(character))
        && !TAKEN_FOR_OTHERS.contains(&text.to_lowercase().as_str());
    // A JSON string is a double-quoted YAML scalar.
    if is_plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}
