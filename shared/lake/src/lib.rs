//! The lake: where everything lies in S3, and typed reads and writes of it.
//!
//! ```text
//! records/model=M/version=V/dt=YYYY-MM-DD/hour=HH/<source>.parquet     the typed records of one object, version and hour
//! profiles/model=M/version=V/dt=…/hour=…/<source>.profile              their summary (tidegate_profile::Part)
//! profiles/model=M/rollup/dt=…/<digest of its inputs>.profile          a whole day added up: a cache, safe to delete
//! quarantine/model=M/dt=…/<source>.jsonl                               each rejected line of the object
//! halves/model=M/dt=…/hour=…/<source>.jsonl                              requests and responses that were logged without each other
//! truth/model=M/dt=…/<source>.parquet                                  outcomes of one object, by the day on which they became known
//! performance/model=M/window=L/end=YYYY-MM-DDTHH/{joined,measured,performance}.json, index.html  one window's quality
//! receipts/<source>.json                                               what became of the object, and every key written
//! datasets/model=M/<version>.json                                      manifest of a dataset version
//! datasets/model=M/<version>.checks.json                               where it came from, and what its checks found
//! datasets/model=M/files/<sha256>.parquet                              records of a published window, as they were
//! baselines/model=M/<version>.profile                                  its frozen cells and counts
//! baselines/model=M/current.json                                       which dataset version is the baseline now
//! reports/model=M/window=L/end=YYYY-MM-DDTHH/{verdict.json,index.html} one window, judged
//! artifacts/model=M/<digest of its files>/<file>                       a registered version's files
//! evaluations/model=M/<digest>                                         rows that candidates were judged by
//! candidates/model=M/<digest of manifest.json>/{manifest.json,predictions} what was submitted, as it came
//! gates/model=M/<digest>/gate.json                                     a candidate, judged
//! models/M/champion.json                                               which version serves, for whatever serves it
//! ```
//!
//! `source` is a digest of the object's bucket and key, so that whatever is delivered again is written to the same keys.
//! Values in keys are percent-encoded where they need it ([`keys::hive`]).

mod bucket;
mod contracts;
mod datasets;
mod error;
pub mod keys;
mod parts;
mod performance;
mod publications;
mod receipt;
mod records;
mod reports;
mod times;
mod truth;
mod upload;

pub use bucket::{Bucket, Condition, KeyRange, Lake, Listed, MAX_KEPT_BYTES, Opened, Stored};
pub use contracts::{ContractBook, Contracts, Unusable};
pub use datasets::{Baselines, CurrentBaseline, DatasetWindow, FilePlace, Manifest, ManifestFile, dataset_version};
pub use error::LakeError;
pub use keys::{PartKey, TrainingKey, source_id};
pub use parts::{ListedPart, rollup_digest};
pub use performance::{PerformanceFile, WindowFile};
pub use publications::Publication;
pub use receipt::{Outcome, Receipt, ReceiptState};
pub use records::{RecordsWriter, fits, fitted, read_records};
pub use reports::ReportEtags;
pub use times::{DAY_MS, HOUR_MS, day_start, hour_start, parse_time, rfc3339};
pub use upload::{PART_BYTES, Upload};
