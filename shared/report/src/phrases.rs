//! Phrases that the page and the terminal share: since when, against what, how sure.

use tidegate_contract::{BaselineKind, FeatureKind, FieldRole};
use tidegate_monitoring::{CauseKind, Fault, Onset, State, Verdict, Window};

use crate::dates::{self, DAY_MS, HOUR_MS};
use crate::words;

const WEEK_MS: i64 = 7 * DAY_MS;

/// A verdict's words as a sentence: they may have left out the capital, which the name of a field or model keeps out, and the full stop.
#[must_use]
pub fn sentence(text: &str, verdict: &Verdict) -> String {
    let text = text.trim();
    let first = text.split([' ', ':', ',']).next().unwrap_or_default();
    let named = first.contains('_') || first == verdict.model || verdict.fields.iter().any(|field| field.name == first);
    let mut sentence = String::with_capacity(text.len() + 1);
    let mut characters = text.chars();
    if !named {
        sentence.extend(characters.next().into_iter().flat_map(char::to_uppercase));
    }
    sentence.push_str(characters.as_str());
    if !sentence.is_empty() && !sentence.ends_with(['.', '!', '?', '…']) {
        sentence.push('.');
    }
    sentence
}

/// When something began, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// The first hour or day that shows it: `9 July`, `9 July, 14:00`.
    pub at: String,
    /// Between which it may have begun, where that is not one hour or day: `between 8 and 10 July`.
    pub range: Option<String>,
}

/// When a move began; the year is said when it is not the one in which the judged window ends. UTC.
#[must_use]
pub fn since(began: Onset, judged: Window) -> Since {
    let Onset { at_ms, earliest_ms, latest_ms } = began;
    let in_days = [at_ms, earliest_ms, latest_ms].iter().all(|ms| ms.rem_euclid(DAY_MS) == 0);
    let say = |ms| dates::onset(ms, in_days, judged.end_ms.saturating_sub(1));
    let range = (earliest_ms < latest_ms).then(|| {
        let (earliest, latest) = (say(earliest_ms), say(latest_ms));
        // "between 8 and 10 July", "between 9 July, 12:00 and 16:00": what both share is said once.
        let shared = if in_days {
            let (day, month) = earliest.split_once(' ').unwrap_or((&earliest, ""));
            latest.split_once(' ').filter(|(_, other)| *other == month).map(|_| format!("{day} and {latest}"))
        } else {
            let (day, _) = earliest.rsplit_once(", ").unwrap_or((&earliest, ""));
            latest.rsplit_once(", ").filter(|(other, _)| *other == day).map(|(_, time)| format!("{earliest} and {time}"))
        };
        format!("between {}", shared.unwrap_or_else(|| format!("{earliest} and {latest}")))
    });
    Since { at: say(at_ms), range }
}

/// What a window was compared with, as it follows "against"; of past weeks the verdict says how many there were.
#[must_use]
pub fn baseline(kind: BaselineKind, verdict: &Verdict) -> String {
    let length = verdict.window.end_ms.saturating_sub(verdict.window.start_ms);
    let weeks =
        verdict.baselines.iter().find(|baseline| baseline.kind == BaselineKind::Seasonal).map(|baseline| baseline.location.as_str());
    match kind {
        BaselineKind::Training => "the training data".into(),
        BaselineKind::Seasonal => weeks.filter(|weeks| !weeks.is_empty()).unwrap_or("the same hours of past weeks").to_owned(),
        BaselineKind::Previous => before(length),
    }
}

/// The window before, named by its length.
fn before(length_ms: i64) -> String {
    match length_ms {
        WEEK_MS => "the week before".into(),
        DAY_MS => "the day before".into(),
        HOUR_MS => "the hour before".into(),
        _ if length_ms > 0 && length_ms % DAY_MS == 0 => format!("the {} days before", length_ms / DAY_MS),
        _ if length_ms > 0 && length_ms % HOUR_MS == 0 => format!("the {} hours before", length_ms / HOUR_MS),
        _ => "the window before".into(),
    }
}

