//! What can go wrong with the registry.

use aws_sdk_dynamodb::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};

use crate::audit::NotCanonical;
use crate::{Meanwhile, Refusal, VersionState};

/// What can go wrong with the registry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The item was changed since it was read.
    #[error("\"{item}\" was changed by somebody else in the meantime")]
    Conflict {
        /// The item's keys.
        item: String,
    },
    /// The table of the settings does not exist.
    #[error("found no table \"{table}\": check the function's REGISTRY_TABLE")]
    MissingTable {
        /// The table.
        table: String,
    },
    /// A call failed.
    #[error("could not {operation} \"{item}\" in table \"{table}\"")]
    Call {
        /// What was tried.
        operation: &'static str,
        /// The table.
        table: String,
        /// The item's keys.
        item: String,
        /// Whether the same call may succeed later by itself.
        retryable: bool,
        /// What the service or the network said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What was asked is refused.
    #[error("{refusal}{}", told(.meanwhile))]
    Refused {
        /// Why.
        refusal: Box<Refusal>,
        /// What others did between the first look and the last: what this one lost against.
        meanwhile: Vec<Meanwhile>,
    },
    /// A version would make a move that there is none of, which is a defect of Tidegate.
    #[error("\"{item}\" may not go from {from} to {to}")]
    Illegal {
        /// The item's keys.
        item: String,
        /// Where it stands.
        from: VersionState,
        /// Where it would go.
        to: VersionState,
    },
    /// A record does not hold what it should.
    #[error("\"{item}\" holds something else than its record")]
    Record {
        /// The item's keys.
        item: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// A change cannot be written down exactly, which is a defect of Tidegate.
    #[error("a change of {model} cannot be put into the audit chain")]
    Canonical {
        /// The model.
        model: String,
        /// What is wrong.
        #[source]
        source: NotCanonical,
    },
    /// An item does not hold what it should.
    #[error("\"{item}\": found {found}, expected attribute \"{attribute}\" as {expected}")]
    Item {
        /// The item's keys.
        item: String,
        /// The attribute.
        attribute: &'static str,
        /// What is there.
        found: String,
        /// What should be.
        expected: &'static str,
    },
}

impl RegistryError {
    /// Whether the same work may succeed later without anybody mending anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Conflict { .. } => true,
            Self::Call { retryable, .. } => *retryable,
            Self::MissingTable { .. }
            | Self::Item { .. }
            | Self::Refused { .. }
            | Self::Illegal { .. }
            | Self::Record { .. }
            | Self::Canonical { .. } => false,
        }
    }

    /// Why what was asked is refused, if that is what it is.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal),
            _ => None,
        }
    }

    /// Whether somebody else changed the item in the meantime.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }

    pub(crate) fn call<E>(operation: &'static str, table: &str, item: &str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let (table, item) = (table.to_owned(), item.to_owned());
        let status = error.raw_response().map(|response| response.status().as_u16());
        match error.code() {
            Some("ResourceNotFoundException") => Self::MissingTable { table },
            // DynamoDB says 400 for what passes, too (developer guide, *Error handling with DynamoDB*).
            code => {
                let passing = ["Throttl", "ProvisionedThroughput", "RequestLimit", "TransactionInProgress", "LimitExceeded"];
                let retryable = match &error {
                    SdkError::ServiceError(_) => {
                        status.is_none_or(|status| status >= 500)
                            || code.is_some_and(|code| passing.iter().any(|name| code.starts_with(name)))
                    }
                    SdkError::ConstructionFailure(_) => false,
                    _ => true,
                };
                Self::Call { operation, table, item, retryable, source: Box::new(error) }
            }
        }
    }
}

fn told(meanwhile: &[Meanwhile]) -> String {
    let told: Vec<String> = meanwhile.iter().map(ToString::to_string).collect();
    if told.is_empty() { String::new() } else { format!(". In the meantime: {}", told.join("; ")) }
}
