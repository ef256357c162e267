//! Where else the model's versions are registered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Other registries in which the team registers the model's versions: each version that is registered there is submitted here, and what is
/// rejected there is rejected here. Default: none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct RegisteredIn {
    /// The model package group of SageMaker's Model Registry, in this account and region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sagemaker: Option<String>,
    /// The registered model of MLflow: its name, or `workspace/name` where MLflow has workspaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mlflow: Option<String>,
}

impl RegisteredIn {
    /// Whether it names none. Such a section is left out of the contract's digest.
    pub(super) fn is_nowhere(&self) -> bool {
        *self == Self::default()
    }
}
