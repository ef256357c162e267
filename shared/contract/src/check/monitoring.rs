//! Promises and thresholds of monitoring that cannot be meant.

use super::Check;
use crate::document::Path;
use crate::{BaselineKind, Contract, Method};

impl Check<'_> {
    pub(super) fn service(&mut self, contract: &Contract) {
        let (path, service) = (Path::top("service"), &contract.service);
        self.positive(&path.key("latency_p99_ms"), service.latency_p99_ms);
        self.share(&path.key("error_rate"), service.error_rate);
        self.positive(&path.key("silence_minutes"), service.silence_minutes.map(f64::from));
    }

    pub(super) fn monitoring(&mut self, contract: &Contract) {
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

    pub(super) fn baselines(&mut self, path: &Path, baselines: &[BaselineKind]) {
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
}
