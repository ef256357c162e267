//! `approve`: the approver's page. A personal link in, one decision in the registry out, once.
//!
//! GET shows and writes nothing; POST decides. What a link is about is rebuilt from the registry's table and verified by the key
//! service, which alone knows the key. See the README beside this crate.

mod answer;
mod code;
mod decide;
mod error;
mod evidence;
mod form;
mod handler;
mod http;
mod opened;
mod pages;
mod retraining;
mod settings;

pub use answer::HttpAnswer;
pub use error::ApproveError;
pub use handler::{Approver, LOCKED_METRIC};
pub use settings::{LinkKeys, Settings};
