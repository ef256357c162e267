//! The contract: what a team declares about one model, in one YAML file.
//!
//! Everything else in Tidegate takes its orders from here: where a record's fields lie, what the features are,
//! what is watched and how, and who decides a promotion. This room is pure: text in, a checked value out.
//!
//! ```
//! use tidegate_contract::Contract;
//!
//! let contract = Contract::parse("
//! model: flight-delay
//! task: binary
//! features:
//!   - { name: distance, type: numeric, range: [0, 6000] }
//!   - { name: carrier, type: categorical }
//! ")?;
//! assert_eq!(contract.logs_prefix(), "flight-delay/");
//!
//! let error = Contract::parse("model: flight-delay\ntask: binary\nfeautres: []\n").unwrap_err();
//! assert!(error.problems()[0].to_string().starts_with("1:1: found no \"features\""));
//! assert!(error.problems()[1].to_string().starts_with("3:1: found unknown key \"feautres\""));
//! # Ok::<(), tidegate_contract::ContractError>(())
//! ```

mod check;
mod digest;
mod document;
mod draft;
mod error;
mod fields;
mod length;
mod model;
mod names;
mod parse;
mod schema;
mod shape;

pub use check::{MAX_ALLOWED, MAX_ALLOWED_BYTES, MAX_FEATURES, MAX_SEGMENTS};
pub use error::{ContractError, Problem};
pub use fields::{Field, FieldRole};
pub use length::WindowLength;
pub use model::*;
pub use names::{MAX_NAME, RESERVED_NAMES, feature_name_from, is_feature_name, is_model_name, model_name_from};
pub use parse::MAX_CONTRACT_BYTES;
pub use schema::schema;
