//! Whether a model is still right: predictions joined with what really was, measured, estimated before the truth is in, and judged.
//!
//! Pure: columns and a contract in, values out.
//!
//! - [`Join`] brings predictions and truth of a window together in bounded memory, in turns, whatever order they come in, and tells what served from its shadows.
//! - [`Measured`] is what a window shows by itself: quality with intervals, how much truth is in and how late it came, fairness, service health.
//! - [`Calibration`] and [`estimate`] say how good the model probably is from its scores alone, before the truth comes.
//! - [`Rivals`] brings two versions of the same span together with their truth, for the gate to compare.
//! - [`judge`] holds a window against the model's registration and the first windows, and names cause and action.

mod calibration;
mod columns;
mod coverage;
mod estimate;
mod findings;
mod health;
mod ids;
mod join;
mod joined;
mod judge;
mod measured;
mod names;
mod parts;
mod promise;
mod reference;
mod registered;
mod rivals;
mod rows;
mod served;
mod subject;
mod triage;
mod turn;
mod verdict;
mod words;

pub use calibration::{Basis, Calibration};
pub use coverage::{Coverage, GroupCoverage, Lag, Missing};
pub use estimate::{Estimated, estimate};
pub use health::Health;
pub use ids::PARTITIONS;
pub use join::{Join, TURN_ROWS};
pub use joined::Joined;
pub use judge::{Input, Inputs, judge};
pub use measured::{FORMAT as MEASURED_FORMAT, Fairness, Measured, Part, Predictions, Quality, ScoreCell};
pub use promise::unestimated;
pub use reference::{BEFORE, FIRST_WINDOWS, LEAST_SHARE, WEEKS, same_hours};
pub use registered::Registered;
pub use rivals::{Rival, Rivals};
pub use served::Champion;
pub use subject::Subject;
pub use verdict::{Check, Finding, FindingKind, Performance, Point, Reference, SCHEMA};
pub use words::value as in_words;
