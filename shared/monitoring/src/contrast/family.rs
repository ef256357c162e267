//! What the fields of a model have in common: how much they vary from one period to the next.

use tidegate_statistics::moderation::prior;

use super::{LOCATION, PATTERN, Space};
use crate::variation::Variation;

/// Fewer fields than this have nothing in common.
const MIN_FAMILY: usize = 3;

/// Lets the spaces of a model's fields help each other to know ordinary variation.
///
/// Twenty periods tell little about one field's variation and much about that of twenty fields. Where fields vary
/// alike, all are judged by what they have in common; where they differ, each keeps its own.
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
    if let Some(family) = prior(&ratios) {
        for variation in variations {
            variation.moderate(&family);
        }
    }
}