/// A cause's name, as a sentence without its full stop; `None` when there is nothing to explain.
#[must_use]
pub const fn cause(kind: CauseKind, fault: Option<Fault>) -> Option<&'static str> {
    Some(match (kind, fault) {
        (CauseKind::None, _) => return None,
        (CauseKind::DataFault, Some(Fault::Missing)) => "The data are at fault: values are missing",
        (CauseKind::DataFault, Some(Fault::Type)) => "The data are at fault: values of the wrong type",
        (CauseKind::DataFault, Some(Fault::Range)) => "The data are at fault: impossible values",
        (CauseKind::DataFault, Some(Fault::Unit)) => "The data are at fault: another unit",
        (CauseKind::DataFault, Some(Fault::Stuck)) => "The data are at fault: one value repeats",
        (CauseKind::DataFault, Some(Fault::Truncated)) => "The data are at fault: texts are cut off",
        (CauseKind::DataFault, Some(Fault::ShiftedColumns)) => "The data are at fault: columns changed places",
        (CauseKind::DataFault, Some(Fault::Encoding)) => "The data are at fault: texts are spelt differently",
        (CauseKind::DataFault, Some(Fault::Renamed)) => "The data are at fault: a feature has another name",
        (CauseKind::DataFault, Some(Fault::Unreadable)) => "The data are at fault: files could not be read",
        (CauseKind::DataFault, None) => "The data are at fault",
        (CauseKind::Season, _) => "It moves like this every week",
        (CauseKind::PopulationShift, _) => "The mix of the records moved",
        (CauseKind::CovariateDrift, _) => "The inputs moved",
        (CauseKind::PredictionDrift, _) => "The predictions moved, the inputs did not",
        (CauseKind::VersionChange, _) => "It began with another model version",
        (CauseKind::ConceptDrift, _) => "The inputs hold, and the model is wrong more often",
        (CauseKind::ModelFault, _) => "The model is wrong more often since another version answers",
        (CauseKind::Unknown, _) => "The data do not tell",
    })
}

/// Whether a headline says the evidence already, as it does of data faults, so that it need not be said again.
#[must_use]
pub fn says_already(headline: &str, evidence: &str) -> bool {
    let plain = |text: &str| text.trim().trim_end_matches('.').to_lowercase();
    !evidence.trim().is_empty() && plain(headline).contains(&plain(evidence))
}

/// How sure a cause is, in a word; `None` for a number that is no confidence.
#[must_use]
pub fn sureness(confidence: f64) -> Option<&'static str> {
    (0.0..=1.0).contains(&confidence).then_some(match confidence {
        _ if confidence >= 0.9 => "Very likely",
        _ if confidence >= 0.7 => "Likely",
        _ if confidence >= 0.4 => "Possible",
        _ => "A guess",
    })
}

/// The baselines that decided the fields that moved together in the main incident, in the verdict's order.
#[must_use]
pub fn deciding(verdict: &Verdict) -> Vec<BaselineKind> {
    let main = verdict.incidents.first();
    let decided = |kind: BaselineKind| {
        verdict
            .fields
            .iter()
            .any(|field| field.baseline == Some(kind) && main.is_some_and(|incident| incident.fields.contains(&field.name)))
    };
    verdict.baselines.iter().map(|baseline| baseline.kind).filter(|kind| decided(*kind)).collect()
}

/// How much of the model moved: `40% of the model's importance moved`, the share as `percent` writes it; of features that
/// all weigh the same, how many. `None` when none did.
#[must_use]
pub fn moved(verdict: &Verdict, percent: fn(f64) -> String) -> Option<String> {
    let share = verdict.importance_moved;
    let features = || verdict.fields.iter().filter(|field| field.role == FieldRole::Feature);
    let moved = features().filter(|field| !field.muted && field.state == State::Drift).count();
    if moved == 0 || !(0.0..=1.0).contains(&share) {
        return None;
    }
    let first = features().next()?.importance;
    Some(if features().all(|field| (field.importance - first).abs() <= 1e-9 * first.abs()) {
        format!("{} of {} moved", words::count(moved as u64), words::counted(features().count() as u64, "feature", "features"))
    } else {
        format!("{} of the model's importance moved", percent(share))
    })
}

