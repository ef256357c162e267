//! What the contract says about one field, the feature's own settings before the model's.

use tidegate_contract::{BaselineKind, Contract, Feature, Field, FieldRole, Method};

/// What the contract says about one field.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// The smallest effect that matters, in standard deviations or Cohen's w.
    pub(crate) effect: f64,
    /// The named method and its threshold; `None` for `auto`.
    pub(crate) method: Option<(Method, f64)>,
    /// What the field is compared with, in order of authority.
    pub(crate) baselines: Vec<BaselineKind>,
    pub(crate) importance: f64,
    pub(crate) muted: bool,
    pub(crate) missing: Option<f64>,
}

impl Rules {
    pub(crate) fn of(contract: &Contract, field: &Field) -> Self {
        let feature = contract.features.iter().find(|feature| field.role == FieldRole::Feature && feature.name == field.name);
        let own = feature.and_then(|feature| feature.monitoring.as_ref());
        let model = &contract.monitoring;
        Self {
            effect: own.and_then(|own| own.effect).unwrap_or(model.effect),
            method: model.named_method(own, field.kind),
            baselines: own.and_then(|own| own.baselines.clone()).unwrap_or_else(|| model.baselines.clone()),
            // What the model says is worth as much as one of its features.
            importance: feature.map_or_else(|| mean_importance(&contract.features), |feature| feature.importance),
            // How long a prediction took says nothing about the data; it is shown, and judged with the service's health.
            muted: own.is_some_and(|own| own.mute) || field.role == FieldRole::Latency,
            missing: own.and_then(|own| own.missing),
        }
    }
}

fn mean_importance(features: &[Feature]) -> f64 {
    features.iter().map(|feature| feature.importance).sum::<f64>() / features.len().max(1) as f64
}
