//! No segment of useful size may get worse by more than its margin.
//!
//! Every value of every segment is tested against "no more than the margin worse", and the p-values are corrected for how many there are
//! (Holm): a contract with a hundred airports refuses an equal candidate no more often than one with two.

use tidegate_statistics::correction::holm;

use super::Hearing;
use super::champion::margin;
use crate::comparison::{Comparison, Joined, compare};
use crate::report::{Outcome, Part, Rule, ends, finite};
use crate::words::{self, difference, limit, list, quoted};

/// The chance of refusing a candidate that is worse than its margin in no segment.
const LEVEL: f64 = 0.05;

/// A segment is called twice as hard to lose in, where the contract does not say: its rows are fewer.
const MARGINS: f64 = 2.0;

/// What was found in one value of a segment.
struct Tested {
    segment: usize,
    part: Part,
    comparison: Option<Comparison>,
    p: f64,
}

/// One rule per segment of the contract; none without a champion to compare with.
pub(super) fn rules(hearing: &Hearing<'_>) -> Vec<Rule> {
    let Some(Ok(joined)) = &hearing.joined else { return Vec::new() };
    let segments = &hearing.input.contract.segments;
    let mut tested: Vec<Tested> = segments.iter().enumerate().flat_map(|(segment, name)| test(hearing, joined, segment, name)).collect();
    let (places, p): (Vec<usize>, Vec<f64>) =
        tested.iter().enumerate().filter(|(_, tested)| tested.comparison.is_some()).map(|(place, tested)| (place, tested.p)).unzip();
    let judged = p.len();
    for (place, adjusted) in places.into_iter().zip(holm(&p)) {
        if let Some(Tested { part, .. }) = tested.get_mut(place) {
            part.p_adjusted = finite(adjusted);
            part.outcome = if adjusted <= LEVEL { Outcome::Fail } else { Outcome::Pass };
        }
    }
    let of = |segment: usize| tested.iter().filter(move |tested| tested.segment == segment).collect::<Vec<_>>();
    segments.iter().enumerate().map(|(segment, name)| rule(hearing, name, &of(segment), judged)).collect()
}

fn test(hearing: &Hearing<'_>, joined: &Joined<'_>, segment: usize, name: &str) -> Vec<Tested> {
    let Some(labels) = hearing.input.candidate.evaluation.group(name) else { return Vec::new() };
    let mut rows_of: Vec<Vec<usize>> = vec![Vec::new(); labels.names().len()];
    for row in 0..joined.candidate.rows() {
        let place = joined.places.as_ref().map_or(Some(row), |places| places.get(row).copied());
        let code = place.and_then(|place| labels.code(place)).and_then(|code| usize::try_from(code).ok());
        if let Some(rows) = code.and_then(|code| rows_of.get_mut(code)) {
            rows.push(row);
        }
    }
    let each = labels.names().iter().enumerate().zip(rows_of).filter(|(_, rows)| !rows.is_empty());
    each.map(|((place, value), rows)| {
        let shown = if hearing.shows_values() { value.clone() } else { format!("value {}", place + 1) };
        tested(hearing, joined, segment, shown, &rows)
    })
    .collect()
}

fn tested(hearing: &Hearing<'_>, joined: &Joined<'_>, segment: usize, name: String, rows: &[usize]) -> Tested {
    let count = rows.len() as u64;
    let mut part = Part {
        name,
        outcome: Outcome::CannotTell,
        candidate: None,
        champion: None,
        improvement: None,
        interval: None,
        rows: count,
        p_adjusted: None,
        reason: None,
    };
    let least = hearing.validation.minimum_group_rows();
    if count < least {
        part.reason = Some(format!("{}, fewer than {}", words::rows(count), words::count(least)));
        return Tested { segment, part, comparison: None, p: 1.0 };
    }
    match compare(&joined.candidate.select(rows), &joined.champion.select(rows), hearing.primary, hearing.plan) {
        Err(reason) => {
            part.reason = Some(reason.to_string());
            Tested { segment, part, comparison: None, p: 1.0 }
        }
        Ok(comparison) => {
            part.candidate = finite(comparison.candidate);
            part.champion = finite(comparison.champion);
            part.improvement = finite(comparison.improvement);
            part.interval = ends(comparison.interval);
            let p = comparison.p_worse(segment_margin(hearing, &comparison));
            Tested { segment, part, comparison: Some(comparison), p }
        }
    }
}

fn segment_margin(hearing: &Hearing<'_>, comparison: &Comparison) -> f64 {
    hearing.validation.segment_margin.unwrap_or_else(|| MARGINS * margin(hearing.validation, hearing.primary, comparison.champion))
}

fn rule(hearing: &Hearing<'_>, segment: &str, tested: &[&Tested], judged: usize) -> Rule {
    let name = format!("segments:{segment}");
    if hearing.input.candidate.evaluation.group(segment).is_none() {
        return Rule::new(name, Outcome::CannotTell, format!("The evaluation set has no values of the segment {segment}."));
    }
    let title = hearing.primary.title();
    let left_out: Vec<String> =
        tested.iter().filter(|tested| tested.comparison.is_none()).map(|tested| quoted(&tested.part.name)).collect();
    let too_small = if left_out.is_empty() { String::new() } else { format!(" Too few rows to judge: {}.", list(&left_out)) };
    let compared: Vec<(&Part, &Comparison)> =
        tested.iter().filter_map(|tested| tested.comparison.as_ref().map(|comparison| (&tested.part, comparison))).collect();
    let failed: Vec<String> = compared
        .iter()
        .filter(|(part, _)| part.outcome == Outcome::Fail)
        .map(|(part, comparison)| {
            let by = difference(-comparison.improvement, comparison.interval.negated());
            let margin = limit(segment_margin(hearing, comparison));
            format!("{} by {by} on {}, where {margin} was allowed", quoted(&part.name), words::rows(part.rows))
        })
        .collect();
    let (outcome, sentence) = if compared.is_empty() {
        let least = words::count(hearing.validation.minimum_group_rows());
        (
            Outcome::CannotTell,
            format!("No value of {segment} can be judged: {least} rows of both models are needed, of each class some.{too_small}"),
        )
    } else if failed.is_empty() {
        let worst = compared.iter().min_by(|a, b| a.1.improvement.total_cmp(&b.1.improvement));
        let worst = worst.map_or_else(String::new, |(part, comparison)| {
            let by = difference(comparison.improvement, comparison.interval);
            format!(" The least improvement is that of {}, {by}.", quoted(&part.name))
        });
        let values = if compared.len() == 1 { "1 value".to_owned() } else { format!("{} values", compared.len()) };
        (Outcome::Pass, format!("In none of {values} of {segment} is {title} shown to be worse by more than its margin.{worst}{too_small}"))
    } else {
        let corrected = if judged > 1 { format!(", corrected for {judged} segments") } else { String::new() };
        (
            Outcome::Fail,
            format!("{} is worse than the champion's in {segment} {}{corrected}.{too_small}", words::capitalised(title), failed.join("; ")),
        )
    };
    let mut rule = Rule::new(name, outcome, sentence);
    rule.p = tested.iter().filter_map(|tested| tested.part.p_adjusted).min_by(f64::total_cmp);
    rule.rows = Some(compared.iter().map(|(part, _)| part.rows).sum());
    rule.parts = tested.iter().map(|tested| tested.part.clone()).collect();
    rule
}
