//! The contract: what a team declares about one model, in one YAML file.
//!
//! Everything else in Tidegate takes its orders from here: where a record's fields lie, what the features are,
//! what is watched and how, and who decides a promotion. This room is pure: text in, a checked value out.

mod model;

pub use model::*;
