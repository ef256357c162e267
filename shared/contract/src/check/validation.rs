//! Rules of the promotion gate that cannot be meant.

use super::Check;
use crate::document::{Path, quoted};
use crate::{Contract, Direction, EndpointTest, Fairness, Limit, Metric, Task};

impl Check<'_> {
    pub(super) fn validation(&mut self, contract: &Contract) {
        let (path, validation) = (Path::top("validation"), &contract.validation);
        if let Some(metric) = validation.primary {
            self.metric(&path.key("primary"), metric, contract.task);
        } else {
            let values = [
                ("minimum", validation.minimum),
                ("maximum", validation.maximum),
                ("non_inferiority", validation.non_inferiority),
                ("segment_margin", validation.segment_margin),
            ];
            for (key, _) in values.iter().filter(|(_, value)| value.is_some()) {
                self.report(&path.key(key), "found it without a primary metric, expected primary: roc_auc or another");
            }
        }
        let primary = validation.primary(contract.task);
        self.limits(&path, primary, validation.minimum, validation.maximum);
        self.further_limits(&path.key("limits"), &validation.limits, contract.task);
        for (key, margin) in [("non_inferiority", validation.non_inferiority), ("segment_margin", validation.segment_margin)] {
            if let Some(margin) = margin {
                self.number(&path.key(key), margin, margin >= 0.0, "a number of at least 0");
            }
        }
        for (key, rows) in [("minimum_rows", validation.minimum_rows), ("minimum_group_rows", validation.minimum_group_rows)] {
            if rows == Some(0) {
                self.report(&path.key(key), "found 0, expected at least 1");
            }
        }
        for (key, set) in [("positive", validation.positive.is_some()), ("threshold", validation.threshold.is_some())] {
            if set && contract.task != Task::Binary {
                self.report(&path.key(key), "found it in a task that is not binary, expected none");
            }
        }
        if let Some(positive) = &validation.positive {
            self.text(&path.key("positive"), positive);
        }
        if let Some(threshold) = validation.threshold {
            self.number(&path.key("threshold"), threshold, true, "a finite number");
        }
        self.positive(&path.key("latency_p50_ms"), validation.latency_p50_ms);
        self.positive(&path.key("latency_p99_ms"), validation.latency_p99_ms);
        if validation.artifact_bytes == Some(0) {
            self.report(&path.key("artifact_bytes"), "found 0, expected at least 1");
        }
        if let Some(endpoint) = &validation.endpoint {
            self.endpoint(&path.key("endpoint"), endpoint);
        }
        if let Some(fairness) = &validation.fairness {
            self.fairness(&path.key("fairness"), fairness, contract);
        }
        let further = path.key("fairness_limits");
        for (index, fairness) in validation.fairness_limits.iter().enumerate() {
            let at = further.item(index);
            self.fairness(&at, fairness, contract);
            if validation.fairness_rules().filter(|other| other.metric == fairness.metric).count() > 1 {
                self.report(&at.key("metric"), format!("found {} a second time, expected one rule of a metric", fairness.metric.name()));
            }
        }
    }

    fn endpoint(&mut self, path: &Path, endpoint: &EndpointTest) {
        match (&endpoint.url, &endpoint.sagemaker) {
            (None, None) => self.report(path, "found no endpoint to test, expected url: or sagemaker:"),
            (Some(_), Some(_)) => self.report(&path.key("sagemaker"), "found it beside url, expected one of them"),
            (Some(url), None) if !url.starts_with("https://") && !url.starts_with("http://") => {
                self.report(&path.key("url"), format!("found {}, expected an address that begins with https://", quoted(url)));
            }
            _ => {}
        }
        if endpoint.variant.is_some() && endpoint.sagemaker.is_none() {
            self.report(&path.key("variant"), "found it without sagemaker, expected none: only SageMaker's endpoints have variants");
        }
        for (key, text) in [("url", &endpoint.url), ("sagemaker", &endpoint.sagemaker), ("variant", &endpoint.variant)] {
            if let Some(text) = text {
                self.text(&path.key(key), text);
            }
        }
        if let Some(answer) = &endpoint.answer {
            self.record_path(&path.key("answer"), answer);
        }
        self.positive(&path.key("rate"), Some(endpoint.rate));
        for (key, number) in [("concurrency", endpoint.concurrency), ("requests", endpoint.requests), ("timeout_ms", endpoint.timeout_ms)] {
            if number == 0 {
                self.report(&path.key(key), "found 0, expected at least 1");
            }
        }
        if endpoint.rate > 0.0 && endpoint.seconds() > EndpointTest::MAX_SECONDS {
            let (seconds, most) = (endpoint.seconds().round(), EndpointTest::MAX_SECONDS);
            let says =
                format!("found a test of {seconds} seconds ({} at {} a second), expected at most {most}", endpoint.requests, endpoint.rate);
            self.report(&path.key("requests"), says);
        }
        self.positive(&path.key("latency_p50_ms"), endpoint.latency_p50_ms);
        self.positive(&path.key("latency_p99_ms"), endpoint.latency_p99_ms);
        for (key, share) in [("errors", endpoint.errors), ("wrong", endpoint.wrong)] {
            self.number(&path.key(key), share, (0.0..=1.0).contains(&share), "a share from 0 to 1");
        }
    }

    fn further_limits(&mut self, path: &Path, limits: &[Limit], task: Task) {
        for (index, limit) in limits.iter().enumerate() {
            let at = path.item(index);
            self.metric(&at.key("metric"), limit.metric, task);
            if limits.iter().take(index).any(|before| before.metric == limit.metric) {
                self.report(&at.key("metric"), format!("found {} a second time, expected one limit of a metric", limit.metric.name()));
            }
            if limit.minimum.is_none() && limit.maximum.is_none() {
                self.report(&at, "found a limit without a value, expected minimum: or maximum:");
            }
            self.limits(&at, limit.metric, limit.minimum, limit.maximum);
        }
    }

    /// A limit lies within the metric's range and on the side that bounds it.
    fn limits(&mut self, path: &Path, metric: Metric, minimum: Option<f64>, maximum: Option<f64>) {
        let [least, greatest] = metric.range();
        for (key, value, wrong) in [("minimum", minimum, Direction::Less), ("maximum", maximum, Direction::Greater)] {
            let Some(value) = value else { continue };
            let at = path.key(key);
            let expected = format!("a value of {}, from {least} to {greatest}", metric.name());
            self.number(&at, value, (least..=greatest).contains(&value), &expected);
            if metric.direction() == wrong {
                let (better, other) = if key == "minimum" { ("less", "maximum") } else { ("greater", "minimum") };
                self.report(&at, format!("found a {key} of {}, of which {better} is better, expected {other}:", metric.name()));
            }
        }
        if let (Some(minimum), Some(maximum)) = (minimum, maximum)
            && minimum > maximum
        {
            self.report(&path.key("minimum"), format!("found {minimum} above the maximum {maximum}, expected at most that"));
        }
    }

    fn metric(&mut self, path: &Path, metric: Metric, task: Task) {
        if !metric.measures(task) {
            let names: Vec<&str> = Metric::of(task).iter().map(|metric| metric.name()).collect();
            let message = format!("found {}, which this task does not have, expected one of: {}", metric.name(), names.join(", "));
            self.report(path, message);
        }
    }

    fn fairness(&mut self, path: &Path, fairness: &Fairness, contract: &Contract) {
        let name = fairness.metric.name();
        if contract.task != Task::Binary {
            self.report(
                path,
                "found a fairness rule in a task that is not binary, expected none: it compares shares of positive predictions",
            );
        } else if !contract.features.iter().any(|feature| feature.protected) {
            self.report(path, "found a fairness rule without a protected feature, expected at least one feature with protected: true");
        }
        match (fairness.minimum, fairness.maximum, fairness.metric.is_ratio()) {
            (None, None, true) => self.report(path, "found a fairness rule without a limit, expected minimum:"),
            (None, None, false) => self.report(path, "found a fairness rule without a limit, expected maximum:"),
            (_, Some(_), true) => {
                self.report(&path.key("maximum"), format!("found a maximum of {name}, of which 1 is perfect, expected minimum:"));
            }
            (Some(_), _, false) => {
                self.report(&path.key("minimum"), format!("found a minimum of {name}, of which 0 is perfect, expected maximum:"));
            }
            _ => {}
        }
        for (key, value) in [("minimum", fairness.minimum), ("maximum", fairness.maximum)] {
            if let Some(value) = value {
                self.number(&path.key(key), value, (0.0..=1.0).contains(&value), "a number from 0 to 1");
            }
        }
    }
}
