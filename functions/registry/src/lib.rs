//! `registry`: what has to happen to model versions when nobody is at a desk, and what a person asks for from one.
//!
//! Woken by the schedule it ends requests that nobody answered, and signs where every audit chain ends. Woken by its queue it does
//! one command. See the README beside this crate.

mod checkpoint;
mod command;
mod error;
mod expiry;
mod handler;
mod settings;

pub use command::{Asked, CommandMessage};
pub use error::RegistryFunctionError;
pub use handler::{RegistryAnswer, RegistryEvent, RegistryFunction, Schedule};
pub use settings::Settings;
