//! Bytes of a scoring log in, typed column batches and rejected lines out.
//!
//! ```text
//! object ─▶ sniff ─▶ inflate ─▶ told format ─┬─ JSONL ─┐
//!                                            ├─ CSV ───┼─▶ slots of one record ─▶ columns of (version, hour) ─▶ Sink
//!                                  Parquet ──┴─────────┘            └─ a bad line ─▶ Sink::rejected
//! ```
//!
//! A [`Plan`] says where things lie in a record. An [`Intake`] takes an object's bytes as they arrive ([`Intake::push`]), so
//! memory does not grow with the object; Parquet needs random access and goes through [`read_parquet`]. [`read`] does either for
//! a source that is at hand. A record is committed to the columns only when its whole line is valid: a bad line never
//! costs its neighbours, and `read = accepted + quarantined + blank` holds for every object.
//!
//! This room is pure: no AWS, no async, no clock, no environment. Its input is hostile: see [`limits`].

mod category;
mod columns;
mod content;
mod csv;
mod csv_header;
mod detect;
mod elements;
mod error;
mod events;
mod explain;
mod infer;
mod inflate;
mod intake;
mod json;
mod leaves;
pub mod limits;
mod lines;
mod names;
mod parquet_file;
mod plan;
mod privacy;
mod row;
mod rows;
mod sink;
mod timestamp;
mod tree;
mod values;

pub use category::category;
pub use detect::{Compression, Detected, Format, SNIFF_BYTES, sniff};
pub use error::{IntakeError, Reason, ReasonKind, SinkError};
pub use events::{LogKind, join};
pub use explain::{Explained, Found, FoundValue, explain, explain_record};
pub use infer::{
    INFERRED_DISTINCT, INFERRED_RECORDS, INFERRED_VALUES, Inferred, InferredField, InferredKind, column_names, infer, parquet_column_names,
};
pub use intake::{Flow, Intake, read};
pub use json::{JsonError, validate};
pub use limits::Limits;
pub use parquet_file::read_parquet;
pub use plan::{ACTUAL, Layout, Plan};
pub use sink::{Half, Partition, Rejected, Sink, Summary};
