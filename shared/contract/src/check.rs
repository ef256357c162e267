//! Values that have the right type and still cannot be meant.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::{Node, Path, quoted};
use crate::error::Problem;
use crate::names::{self, MAX_NAME, RESERVED_NAMES, is_hidden};
use crate::{Alerts, Approvals, BaselineKind, Contract, Feature, FeatureKind, Method, Person, Truth};

/// Most features of a model.
pub const MAX_FEATURES: usize = 1_000;
/// Most segments of a model: records are counted once more for each.
pub const MAX_SEGMENTS: usize = 8;
/// Most allowed values of a categorical feature.
pub const MAX_ALLOWED: usize = 1_000;
/// Longest allowed value of a categorical feature, bytes.
pub const MAX_ALLOWED_BYTES: usize = 200;
/// Most windows in a row that an alert looks back over.
pub(crate) const MAX_ALERT_WINDOWS: u32 = 20;
/// Longest prefix or free text, bytes.
const MAX_TEXT_BYTES: usize = 512;

/// Everything that is wrong with a contract whose shape is right.
pub(crate) fn problems(contract: &Contract, tree: &Node) -> Vec<Problem> {
    let mut check = Check { tree, problems: Vec::new() };
    check.model(contract);
    check.record(contract);
    check.truth(contract);
    check.features(contract);
    check.derivations(&contract.features);
    check.segments(contract);
    check.service(contract);
    check.monitoring(contract);
    check.compatibility(contract);
    check.registered_in(contract);
    check.validation(contract);
    check.promotion(contract);
    check.people(&Path::top("retraining").key("approvers"), &contract.retraining.approvers);
    check.alerts(contract);
    check.problems
}

/// What was found so far.
pub(crate) struct Check<'a> {
    tree: &'a Node,
    problems: Vec<Problem>,
}

