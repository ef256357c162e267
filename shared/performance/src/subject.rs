//! What a contract says about how a model's answers are held against the truth.

use tidegate_contract::{Contract, FeatureKind, Task};
use tidegate_validation::USUAL_POSITIVES;

/// Names of the negative outcome that need not be said.
const USUAL_NEGATIVES: [&str; 6] = ["0", "0.0", "false", "False", "no", "negative"];

/// How a model's answers are held against the truth.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// The model.
    pub model: String,
    /// The task.
    pub task: Task,
    /// The outcome that counts as positive, where the contract says it.
    pub positive: Option<String>,
    /// From which score on a prediction is positive, where there is a score only.
    pub threshold: f64,
    /// The categorical features by which quality is also looked at apart: segments, then protected ones.
    pub groups: Vec<String>,
    /// Those of them that are protected.
    pub protected: Vec<String>,
    /// Fewest rows of a group that is measured.
    pub minimum_group_rows: u64,
}

impl Subject {
    /// What a contract says.
    #[must_use]
    pub fn of(contract: &Contract) -> Self {
        let is_protected = |name: &&String| contract.features.iter().any(|feature| feature.protected && feature.name == **name);
        let categorical = contract.features.iter().filter(|feature| feature.kind == FeatureKind::Categorical);
        let mut groups = contract.segments.clone();
        groups
            .extend(categorical.filter(|feature| feature.protected && !contract.segments.contains(&feature.name)).map(|f| f.name.clone()));
        Self {
            model: contract.model.clone(),
            task: contract.task,
            positive: contract.validation.positive.clone(),
            threshold: contract.validation.threshold(),
            protected: groups.iter().filter(is_protected).cloned().collect(),
            groups,
            minimum_group_rows: contract.validation.minimum_group_rows(),
        }
    }

    /// Whether an outcome of a binary task is the positive one; `None` if its name does not say.
    #[must_use]
    pub fn is_positive(&self, outcome: &str) -> Option<bool> {
        let outcome = outcome.trim_ascii();
        match &self.positive {
            Some(positive) if positive == outcome => Some(true),
            // What is called late by the contract may come as 1 and 0 from the source of the truth.
            Some(positive) => Some(USUAL_POSITIVES.contains(&outcome) && !USUAL_NEGATIVES.contains(&positive.as_str())),
            None if USUAL_POSITIVES.contains(&outcome) => Some(true),
            None if USUAL_NEGATIVES.contains(&outcome) => Some(false),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_read_as_people_write_them() {
        let mut subject = Subject::of(&Contract::new("m", Task::Binary));
        let read = |subject: &Subject| ["1", " true", "0", "late", "on-time"].map(|outcome| subject.is_positive(outcome));
        assert_eq!(read(&subject), [Some(true), Some(true), Some(false), None, None]);
        subject.positive = Some("late".to_owned());
        assert_eq!(read(&subject), [Some(true), Some(true), Some(false), Some(true), Some(false)]);
        subject.positive = Some("0".to_owned());
        assert_eq!(read(&subject), [Some(false), Some(false), Some(true), Some(false), Some(false)]);
    }
}