/// Which shifts a window that is too small to tell would have shown: `shifts of 0.13 to 0.4 sd, by field`; `None` where no field tells.
#[must_use]
pub fn visible(verdict: &Verdict) -> Option<String> {
    let ranges: Vec<String> = ["sd", "w"].into_iter().filter_map(|unit| visible_in(verdict, unit)).collect();
    let several = verdict.fields.len() > 1;
    (!ranges.is_empty()).then(|| format!("shifts of {}{}", ranges.join(" or "), if several { ", depending on the field" } else { "" }))
}

/// From the smallest shift that would have shown in any field to the one that would have shown in every field measured in this unit.
fn visible_in(verdict: &Verdict, unit: &str) -> Option<String> {
    let silent = verdict.fields.iter().filter(|field| !field.muted && field.state == State::InsufficientData);
    let measured = silent.filter(|field| unit == visible_unit(field.kind));
    let sizes = measured.filter_map(|field| field.smallest_visible).filter(|size| size.is_finite() && *size > 0.0);
    let (least, most) = sizes.fold((f64::INFINITY, 0.0_f64), |(least, most), size| (least.min(size), most.max(size)));
    let (from, to) = (words::size(least, unit), words::size(most, unit));
    (most > 0.0).then(|| if from == to { format!("{from} {unit}") } else { format!("{from} to {to} {unit}") })
}

/// The unit in which the smallest visible shift of such a field is measured.
#[must_use]
pub const fn visible_unit(kind: FeatureKind) -> &'static str {
    match kind {
        FeatureKind::Numeric => "sd",
        FeatureKind::Categorical => "w",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 9 July 2013, midnight.
    const NINTH_MS: i64 = 1_373_328_000_000;

    fn said(at: i64, earliest: i64, latest: i64) -> (String, Option<String>) {
        let ms = |hours: i64| NINTH_MS + hours * HOUR_MS;
        let judged = Window { start_ms: NINTH_MS, end_ms: NINTH_MS + 5 * DAY_MS };
        let Since { at, range } = since(Onset { at_ms: ms(at), earliest_ms: ms(earliest), latest_ms: ms(latest) }, judged);
        (at, range)
    }

    #[test]
    fn since_when_is_said_as_precisely_as_it_is_known() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(said(0, 0, 0), ("9 July".into(), None));
        assert_eq!(said(0, -24, 24), ("9 July".into(), some("between 8 and 10 July")));
        assert_eq!(said(0, -240, 24), ("9 July".into(), some("between 29 June and 10 July")));
        assert_eq!(said(14, 12, 16), ("9 July, 14:00".into(), some("between 9 July, 12:00 and 16:00")));
        assert_eq!(said(14, -2, 24), ("9 July, 14:00".into(), some("between 8 July, 22:00 and 10 July, 00:00")));
        assert_eq!(said(-24 * 365, -24 * 365, 0), ("9 July 2012".into(), some("between 9 July 2012 and 9 July")));
    }

    #[test]
    fn evidence_is_not_said_twice() {
        assert!(says_already("The mean of amount is 1,000 times larger.", "the mean of amount is 1,000 times larger"));
        assert!(!says_already("amount moved.", "the mean of amount is 1,000 times larger") && !says_already("amount moved.", ""));
    }

    #[test]
    fn the_window_before_is_named_by_its_length() {
        let named = [1, 6, 24, 168, 720].map(|hours| before(hours * HOUR_MS));
        assert_eq!(named, ["the hour before", "the 6 hours before", "the day before", "the week before", "the 30 days before"]);
        assert_eq!([before(0), before(i64::MIN)], ["the window before", "the window before"]);
    }
}
