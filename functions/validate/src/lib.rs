//! `validate`: a candidate's manifest in; a registered version with the gate's report out.
//!
//! Woken by the queue that the models bucket's notifications of `candidates/<model>/<run>/manifest.json` go to. What it does with one:
//!
//! 1. reads the manifest and every file that it names, and digests the bytes itself ([`CandidateManifest`]);
//! 2. keeps what it read in the lake, under names that are digests, so that what was judged can be read again;
//! 3. registers the version, or keeps the refusal with its reason;
//! 4. brings candidate and champion on the same rows and asks `tidegate-validation` for its report;
//! 5. records the report and asks for approvals, or promotes where the contract asks nobody.
//!
//! Every step is the same when it is done again: names are digests, and the registry knows what it was told.

mod candidate;
mod endpoint;
mod error;
mod evidence;
mod handler;
mod judge;
mod live;
mod manifest;
mod overlap;
mod questioning;
mod rows;
mod settings;
mod training_set;

pub use endpoint::Endpoints;
pub use error::ValidateError;
pub use handler::Validator;
pub use manifest::{
    CandidateManifest, Claims, EvaluationSet, FORMAT, LiveTraffic, MAX_MANIFEST_BYTES, ManifestFault, NamedFile, OnnxReading, Predictions,
};
pub use settings::Settings;
