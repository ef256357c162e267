//! Distances between window and baseline by name: shown for every field, and the effect where the contract names a method.

use std::collections::BTreeMap;

use tidegate_contract::Method;
use tidegate_profile::{FieldAnchor, NumericAnchor};
use tidegate_statistics::distance;

use crate::Evidence;
use crate::contrast::Z_95;
use crate::words::number;

/// Numbers are joined into about so many cells of equal baseline mass for the distances that depend on it; with all the
/// baseline's cells, a small window's distances would be chance.
const BANDS: f64 = 10.0;

/// A distance between the counts of baseline and window.
type Distance<'f> = &'f dyn Fn(&[u64], &[u64]) -> Option<f64>;

/// The distances that are shown of a field.
const SHOWN: [Method; 7] =
    [Method::Psi, Method::JensenShannon, Method::Hellinger, Method::TotalVariation, Method::Ks, Method::Wasserstein, Method::LInfinity];

/// The distance by a named method; `None` where it is not defined.
///
/// PSI, Jensen-Shannon (base 2), Hellinger, total variation, L∞ and Cohen's w are taken over ten or so cells of equal baseline mass
/// (numbers) or over the values (names); Kolmogorov-Smirnov and Wasserstein, in standard deviations of the baseline, over all the
/// baseline's cells. The robust distance is `max(0, D − 1.8·√((m + n)/(m·n)))` with `D` Kolmogorov-Smirnov's for numbers and L∞ for names.
pub(crate) fn distance(method: Method, anchor: &FieldAnchor, before: &[u64], now: &[u64]) -> Option<f64> {
    let on_bands = |of: Distance<'_>| match anchor {
        FieldAnchor::Numeric(_) => {
            let (before, now) = bands(before, now);
            of(&before, &now)
        }
        FieldAnchor::Categorical(_) => of(before, now),
    };
    let value = match (method, anchor) {
        (Method::Auto, _) | (Method::Ks | Method::Wasserstein, FieldAnchor::Categorical(_)) => None,
        (Method::Psi, _) => on_bands(&distance::psi_jeffreys),
        (Method::JensenShannon, _) => on_bands(&|before, now| distance::jensen_shannon_distance(before, now, distance::Base::Two)),
        (Method::Hellinger, _) => on_bands(&distance::hellinger),
        (Method::TotalVariation, _) => on_bands(&distance::total_variation),
        (Method::LInfinity, _) => on_bands(&distance::l_infinity),
        (Method::ChiSquared, _) => on_bands(&distance::cohens_w),
        (Method::Ks, FieldAnchor::Numeric(_)) => distance::kolmogorov_smirnov_cells(before, now),
        (Method::Wasserstein, FieldAnchor::Numeric(anchor)) => wasserstein_normalised(anchor, before, now),
        (Method::SagemakerRobust, FieldAnchor::Numeric(_)) => robust(distance::kolmogorov_smirnov_cells(before, now), before, now),
        (Method::SagemakerRobust, FieldAnchor::Categorical(_)) => robust(distance::l_infinity(before, now), before, now),
    };
    value.filter(|value| value.is_finite())
}

/// Distances for reading, by name.
pub(crate) fn distances(anchor: &FieldAnchor, before: &[u64], now: &[u64]) -> BTreeMap<String, f64> {
    let key = |method: Method| match method {
        Method::Wasserstein => "wasserstein_normalised".to_owned(),
        other => other.name().replace('-', "_"),
    };
    SHOWN.iter().filter_map(|&method| Some((key(method), distance(method, anchor, before, now)?))).collect()
}

/// The effect by a named method, with its 95 % interval from the delete-one jackknife of both sides (Efron and Stein, 1981):
/// `V = Σ over sides (n − 1)/n · Σᵢ nᵢ (D₋ᵢ − D̄)²`, `D₋ᵢ` the distance with one value less in cell `i`. The robust distance has no
/// interval: it is another tool's rule as it is. p-values are still missing.
pub(crate) fn effect((method, threshold): (Method, f64), anchor: &FieldAnchor, before: &[u64], now: &[u64]) -> Option<Evidence> {
    let value = distance(method, anchor, before, now)?;
    let of = |before: &[u64], now: &[u64]| distance(method, anchor, before, now);
    let margin = if method == Method::SagemakerRobust { 0.0 } else { Z_95 * jackknife(before, now, &of).sqrt() };
    Some(Evidence {
        test: method.name().to_owned(),
        p: 1.0,
        p_adjusted: 1.0,
        effect: value,
        effect_low: (value - margin).max(0.0),
        effect_high: value + margin,
        threshold,
        ordinary: 0.0,
        unit: "distance".to_owned(),
        says: format!("{} {}, worth acting on from {} on", method.name(), number(value), number(threshold)),
    })
}

/// Variance of a distance, both sides being samples.
fn jackknife(before: &[u64], now: &[u64], distance: Distance<'_>) -> f64 {
    let of_side = |counts: &[u64], with: &dyn Fn(&[u64]) -> Option<f64>| {
        let total = counts.iter().sum::<u64>() as f64;
        let mut less = counts.to_vec();
        let mut without: Vec<(f64, f64)> = Vec::new();
        for (cell, &held) in counts.iter().enumerate().filter(|(_, held)| **held > 0) {
            let set = |less: &mut Vec<u64>, value: u64| less.get_mut(cell).map(|count| *count = value);
            set(&mut less, held - 1);
            without.extend(with(&less).map(|distance| (distance, held as f64)));
            set(&mut less, held);
        }
        let mean = without.iter().map(|(distance, held)| distance * held).sum::<f64>() / total;
        (total - 1.0) / total * without.iter().map(|(distance, held)| held * (distance - mean).powi(2)).sum::<f64>()
    };
    of_side(before, &|before| distance(before, now)) + of_side(now, &|now| distance(before, now))
}

fn robust(distance: Option<f64>, before: &[u64], now: &[u64]) -> Option<f64> {
    distance::robust(distance?, before.iter().sum(), now.iter().sum())
}

fn wasserstein_normalised(anchor: &NumericAnchor, before: &[u64], now: &[u64]) -> Option<f64> {
    let values = anchor.representatives();
    let total = before.iter().sum::<u64>() as f64;
    let mean = values.iter().zip(before).map(|(value, count)| value * *count as f64).sum::<f64>() / total;
    let variance = values.iter().zip(before).map(|(value, count)| (value - mean).powi(2) * *count as f64).sum::<f64>() / total;
    distance::wasserstein_cells(before, now, &values).filter(|_| variance > 0.0).map(|moved| moved / variance.sqrt())
}

/// Cells joined into about [`BANDS`] of equal baseline mass.
fn bands(before: &[u64], now: &[u64]) -> (Vec<u64>, Vec<u64>) {
    let least = before.iter().sum::<u64>() as f64 / BANDS;
    let (mut joined, mut sum) = ((Vec::new(), Vec::new()), (0_u64, 0_u64));
    for (b, n) in before.iter().zip(now) {
        sum = (sum.0 + b, sum.1 + n);
        if sum.0 as f64 >= least {
            joined.0.push(sum.0);
            joined.1.push(sum.1);
            sum = (0, 0);
        }
    }
    if sum != (0, 0) {
        joined.0.push(sum.0);
        joined.1.push(sum.1);
    }
    joined
}
