//! What the fields of a model have in common: how much they vary from one period to the next.

use tidegate_statistics::chi_squared;
use tidegate_statistics::moderation::{Prior, prior};

use super::{LOCATION, PATTERN, Space};
use crate::variation::Variation;

/// Fewer fields than this have nothing in common.
const MIN_FAMILY: usize = 3;

/// A family varies by chance alone where its variance is surely ([`LEVEL`]) less than so many times that of chance.
const HARDLY_MORE: f64 = 1.25;

/// Chance of error of such a statement, and of finding any quantity of a family to vary when none does.
const LEVEL: f64 = 0.05;

/// Lets the spaces of a model's fields help each other to know ordinary variation.
///
/// Twenty periods tell little about one field's variation and much about that of twenty fields. Where fields vary
/// alike, all are judged by what they have in common; where they differ, each keeps its own. Where surely none of them varies by more than
/// chance, nothing but chance is reckoned with.
pub(crate) fn moderate<'s>(spaces: impl Iterator<Item = &'s mut Space>) {
    let mut spaces: Vec<&mut Space> = spaces.collect();
    let totals = totals(&spaces);
    // Like with like: the same direction of fields of the same kind; names have no location.
    for (name, of_numbers) in [(LOCATION, true), ("spread", true), (PATTERN, true), (PATTERN, false)] {
        let alike = spaces.iter_mut().filter(|space| space.is_of_numbers() == of_numbers);
        let directions = alike.flat_map(|space| space.directions.iter_mut()).filter(|direction| direction.name == name);
        moderate_family(&mut directions.map(|direction| &mut direction.variation).collect::<Vec<_>>());
    }
    moderate_family(&mut spaces.iter_mut().map(|space| &mut space.rest).collect::<Vec<_>>());
    moderate_family(&mut spaces.iter_mut().map(|space| &mut space.absence.variation).collect::<Vec<_>>());
    for (space, total) in spaces.iter_mut().zip(totals) {
        let explained: f64 = space.directions.iter().map(|direction| direction.variation.excess()).sum();
        space.rest_least = (total - explained).max(0.0);
    }
}

/// Each field's variance between periods over all dimensions, helped by what the fields have in common: the mean of all,
/// and of a field's own distance from it the part that the estimates' own error does not explain.
///
/// Source: Efron and Morris (1973), *Stein's Estimation Rule and its Competitors*; the variance between fields by the method of moments
/// (`DerSimonian` and Laird, 1986, *Meta-analysis in Clinical Trials*).
fn totals(spaces: &[&mut Space]) -> Vec<f64> {
    let plain: Vec<Option<(f64, f64)>> = spaces.iter().map(|space| space.plain_excess().filter(|(_, variance)| *variance > 0.0)).collect();
    let known = || plain.iter().flatten();
    let count = known().count();
    if count < MIN_FAMILY {
        return vec![0.0; plain.len()];
    }
    let weights: f64 = known().map(|(_, variance)| 1.0 / variance).sum();
    let weights_squared: f64 = known().map(|(_, variance)| 1.0 / (variance * variance)).sum();
    let mean = known().map(|(excess, variance)| excess / variance).sum::<f64>() / weights;
    let squares: f64 = known().map(|(excess, variance)| (excess - mean).powi(2) / variance).sum();
    let between = ((squares - (count as f64 - 1.0)) / (weights - weights_squared / weights)).max(0.0);
    let helped = |(excess, variance): (f64, f64)| mean + (excess - mean) * between / (between + variance);
    plain.iter().map(|excess| excess.map_or(0.0, helped)).collect()
}

fn moderate_family(variations: &mut [&mut Variation]) {
    let ratios: Vec<(f64, f64)> = variations.iter().filter_map(|variation| variation.ratio()).collect();
    let family = if are_by_chance(&ratios) { Some(Prior { variance: 1.0, freedom: f64::INFINITY }) } else { prior(&ratios) };
    if let Some(family) = family {
        for variation in variations {
            variation.moderate(&family);
        }
    }
}

/// Whether a family's variances, in units of chance's, with their degrees of freedom, are surely no more than chance: all together, and none
/// that shows by itself.
fn are_by_chance(ratios: &[(f64, f64)]) -> bool {
    let p = |squares: f64, freedom: f64| chi_squared::sf(squares, freedom).unwrap_or(0.0);
    let (squares, freedom) = ratios.iter().fold((0.0, 0.0), |(squares, all), (ratio, freedom)| (squares + ratio * freedom, all + freedom));
    let none_shows = || ratios.iter().all(|(ratio, freedom)| p(ratio * freedom, *freedom) >= LEVEL / ratios.len() as f64);
    freedom > 0.0 && p(squares / HARDLY_MORE, freedom) >= 1.0 - LEVEL && none_shows()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_by_chance_where_neither_all_together_nor_one_of_them_exceeds_it() {
        let by_chance = |ratios: &[f64]| are_by_chance(&ratios.iter().map(|ratio| (*ratio, 19.0)).collect::<Vec<_>>());
        let calm = [0.8, 1.0, 1.1].repeat(6);
        assert!(by_chance(&calm));
        assert!(!by_chance(&[calm.as_slice(), &[3.0]].concat()), "one of them");
        assert!(!by_chance(&[1.3; 18]), "all of them a little");
        assert!(!by_chance(&[1.0, 1.0]), "two tell too little");
        assert!(!by_chance(&[]));
    }
}
