//! The engine at a desk: files in, a baseline and hourly profiles out, and from them a window with its verdict.
//!
//! It goes the road of the functions, without their buckets: intake, profiles per hour, windows as sums of hours.

mod baseline;
mod hours;
mod read;
mod time;

pub(crate) use baseline::baseline;
pub(crate) use hours::{Hours, Judged, current};
pub(crate) use read::{Batches, join, plan, read};
pub(crate) use time::{any_has_time, has_time};

/// The first of several, and how many more there are.
fn and_more(first: impl std::fmt::Display, others: usize) -> String {
    if others == 0 { first.to_string() } else { format!("{first} and {others} more") }
}