impl Check<'_> {
    pub(crate) fn report(&mut self, path: &Path, message: impl Into<String>) {
        self.problems.push(Problem::new(self.tree.locate(path), path, message));
    }

    pub(crate) fn text(&mut self, path: &Path, text: &str) {
        if text.trim().is_empty() {
            self.report(path, "found empty text, expected some");
        } else if text.len() > MAX_TEXT_BYTES {
            self.report(path, format!("found {} bytes, expected at most {MAX_TEXT_BYTES}", text.len()));
        } else if text.contains(is_hidden) {
            self.report(path, format!("found {}, expected no control characters", quoted(text)));
        }
    }

    pub(crate) fn number(&mut self, path: &Path, value: f64, is_right: bool, expected: &str) {
        if !value.is_finite() || !is_right {
            self.report(path, format!("found {value}, expected {expected}"));
        }
    }

    fn share(&mut self, path: &Path, value: Option<f64>) {
        if let Some(value) = value {
            self.number(path, value, (0.0..=1.0).contains(&value), "a share from 0 to 1");
        }
    }

    pub(crate) fn positive(&mut self, path: &Path, value: Option<f64>) {
        if let Some(value) = value {
            self.number(path, value, value > 0.0, "a number above 0");
        }
    }

    pub(crate) fn unique<'t, T: PartialEq + ToString + 't>(&mut self, path: &Path, values: impl IntoIterator<Item = &'t T>) {
        let mut seen: Vec<&T> = Vec::new();
        for (index, value) in values.into_iter().enumerate() {
            if seen.contains(&value) {
                self.report(&path.item(index), format!("found {} a second time, expected it once", quoted(&value.to_string())));
            }
            seen.push(value);
        }
    }

    fn model(&mut self, contract: &Contract) {
        let name = &contract.model;
        if !names::is_model_name(name) {
            let near = names::model_name_from(name);
            let message = format!(
                "found {}, expected lower-case words joined by hyphens, at most {MAX_NAME} characters, such as {near}",
                quoted(name)
            );
            self.report(&Path::top("model"), message);
        }
        let owners = Path::top("owners");
        for (key, address) in [("business", &contract.owners.business), ("monitoring", &contract.owners.monitoring)] {
            if let Some(address) = address {
                self.text(&owners.key(key), address);
            }
        }
        let availability = Path::top("availability");
        self.share(&availability.key("target"), contract.availability.target);
        if let Some(hours) = &contract.availability.hours {
            self.text(&availability.key("hours"), hours);
        }
        if let Some(plan) = &contract.retraining.plan {
            self.text(&Path::top("retraining").key("plan"), plan);
        }
        self.logs(&contract.logs);
    }

    fn features(&mut self, contract: &Contract) {
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
    fn derivations(&mut self, features: &[Feature]) {
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

    fn segments(&mut self, contract: &Contract) {
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

    fn truth(&mut self, contract: &Contract) {
        let (path, truth) = (Path::top("truth"), &contract.truth);
        let texts = [("prefix", &truth.prefix), ("inference_id", &truth.inference_id), ("actual", &truth.actual), ("time", &truth.time)];
        for (key, text) in texts.into_iter().filter_map(|(key, text)| Some((key, text.as_deref()?))) {
            self.text(&path.key(key), text);
        }
        if truth.prefix.as_ref().is_some_and(|prefix| contract.logs_prefix().starts_with(prefix.as_str())) {
            let message = "found the prefix of the scoring logs, expected one of its own: every log would be taken for truth";
            self.report(&path.key("prefix"), message);
        }
        if !(1..=Truth::MAX_LATE_DAYS).contains(&truth.late_days) {
            self.report(&path.key("late_days"), format!("found {}, expected 1 to {} days", truth.late_days, Truth::MAX_LATE_DAYS));
        }
    }

    fn service(&mut self, contract: &Contract) {
        let (path, service) = (Path::top("service"), &contract.service);
        self.positive(&path.key("latency_p99_ms"), service.latency_p99_ms);
        self.share(&path.key("error_rate"), service.error_rate);
        self.positive(&path.key("silence_minutes"), service.silence_minutes.map(f64::from));
    }

    fn monitoring(&mut self, contract: &Contract) {
        let (path, monitoring) = (Path::top("monitoring"), &contract.monitoring);
        if monitoring.windows.is_empty() {
            self.report(&path.key("windows"), "found no windows, expected at least one, such as 1d");
        }
        self.unique(&path.key("windows"), &monitoring.windows);
        self.baselines(&path.key("baselines"), &monitoring.baselines);
        self.methods(contract);
        self.positive(&path.key("effect"), Some(monitoring.effect));
        let rate = monitoring.false_discovery_rate;
        self.number(&path.key("false_discovery_rate"), rate, rate > 0.0 && rate < 1.0, "a share between 0 and 1");
        self.share(&path.key("bad_lines"), Some(monitoring.bad_lines));
        if monitoring.minimum_records == 0 {
            self.report(&path.key("minimum_records"), "found 0, expected at least 1");
        }
    }

    fn baselines(&mut self, path: &Path, baselines: &[BaselineKind]) {
        if baselines.is_empty() {
            self.report(path, "found no baselines, expected at least one of: training, seasonal, previous");
        }
        for (index, baseline) in baselines.iter().enumerate() {
            if baselines.iter().take(index).any(|before| before == baseline) {
                self.report(&path.item(index), "found this baseline a second time, expected it once");
            }
        }
    }

    /// How changes are measured: a threshold belongs to a named method, and a method to features that it can compare.
    fn methods(&mut self, contract: &Contract) {
        const NO_METHOD: &str = "found a threshold without a named method, expected method: psi or another (auto has effect: instead)";
        let (path, model) = (Path::top("monitoring"), &contract.monitoring);
        self.positive(&path.key("threshold"), model.threshold);
        if model.threshold.is_some() && model.method == Method::Auto {
            self.report(&path.key("threshold"), NO_METHOD);
        }
        if !contract.features.is_empty() && !contract.features.iter().any(|feature| model.method.compares(feature.kind)) {
            let message = format!("found {}, which compares numbers, and no numeric feature, expected another method", model.method.name());
            self.report(&path.key("method"), message);
        }
        for (index, feature) in contract.features.iter().enumerate() {
            let Some(own) = &feature.monitoring else { continue };
            let at = Path::top("features").item(index).key("monitoring");
            self.positive(&at.key("threshold"), own.threshold);
            let method = own.method.unwrap_or(model.method);
            if own.threshold.is_some() && method == Method::Auto {
                self.report(&at.key("threshold"), NO_METHOD);
            } else if !method.compares(feature.kind) && (own.method.is_some() || own.threshold.is_some()) {
                let key = if own.method.is_some() { "method" } else { "threshold" };
                let message =
                    format!("found {} for a categorical feature, expected a method that compares names, such as psi", method.name());
                self.report(&at.key(key), message);
            }
        }
    }

    fn compatibility(&mut self, contract: &Contract) {
        let Some(outputs) = &contract.compatibility.sagemaker else { return };
        let path = Path::top("compatibility").key("sagemaker");
        for (key, name) in
            [("schedule", &outputs.schedule), ("quality_schedule", &outputs.quality_schedule), ("endpoint", &outputs.endpoint)]
        {
            match name.as_deref() {
                Some(name) if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') => {
                    let message = format!("found {}, expected a SageMaker name: letters, digits and hyphens", quoted(name));
                    self.report(&path.key(key), message);
                }
                Some(name) => self.text(&path.key(key), name),
                None => {}
            }
        }
        if outputs.metrics && outputs.schedule.is_none() && outputs.quality_schedule.is_none() {
            self.report(
                &path.key("metrics"),
                "found metrics without a schedule, expected schedule: the MonitoringSchedule that the alarms name",
            );
        }
    }

    fn promotion(&mut self, contract: &Contract) {
        let promotion = &contract.promotion;
        for (stage, approvals) in [("dev", &promotion.dev), ("test", &promotion.test), ("prod", &promotion.prod)] {
            if let Some(approvals) = approvals {
                self.approvals(&Path::top("promotion").key(stage), approvals);
            }
        }
        let mut owners: BTreeMap<String, &str> = BTreeMap::new();
        for (index, Person { person, also }) in promotion.people.iter().enumerate() {
            let at = Path::top("promotion").key("people").item(index);
            if !is_address(person) {
                self.report(&at.key("person"), format!("found {}, expected a mail address, such as lead@example.com", quoted(person)));
            }
            for (index, name) in also.iter().enumerate() {
                let at = at.key("also").item(index);
                if name.trim().is_empty() || name.contains(is_hidden) {
                    self.report(&at, format!("found {}, expected another name of {person}", quoted(name)));
                } else if let Some(other) = owners.insert(name.trim().to_lowercase(), person).filter(|other| other != person) {
                    let expected = "expected every name to mean one person";
                    self.report(&at, format!("found {}, which is also a name of {other}, {expected}", quoted(name)));
                }
            }
        }
    }

    /// The people of a list, each once.
    fn people(&mut self, path: &Path, addresses: &[String]) -> BTreeSet<String> {
        let mut people = BTreeSet::new();
        for (index, address) in addresses.iter().enumerate() {
            let at = path.item(index);
            if !is_address(address) {
                self.report(&at, format!("found {}, expected a mail address, such as lead@example.com", quoted(address)));
            } else if !people.insert(address.to_lowercase()) {
                self.report(&at, format!("found {} a second time, expected every approver once", quoted(address)));
            }
        }
        people
    }

    fn alerts(&mut self, contract: &Contract) {
        let Alerts { after, of, .. } = contract.alerts;
        let path = Path::top("alerts");
        if !(1..=MAX_ALERT_WINDOWS).contains(&after) {
            self.report(&path.key("after"), format!("found {after}, expected 1 to {MAX_ALERT_WINDOWS}"));
        }
        if let Some(of) = of.filter(|of| !(after..=MAX_ALERT_WINDOWS).contains(of)) {
            self.report(&path.key("of"), format!("found {of}, expected at least as many as after, and at most {MAX_ALERT_WINDOWS}"));
        }
    }

    fn approvals(&mut self, path: &Path, approvals: &Approvals) {
        let people = self.people(&path.key("approvers"), &approvals.approvers);
        if let Some(escalation) = &approvals.escalate {
            let at = path.key("escalate").key("to");
            if self.people(&at, &escalation.to).is_empty() {
                self.report(&at, "found nobody, expected somebody who is asked then");
            }
        }
        if approvals.approvals as usize > people.len() && people.len() == approvals.approvers.len() {
            let message = format!(
                "found {} approvals of {} approvers, expected no more approvals than there are approvers",
                approvals.approvals,
                people.len()
            );
            self.report(&path.key("approvals"), message);
        }
    }
}

/// Whether a mail can be sent there, as far as the text tells.
fn is_address(text: &str) -> bool {
    let is_plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || is_hidden(c) || "<>,;:\"()[]\\".contains(c));
    text.len() <= 254 && text.split_once('@').is_some_and(|(who, host)| is_plain(who) && is_plain(host) && !host.contains('@'))
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
