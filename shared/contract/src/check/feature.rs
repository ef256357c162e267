//! Features, what they are computed from and the segments among them that cannot be meant.

use std::collections::{BTreeMap, BTreeSet};

use super::Check;
use crate::document::{Path, quoted};
use crate::names::{self, MAX_NAME, RESERVED_NAMES, is_hidden};
use crate::{Contract, Feature, FeatureKind};

/// Most features of a model.
pub const MAX_FEATURES: usize = 1_000;
/// Most segments of a model: records are counted once more for each.
pub const MAX_SEGMENTS: usize = 8;
/// Most allowed values of a categorical feature.
pub const MAX_ALLOWED: usize = 1_000;
/// Longest allowed value of a categorical feature, bytes.
pub const MAX_ALLOWED_BYTES: usize = 200;

impl Check<'_> {
    pub(super) fn features(&mut self, contract: &Contract) {
        let list = Path::top("features");
        let features = &contract.features;
        if features.is_empty() {
            self.report(&list, "found no features, expected at least one");
        }
        if features.len() > MAX_FEATURES {
            self.report(&list, format!("found {} features, expected at most {MAX_FEATURES}", features.len()));
        }
        let mut names: BTreeMap<&str, usize> = BTreeMap::new();
        let mut paths: BTreeMap<&str, &str> = BTreeMap::new();
        for (index, feature) in features.iter().enumerate() {
            let path = list.item(index);
            self.feature_name(&path.key("name"), feature);
            if let Some(first) = names.insert(&feature.name, index) {
                self.report(
                    &path.key("name"),
                    format!("found {} a second time (the first is features[{first}]), expected names that differ", quoted(&feature.name)),
                );
            } else if let Some(other) = paths.insert(feature.path(), &feature.name) {
                let message = format!(
                    "found {}, which {other} reads already, expected every feature to have a place of its own",
                    quoted(feature.path())
                );
                self.report(&path.key("path"), message);
            }
            self.feature(&path, feature);
        }
    }

    fn feature_name(&mut self, path: &Path, feature: &Feature) {
        let name = &feature.name;
        if RESERVED_NAMES.contains(&name.as_str()) {
            let message = format!(
                "found {name}, a name that Tidegate uses itself, expected another, such as {{ name: {}, path: {} }}",
                names::feature_name_from(name),
                feature.path()
            );
            self.report(path, message);
        } else if !names::is_feature_name(name) {
            let near = names::feature_name_from(name);
            let hint = if feature.path.is_some() { near } else { format!("{{ name: {near}, path: {} }}", quoted(name)) };
            let message = format!(
                "found {}, expected lower-case words joined by underscores, at most {MAX_NAME} characters, such as {hint}",
                quoted(name)
            );
            self.report(path, message);
        }
    }

    fn feature(&mut self, path: &Path, feature: &Feature) {
        if let Some(place) = &feature.path {
            self.record_path(&path.key("path"), place);
        }
        if let Some([least, greatest]) = feature.range {
            let at = path.key("range");
            if feature.kind == FeatureKind::Categorical {
                self.report(&at, "found a range of a categorical feature, expected allowed: [value, …], or type: numeric");
            } else if !(least.is_finite() || greatest.is_finite())
                || least > greatest
                || least == f64::INFINITY
                || greatest == f64::NEG_INFINITY
            {
                let expected = "expected the least number before the greatest; one end may be open, as in [0, .inf]";
                self.report(&at, format!("found [{least}, {greatest}], {expected}"));
            }
        }
        if let Some(allowed) = &feature.allowed {
            self.allowed(&path.key("allowed"), feature, allowed);
        }
        if feature.protected && feature.kind == FeatureKind::Numeric {
            let message = "found a protected numeric feature, expected a categorical one, such as an age group: fairness compares groups";
            self.report(&path.key("protected"), message);
        }
        self.number(&path.key("importance"), feature.importance, feature.importance >= 0.0, "a number of at least 0");
        if let Some(monitoring) = &feature.monitoring {
            let at = path.key("monitoring");
            self.positive(&at.key("effect"), monitoring.effect);
            self.share(&at.key("missing"), monitoring.missing);
            if let Some(baselines) = &monitoring.baselines {
                self.baselines(&at.key("baselines"), baselines);
            }
        }
    }

    fn allowed(&mut self, path: &Path, feature: &Feature, allowed: &[String]) {
        if feature.kind == FeatureKind::Numeric {
            self.report(path, "found allowed values of a numeric feature, expected range: [least, greatest], or type: categorical");
            return;
        }
        if allowed.is_empty() || allowed.len() > MAX_ALLOWED {
            self.report(path, format!("found {} allowed values, expected 1 to {MAX_ALLOWED}", allowed.len()));
        }
        let mut seen = BTreeSet::new();
        for (index, value) in allowed.iter().enumerate() {
            if value.len() > MAX_ALLOWED_BYTES || value.contains(is_hidden) {
                let message =
                    format!("found {}, expected a value of at most {MAX_ALLOWED_BYTES} bytes without control characters", quoted(value));
                self.report(&path.item(index), message);
            } else if !seen.insert(value) {
                self.report(&path.item(index), format!("found {} a second time, expected it once", quoted(value)));
            }
        }
    }

    /// What derived features are computed from need not be read by the model, but must not lead back to themselves.
    pub(super) fn derivations(&mut self, features: &[Feature]) {
        let sources: BTreeMap<&str, &[String]> =
            features.iter().map(|feature| (feature.name.as_str(), feature.derived_from.as_slice())).collect();
        for (index, feature) in features.iter().enumerate() {
            let path = Path::top("features").item(index).key("derived_from");
            self.unique(&path, &feature.derived_from);
            for (item, source) in feature.derived_from.iter().enumerate() {
                if leads_to(source, &feature.name, &sources) {
                    self.report(
                        &path.item(item),
                        format!("found {}, which is itself computed from {}, expected no circle", quoted(source), feature.name),
                    );
                } else {
                    self.text(&path.item(item), source);
                }
            }
        }
    }

    pub(super) fn segments(&mut self, contract: &Contract) {
        let path = Path::top("segments");
        self.unique(&path, &contract.segments);
        if contract.segments.len() > MAX_SEGMENTS {
            self.report(&path, format!("found {} segments, expected at most {MAX_SEGMENTS}", contract.segments.len()));
        }
        for (index, segment) in contract.segments.iter().enumerate() {
            let categorical = || contract.features.iter().filter(|feature| feature.kind == FeatureKind::Categorical);
            if contract.features.iter().any(|feature| feature.name == *segment && feature.kind == FeatureKind::Numeric) {
                self.report(&path.item(index), format!("found {segment}, a numeric feature, expected a categorical one"));
            } else if !categorical().any(|feature| feature.name == *segment) {
                let near = names::meant(segment, categorical().map(|feature| feature.name.as_str()));
                let hint = near.map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
                self.report(&path.item(index), format!("found {}, expected the name of a categorical feature{hint}", quoted(segment)));
            }
        }
    }
}

fn leads_to(from: &str, to: &str, sources: &BTreeMap<&str, &[String]>) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(name) = open.pop() {
        if name == to {
            return true;
        }
        if seen.insert(name) {
            open.extend(sources.get(name).into_iter().flat_map(|further| further.iter().map(String::as_str)));
        }
    }
    false
}
