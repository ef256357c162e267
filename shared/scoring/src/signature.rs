//! What a contract says that a model must read and answer.

use tidegate_contract::{Contract, FeatureKind, Task};

/// What a model must read and answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Signature {
    pub(crate) features: Vec<SignatureFeature>,
    pub(crate) task: Task,
    pub(crate) order: Option<Vec<String>>,
    pub(crate) classes: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SignatureFeature {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) kind: FeatureKind,
}

impl Signature {
    /// The features and the task of a contract.
    #[must_use]
    pub fn of(contract: &Contract) -> Self {
        let features = contract.features.iter().map(|feature| SignatureFeature {
            name: feature.name.clone(),
            path: feature.path().to_owned(),
            kind: feature.kind,
        });
        Self { features: features.collect(), task: contract.task, order: None, classes: None }
    }

    /// The features that the columns of a model's tensor are, from left to right. Default: the contract's, in its order. Inputs that are
    /// named after features need no order.
    #[must_use]
    pub fn with_order(mut self, order: Vec<String>) -> Self {
        self.order = Some(order);
        self
    }

    /// The names of the classes, in the order of the model's probabilities. Default: those that the file gives, or else `0`, `1` and so on.
    #[must_use]
    pub fn with_classes(mut self, classes: Vec<String>) -> Self {
        self.classes = Some(classes);
        self
    }

    /// The place of the feature that a model or a manifest calls so: by its name, by its path in a record, or by the name that it would get.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        let place = |is: &dyn Fn(&SignatureFeature) -> bool| self.features.iter().position(is);
        place(&|feature| feature.name == name)
            .or_else(|| place(&|feature| feature.path == name))
            .or_else(|| place(&|feature| feature.name == tidegate_contract::feature_name_from(name)))
    }

    pub(crate) fn names(&self) -> String {
        self.features.iter().map(|feature| feature.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}
