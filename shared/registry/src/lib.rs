//! The registry: what is known of each model, in one `DynamoDB` table with one item collection per model.
//!
//! Three parts, the first two pure. [`transition`] decides what may happen to a model version, and is the only code that does. Every
//! change is an [`Entry`](audit::Entry) of the model's [audit chain](audit), which tells the whole table again. The [`Registry`] writes
//! a change, its entry and the new end of the chain in one transaction, over exactly what was read: whoever loses reads again,
//! decides again, and is told what it lost against.
//!
//! Beside the versions lie the windows that were judged ([`WindowRecord`], [`PerformanceRecord`]), and the decision links that were mailed
//! ([`LinkRecord`]).

pub mod audit;
mod error;
mod lifecycle;
mod link;
mod performance;
mod store;
mod window;

pub use error::RegistryError;
pub use lifecycle::*;
pub use link::LinkRecord;
pub use performance::PerformanceRecord;
pub use store::{Applied, Audited, LatestCheckpoint, Meanwhile, Registry};
pub use window::{WindowKey, WindowRecord};
