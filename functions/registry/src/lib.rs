//! `registry`: what has to happen to model versions when nobody is at a desk, and what a person asks for from one.
//!
//! Woken by the schedule it reminds those who have not answered, ends what is over, promotes what was held back long enough, and signs where
//! every audit chain ends. Woken by its queue it does one command, what the contract's policies
//! make of a verdict, or what follows from what another registry tells. See the README beside this crate.

mod acting;
mod checkpoint;
mod command;
mod error;
mod handler;
mod registered;
mod settings;
mod takeover;
mod waiting;

pub use command::CommandMessage;
pub use error::RegistryFunctionError;
pub use handler::{RegistryAnswer, RegistryEvent, RegistryFunction};
pub use settings::Settings;
