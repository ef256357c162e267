//! From a window's profile and its baselines to a verdict that people can act on.
//!
//! A verdict needs two keys: evidence (a p-value that knows the sample size, the ordinary variation between the
//! baseline's own periods, and how many tests were made) and effect (whose lower confidence bound passes what the
//! contract calls worth acting on). This room is pure: profiles in, verdict out.

mod assess;
mod authority;
mod baselines;
mod cause;
mod contrast;
mod counts;
mod decide;
mod evidence;
mod field;
mod groups;
mod history;
mod incidents;
mod measure;
mod names;
mod onset;
mod passing;
mod publication;
mod quality;
mod reasons;
mod reference;
mod resemblance;
mod rules;
mod segments;
mod share;
mod spike;
mod values;
mod variation;
mod vectors;
mod verdict;
mod versions;
mod whole;
mod words;

pub use assess::{Input, assess};
pub use history::{History, PAST_WEEKS, Spans, spans};
pub use publication::{
    CheckFinding, CheckOutcome, DRIFT_CHECK, DatasetCheck, DatasetFacts, DatasetSource, check_dataset, check_drift, outcome_of, sentence_of,
};
pub use reasons::reason_in_words;
pub use verdict::*;
