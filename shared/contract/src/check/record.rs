//! What cannot be meant of where records lie and where things lie in them.

use super::Check;
use crate::document::{Path, quoted};
use crate::model::VERSION_FOLDER;
use crate::names::meant;
use crate::{Contract, FeatureKind, Logs};

/// Longest path into a record, bytes: what intake takes for a column's name.
const MAX_PATH_BYTES: usize = 200;
/// Most values without names in a record.
const MAX_COLUMNS: usize = 2_000;
/// Greatest place in an array that a path may name.
const MAX_ARRAY_PLACE: usize = 9_999;
/// A value that is passed over.
const PASSED_OVER: &str = "_";
/// What a record has beside its features.
const OTHERS: [&str; 6] = ["timestamp", "inference_id", "version", "score", "prediction", "latency_ms"];

impl Check<'_> {
    pub(super) fn logs(&mut self, logs: &Logs) {
        let path = Path::top("logs");
        if let Some(prefix) = &logs.prefix {
            self.prefix(&path.key("prefix"), prefix);
        }
        if let Some(layout) = &logs.layout {
            let versions = layout.trim_matches('/').split('/').filter(|folder| *folder == VERSION_FOLDER).count();
            if versions != 1 || layout.split('/').any(|folder| folder != VERSION_FOLDER && folder.contains(VERSION_FOLDER)) {
                let message = format!(
                    "found {}, expected folders with one that is {VERSION_FOLDER}, such as {{endpoint}}/{VERSION_FOLDER}",
                    quoted(layout)
                );
                self.report(&path.key("layout"), message);
            } else {
                self.text(&path.key("layout"), layout);
            }
        }
    }

    fn prefix(&mut self, path: &Path, prefix: &str) {
        let expected = "expected a key prefix such as flight-delay/ or apps/flight-delay/logs/";
        if prefix.starts_with('/') {
            self.report(path, format!("found {}, {expected}, without a slash in front", quoted(prefix)));
        } else if prefix.split('/').any(|part| part == ".." || part == ".") || prefix.contains("//") || prefix.contains('\\') {
            self.report(path, format!("found {}, {expected}, without \".\", \"..\", \"//\" or backslashes", quoted(prefix)));
        } else if !prefix.is_empty() && !prefix.ends_with('/') {
            let message =
                format!("found {}, {expected}, with a slash at the end so that it cannot take in another model's logs", quoted(prefix));
            self.report(path, message);
        } else {
            self.text(path, prefix);
        }
    }

    /// A path into a record: names joined by dots, places of arrays in brackets.
    pub(super) fn record_path(&mut self, path: &Path, value: &str) {
        if value.split('.').any(str::is_empty) {
            self.report(path, format!("found {}, expected names joined by single dots, such as event.output.score", quoted(value)));
        } else if value.len() > MAX_PATH_BYTES {
            self.report(path, format!("found {} bytes, expected at most {MAX_PATH_BYTES}", value.len()));
        } else if let Some(place) = places(value).find(|place| place.parse::<usize>().is_ok_and(|place| place > MAX_ARRAY_PLACE)) {
            self.report(path, format!("found the place {place} of an array, expected at most {MAX_ARRAY_PLACE}"));
        } else {
            self.text(path, value);
        }
    }

    pub(super) fn record(&mut self, contract: &Contract) {
        let (path, record) = (Path::top("record"), &contract.record);
        for (key, value) in [
            ("timestamp", &record.timestamp),
            ("inference_id", &record.inference_id),
            ("version", &record.version),
            ("prediction", &record.prediction),
            ("score", &record.score),
            ("latency_ms", &record.latency_ms),
        ] {
            self.record_path(&path.key(key), value);
        }
        if !record.features.is_empty() {
            self.record_path(&path.key("features"), &record.features);
        }
        self.names(&path.key("columns"), &record.columns, contract, &OTHERS);
        self.names(&path.key("outputs"), &record.outputs, contract, &["score", "prediction", "latency_ms", "inference_id", "version"]);
        for (index, dropped) in record.drop.iter().enumerate() {
            self.record_path(&path.key("drop").item(index), dropped);
            let feature = contract.features.iter().find(|feature| feature.path() == dropped || feature.name == *dropped);
            if let Some(feature) = feature {
                let message =
                    format!("found {}, which the feature {} reads, expected to drop it or to read it", quoted(dropped), feature.name);
                self.report(&path.key("drop").item(index), message);
            }
        }
        self.unique(&path.key("drop"), &record.drop);
        self.hash(&path.key("hash"), contract);
        self.constants(&path.key("constants"), contract);
    }

    /// Names of values that come without names.
    fn names(&mut self, path: &Path, names: &[String], contract: &Contract, others: &[&'static str]) {
        if names.len() > MAX_COLUMNS {
            self.report(path, format!("found {} names, expected at most {MAX_COLUMNS}", names.len()));
        }
        let mut seen = std::collections::BTreeSet::new();
        for (index, name) in names.iter().enumerate().filter(|(_, name)| *name != PASSED_OVER) {
            if !self.is_field(&path.item(index), name, contract, others, ", or _ to pass over a value") {
                continue;
            }
            if !seen.insert(name) {
                self.report(&path.item(index), format!("found {} a second time, expected every name once", quoted(name)));
            }
        }
    }

    /// Whether a name is one of a feature or of these others; if not, that is a problem.
    fn is_field(&mut self, path: &Path, name: &str, contract: &Contract, others: &[&'static str], more: &str) -> bool {
        let known = || contract.features.iter().map(|feature| feature.name.as_str()).chain(others.iter().copied());
        if known().any(|known| known == name) {
            return true;
        }
        let hint = meant(name, known()).map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
        self.report(path, format!("found {}, expected the name of a feature, one of {}{more}{hint}", quoted(name), others.join(", ")));
        false
    }

    fn hash(&mut self, path: &Path, contract: &Contract) {
        self.unique(path, &contract.record.hash);
        for (index, name) in contract.record.hash.iter().enumerate() {
            let feature = contract.features.iter().find(|feature| feature.name == *name);
            if feature.is_some_and(|feature| feature.kind == FeatureKind::Numeric) {
                let message =
                    format!("found {}, a numeric feature, expected a categorical one: a pseudonym is no number; drop it", quoted(name));
                self.report(&path.item(index), message);
            } else if let Some(feature) = feature.filter(|feature| feature.allowed.is_some()) {
                let message = format!("found {}, expected a feature without allowed values: pseudonyms are none of them", feature.name);
                self.report(&path.item(index), message);
            } else {
                self.is_field(&path.item(index), name, contract, &["inference_id"], "");
            }
        }
    }

    fn constants(&mut self, path: &Path, contract: &Contract) {
        let constants = &contract.record.constants;
        for (index, constant) in constants.iter().enumerate() {
            let at = path.item(index);
            if constants.iter().take(index).any(|before| before.name == constant.name) {
                self.report(&at.key("name"), format!("found {} a second time, expected it once", quoted(&constant.name)));
            }
            self.is_field(&at.key("name"), &constant.name, contract, &["version", "score", "prediction", "latency_ms"], "");
            self.text(&at.key("value"), &constant.value);
            let is_numeric = contract.features.iter().any(|feature| feature.name == constant.name && feature.kind == FeatureKind::Numeric);
            if is_numeric && constant.value.trim().parse::<f64>().map_or(true, |value| !value.is_finite()) {
                let message = format!("found {}, expected a number: {} is numeric", quoted(&constant.value), constant.name);
                self.report(&at.key("value"), message);
            }
        }
    }
}

/// The places of arrays that a path names.
fn places(path: &str) -> impl Iterator<Item = &str> {
    path.split(['.', '[']).filter_map(|piece| piece.strip_suffix(']'))
}
