//! Words and lines about one field that cards and tables share.

use maud::{Markup, html};
use tidegate_contract::FieldRole;
use tidegate_monitoring::{Evidence, FieldVerdict, State};

use crate::banner::Badge;
use crate::escape::Plain;
use crate::page::Sheet;
use crate::plots::interval;
use crate::words;

/// Whether a field moved enough to have a card.
pub(crate) fn moved(field: &FieldVerdict) -> bool {
    matters(field.state)
}

/// Whether a state says that something moved.
pub(crate) const fn matters(state: State) -> bool {
    matches!(state, State::Warning | State::Drift)
}

/// What each baseline says of a field, in one line, the one that decided first named so; nothing where only one could tell.
pub(crate) fn opinions(sheet: &Sheet<'_>, field: &FieldVerdict) -> Markup {
    html! {
        @if field.opinions.len() > 1 {
            p.opinions {
                "Against "
                @for (index, opinion) in field.opinions.iter().enumerate() {
                    @if index > 0 { " · " }
                    span {
                        (sheet.against(opinion.baseline)) ": " (verdict_word(opinion.state, field.state))
                        @if field.baseline == Some(opinion.baseline) { " (decides)" }
                    }
                }
            }
        }
    }
}

/// A baseline's word on a field, in its colour only where the field itself is to be looked at.
fn verdict_word(said: State, field: State) -> Markup {
    let (badge, word) = (Badge(said), Badge(said).word().to_lowercase());
    html! { @if field == State::Ok { strong { (word) } } @else { strong.(badge.class()) { (word) } } }
}

/// What a field is to the model.
pub(crate) const fn role(role: FieldRole) -> &'static str {
    match role {
        FieldRole::Feature => "feature",
        FieldRole::Score | FieldRole::Prediction => "model output",
        FieldRole::Latency => "time to answer",
    }
}

/// What a test looks at.
pub(crate) fn test(name: &str) -> Plain {
    Plain::name(match name {
        "location" => "Typical value",
        "spread" => "Spread",
        "shape" => "Shape",
        "atom" | "spike" | "name" => "A single value",
        "tail" => "Far tails",
        "beyond" => "Outside the baseline's range",
        "missing" => "Missing values",
        "unseen" => "New values",
        "mix" => "Mix of values",
        "psi" => "Population stability index",
        "ks" => "Kolmogorov–Smirnov distance",
        "jensen-shannon" => "Jensen–Shannon distance",
        "hellinger" => "Hellinger distance",
        "wasserstein" => "Wasserstein distance in sd",
        "total-variation" => "Total variation distance",
        "l-infinity" => "Largest change of a share",
        "sagemaker-robust" => "SageMaker's robust distance",
        "chi-squared" => "Cohen's w of the chi-squared test",
        other => other,
    })
}

/// An effect with its interval, its unit short: `0.42 sd (0.38 to 0.46)`.
pub(crate) fn range(evidence: &Evidence) -> Plain {
    let size = |value| words::size(value, &evidence.unit);
    let unit = short_unit(evidence);
    Plain::unit(&format!(
        "{}{}{} ({} to {})",
        size(evidence.effect),
        if unit.as_str().is_empty() { "" } else { " " },
        unit.as_str(),
        size(evidence.effect_low),
        size(evidence.effect_high)
    ))
}

/// Two numbers as a change, or as one where they read the same; `–` where unknown.
pub(crate) fn change(before: Option<f64>, now: Option<f64>, say: fn(f64) -> String) -> Markup {
    let none = || words::NONE.to_owned();
    html! {
        @match (before, now) {
            (None, None) => (words::NONE),
            (None, Some(now)) => (say(now)),
            (Some(before), Some(now)) if say(before) == say(now) => (say(now)),
            (before, now) => { span.muted { (before.map_or_else(none, say)) " → " } (now.map_or_else(none, say)) }
        }
    }
}

/// A table of fields, one line each; what does not fit is counted.
pub(crate) fn table(sheet: &Sheet<'_>, caption: &str, fields: &[&FieldVerdict], most: usize) -> Markup {
    let more = fields.len().saturating_sub(most);
    html! {
        table.lines {
            caption { (caption) }
            thead {
                tr {
                    th scope="col" { "Field" }
                    th.wide { span.hidden { "Effect drawn against its threshold" } }
                    th.n scope="col" { "Effect" }
                    th.n scope="col" { "Missing" }
                }
            }
            tbody { @for field in fields.iter().take(most) { (line(sheet, field)) } }
        }
        @if more > 0 { p.more { "and " (words::count(more as u64)) " more, see verdict.json" } }
    }
}

fn line(sheet: &Sheet<'_>, field: &FieldVerdict) -> Markup {
    let evidence = field.decisive.as_ref();
    let noted = field.state != State::Ok || field.season;
    html! {
        tr.noted[noted] {
            th scope="row" {
                bdi { (Plain::name(&field.name)) }
                @if field.role != FieldRole::Feature { " " span.tag { (role(field.role)) } }
                @if field.season { " " span.tag { "every week" } }
                @if field.muted { " " span.tag { "muted" } }
            }
            td.wide { @if let Some(line) = evidence.and_then(interval::sparkline) { (line) } }
            td.n {
                @match evidence {
                    Some(evidence) => { (words::size(evidence.effect, &evidence.unit)) " " span.muted { (short_unit(evidence)) } }
                    None => span.muted { "not tested" },
                }
            }
            td.n { (field.missing_current.map_or_else(|| words::NONE.into(), words::share)) }
        }
        @if noted {
            tr.note {
                td colspan="4" {
                    @if field.state != State::Ok { (Badge(field.state)) " " }
                    (sheet.statement(&field.sentence))
                    @if field.opinions.iter().any(|opinion| opinion.state != State::InsufficientData) { (opinions(sheet, field)) }
                }
            }
        }
    }
}

/// The unit where room is short.
pub(crate) fn short_unit(evidence: &Evidence) -> Plain {
    Plain::unit(short(&evidence.unit))
}

fn short(unit: &str) -> &str {
    match unit {
        "share" => "pp",
        // A named method's distance has no unit; the method's name says what it is.
        "distance" => "",
        other => other,
    }
}
