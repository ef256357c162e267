//! The registry: what is known of each model, in one `DynamoDB` table with one item collection per model.
//!
//! For now it holds the windows that were judged ([`WindowRecord`]); versions, stages, approvals and the audit chain
//! will stand beside them under the same partition key. Every write is one transaction under a condition on the revision that
//! was read: whoever loses reads again and decides again.

mod error;
mod store;
mod window;

pub use error::RegistryError;
pub use store::Registry;
pub use window::{WindowKey, WindowRecord};
