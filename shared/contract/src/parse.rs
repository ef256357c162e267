//! From text to a contract, or to everything that is wrong with it.

use serde::de::DeserializeOwned;
use serde_saphyr::{DuplicateKeyPolicy, Error, Options, SnippetMode};

use crate::document::{Node, Path, Position, Value};
use crate::error::{ContractError, Problem};
use crate::{Contract, check, schema, shape};

/// Largest contract that is read, bytes: a thousand features with their allowed values need less.
pub const MAX_CONTRACT_BYTES: usize = 1 << 20;

/// Deepest nesting of a contract; ours needs five.
const MAX_DEPTH: usize = 16;
/// Most values and keys in a contract, and most that its aliases may repeat: a thousand features with ten settings each
/// need 25,000.
const MAX_NODES: usize = 100_000;
/// Most anchors, and most aliases, in a contract.
const MAX_ALIASES: usize = 1_000;

impl Contract {
    /// Reads a contract from YAML.
    ///
    /// # Errors
    /// [`ContractError::Faulty`] with every fault that was found, each with its line and column: first those of the YAML
    /// itself (only the first of them can be told), then unknown keys and wrong types, then impossible values.
    pub fn parse(text: &str) -> Result<Self, ContractError> {
        if text.len() > MAX_CONTRACT_BYTES {
            let message = format!("found {} bytes, expected a contract of at most {MAX_CONTRACT_BYTES}", text.len());
            return Err(at_start(message));
        }
        let tree: Node = read(text)?;
        if matches!(tree.value, Value::Nothing) {
            return Err(at_start("found an empty file, expected a contract: at least model, task and features".to_owned()));
        }
        faultless(shape::problems(&tree, schema()))?;
        let contract: Self = read(text)?;
        faultless(check::problems(&contract, &tree))?;
        Ok(contract)
    }
}

fn faultless(mut problems: Vec<Problem>) -> Result<(), ContractError> {
    problems.sort_by_key(|problem| (problem.line, problem.column));
    if problems.is_empty() { Ok(()) } else { Err(ContractError::Faulty(problems)) }
}

fn at_start(message: String) -> ContractError {
    ContractError::Faulty(vec![Problem::new(Position::START, &Path::default(), message)])
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, ContractError> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
        let at = error.location().map_or(Position::START, Position::of);
        ContractError::Faulty(vec![Problem::new(at, &Path::default(), words_for(&error))])
    })
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 3 * MAX_NODES,
            max_aliases: MAX_ALIASES,
            max_anchors: MAX_ALIASES,
            max_merge_keys: MAX_ALIASES,
            max_recorded_anchor_events: 3 * MAX_NODES,
            max_total_scalar_bytes: MAX_CONTRACT_BYTES,
            max_documents: 2, // so that a second one is named as what it is
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_NODES,
            max_replay_stack_depth: MAX_DEPTH,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::PassThrough,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

/// What YAML itself has against the text, in our words where those of the library do not fit a reader of contracts.
fn words_for(error: &Error) -> String {
    match error {
        Error::AliasError { error, .. } => words_for(error),
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("found key {} a second time, expected it once", crate::document::quoted(key))
        }
        Error::MultipleDocuments { .. } => "found a second document, expected one contract in a file".to_owned(),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            "found deeper nesting, more values or more repetition by aliases than any contract needs".to_owned()
        }
        other => {
            let rendered = other.render_with_options(serde_saphyr::render_options! { snippets: SnippetMode::Off });
            // The place is said in front of the message already.
            let message = rendered.split(" at line ").next().unwrap_or(&rendered).to_owned();
            format!("not readable as YAML: {message}")
        }
    }
}
