//! The audit chain of each model, pure: entries, whether they are whole, the table made again from them, and signed checkpoints.
//!
//! An entry holds the digest of the one before it, so that whoever knows the last digest knows them all. The table's `HEAD` knows it,
//! and so does every checkpoint.

mod canonical;
mod chain;
mod checkpoint;
mod entry;
mod rebuild;

pub(crate) use canonical::sha256;
pub use canonical::{MAX_INTEGER, NotCanonical, canonical};
pub use chain::{Anchor, ChainFault, Fault, verify, verify_after, verify_to};
pub use checkpoint::{ChainEnd, Checkpoint, CheckpointError, PublicKey, SignedCheckpoint};
pub use entry::{Entry, StoredEntry};
pub use rebuild::{ModelRecords, rebuild};
