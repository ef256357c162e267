//! What the fields of a model have in common: how much they vary from one period to the next.

use tidegate_statistics::chi_squared;
use tidegate_statistics::moderation::{Prior, prior};

use super::{LOCATION, SPREAD, Space};
use crate::variation::Variation;

/// A family varies by chance alone where its variance is surely ([`LEVEL`]) less than so many times that of chance.
const HARDLY_MORE: f64 = 1.25;

/// Chance of error of such a statement, and of finding any quantity of a family to vary when none does.
const LEVEL: f64 = 0.05;

/// The same, of a family in a model that otherwise varies by chance alone.
const LEVEL_IN_CALM: f64 = 0.01;

/// Lets the spaces of a model's fields help each other to know ordinary variation.
///
/// Twenty periods tell little about one field's variation and much about that of twenty fields. Where fields vary
/// alike, all are judged by what they have in common; where they differ, each keeps its own. Where surely none of them varies by more than
/// chance, nothing but chance is reckoned with.
pub(crate) fn moderate<'s>(spaces: impl Iterator<Item = &'s mut Space>) {
    let mut spaces: Vec<&mut Space> = spaces.collect();
    let is_calm =
        is_surely_chance(&spaces.iter().flat_map(|space| space.main_variations()).filter_map(Variation::ratio).collect::<Vec<_>>());
    let fields = spaces.len();
    // Like with like: the same direction of all numbers.
    for name in [LOCATION, SPREAD] {
        let directions = spaces.iter_mut().flat_map(|space| space.directions.iter_mut()).filter(|direction| direction.name == name);
        moderate_family(&mut directions.map(|direction| &mut direction.variation).collect::<Vec<_>>(), is_calm);
    }
    for of_numbers in [true, false] {
        let alike = spaces.iter_mut().filter(|space| space.is_of_numbers() == of_numbers);
        moderate_family(&mut alike.map(|space| &mut space.rest).collect::<Vec<_>>(), is_calm);
    }
    moderate_family(&mut spaces.iter_mut().map(|space| &mut space.absence.variation).collect::<Vec<_>>(), is_calm);
    for space in &mut spaces {
        space.varies_by_chance = is_calm && space.rest.excess() <= 0.0;
        if space.ordinary.is_none() {
            space.note_ordinary(fields);
        }
    }
}

fn moderate_family(variations: &mut [&mut Variation], is_model_calm: bool) {
    let ratios: Vec<(f64, f64)> = variations.iter().filter_map(|variation| variation.ratio()).collect();
    let family = if are_by_chance(&ratios, is_model_calm) { Some(Prior::certain(1.0)) } else { prior(&ratios) };
    if let Some(family) = family {
        for variation in variations {
            variation.moderate(&family);
        }
    }
}

/// Whether a family's variances, in units of chance's, with their degrees of freedom, are no more than chance: surely so, by themselves or
/// with all that is known of the model, and none of them shows, nor all together.
fn are_by_chance(ratios: &[(f64, f64)], is_model_calm: bool) -> bool {
    let level = if is_model_calm { LEVEL_IN_CALM } else { LEVEL };
    let shows = |(ratio, freedom): &(f64, f64), level: f64| p(ratio * freedom, *freedom) < level;
    let none_shows = ratios.iter().all(|ratio| !shows(ratio, level / ratios.len() as f64));
    none_shows && (is_surely_chance(ratios) || (is_model_calm && !shows(&together(ratios), level)))
}

/// Whether all together are surely less than [`HARDLY_MORE`] times chance.
fn is_surely_chance(ratios: &[(f64, f64)]) -> bool {
    let (ratio, freedom) = together(ratios);
    freedom > 0.0 && p(ratio * freedom / HARDLY_MORE, freedom) >= 1.0 - LEVEL
}

/// The mean of the variances, and its degrees of freedom.
fn together(ratios: &[(f64, f64)]) -> (f64, f64) {
    let (squares, freedom) = ratios.iter().fold((0.0, 0.0), |(squares, all), (ratio, freedom)| (squares + ratio * freedom, all + freedom));
    if freedom > 0.0 { (squares / freedom, freedom) } else { (0.0, 0.0) }
}

/// How likely such a sum of squares, or a larger one, is by chance.
fn p(squares: f64, freedom: f64) -> f64 {
    chi_squared::sf(squares, freedom).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_by_chance_where_neither_all_together_nor_one_of_them_exceeds_it() {
        let by_chance = |ratios: &[f64]| are_by_chance(&ratios.iter().map(|ratio| (*ratio, 19.0)).collect::<Vec<_>>(), false);
        let calm = [0.8, 1.0, 1.1].repeat(6);
        assert!(by_chance(&calm));
        assert!(!by_chance(&[calm.as_slice(), &[3.0]].concat()), "one of them");
        assert!(!by_chance(&[1.3; 18]), "all of them a little");
        assert!(!by_chance(&[1.0, 1.0]), "two tell too little");
        assert!(!by_chance(&[]));
    }
}
