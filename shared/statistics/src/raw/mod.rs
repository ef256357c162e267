//! Exact statistics of raw values, under the names that the shared reference cases use: what a command prints to be compared with
//! them, and a second opinion beside the counts in cells.
//!
//! Each side is complete in memory and sorted, so this is for desks and tests; windows are judged on counts
//! ([`crate::distance`], [`crate::test`]).

mod binning;
mod categorical;
mod numeric;

use std::collections::BTreeMap;

pub use binning::{Binned, Binning};
pub use categorical::{CategoricalSide, TOP_CATEGORIES};
pub use numeric::{LEAST_DEVIATION, NumericSide, wasserstein};

use crate::distance::{self, Base};
use crate::test::{fisher_exact, two_proportion_z};

/// Statistics by name; `None` where undefined.
pub type Statistics = BTreeMap<String, Option<f64>>;

/// Up to so many rows on both sides together, Fisher's exact test of the missing values is made; beyond, `missing.z_p` is the same
/// to all that matters, and exactness only costs time.
pub const LARGEST_FISHER: u64 = 50_000;

/// The statistics of missing values: `missing.*`.
fn missing_statistics(baseline: (u64, u64), current: (u64, u64)) -> Statistics {
    let share = |(missing, rows): (u64, u64)| (rows > 0).then(|| missing as f64 / rows as f64);
    let z_test = two_proportion_z(baseline.0, baseline.1, current.0, current.1);
    let exact = if baseline.1 + current.1 > LARGEST_FISHER { None } else { fisher_exact(baseline.0, baseline.1, current.0, current.1) };
    named([
        ("missing.rate_ref", share(baseline)),
        ("missing.rate_cur", share(current)),
        ("missing.z", z_test.map(|test| test.z)),
        ("missing.z_p", z_test.map(|test| test.p)),
        ("missing.fisher_p", exact),
    ])
}

/// The distances over one set of cells, named after it: `psi.decile.jeffreys`.
fn cell_statistics(cells: &str, baseline: &[u64], current: &[u64]) -> Statistics {
    let jensen_shannon = |base| distance::jensen_shannon_distance(baseline, current, base);
    [
        (format!("psi.{cells}.floor1e-4"), distance::psi_floored(baseline, current)),
        (format!("psi.{cells}.jeffreys"), distance::psi_jeffreys(baseline, current)),
        (format!("js.{cells}.base2"), jensen_shannon(Base::Two)),
        (format!("js.{cells}.basee"), jensen_shannon(Base::E)),
        (format!("hellinger.{cells}"), distance::hellinger(baseline, current)),
        (format!("tv.{cells}"), distance::total_variation(baseline, current)),
        (format!("linf.{cells}"), distance::l_infinity(baseline, current)),
        (format!("kl_ref_cur.{cells}.floor1e-4"), distance::kullback_leibler(baseline, current)),
        (format!("kl_cur_ref.{cells}.floor1e-4"), distance::kullback_leibler(current, baseline)),
    ]
    .into()
}

fn named<const N: usize>(statistics: [(&str, Option<f64>); N]) -> Statistics {
    statistics.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
