//! A judgement in words, for a terminal: what happened first, then why, what to do, and the numbers with their intervals.

use tidegate_contract::{Contract, Metric};
use tidegate_monitoring::{State, Window};
use tidegate_performance::{Finding, FindingKind, Measured, Performance, Point, in_words, unestimated};
use tidegate_report::phrases;

use super::{Judged, Recorded};
use crate::summary::span;
use crate::terminal::{Say, count, counted, line, painted, percent, state_name, table};

/// Most windows and findings that are listed.
const LISTED: usize = 31;
/// Most characters of a sentence that comes from the data.
const LONGEST: usize = 400;
/// What stands for no value.
const NONE: &str = "–";

/// What came of files.
pub(super) fn judged(judged: &Judged, contract: &Contract, colour: bool) -> String {
    let Judged { measured, performance, notes } = judged;
    let mut text = head(performance, colour);
    text.push('\n');
    text.push_str(&metrics(judged));
    if let Some(says) = unestimated(contract.task) {
        text.say(format_args!("{says}\n"));
    }
    if performance.trail.len() > 1 {
        text.say(format_args!("\n{} over time\n", upper(performance.metric.title())));
        text.push_str(&table(&course(&performance.trail, None)));
    }
    let lag = measured
        .coverage
        .lag
        .map(|lag| format!("Half of the truth came within {:.1} hours, nine of ten within {:.1}.\n", lag.p50_hours, lag.p90_hours));
    text.extend(lag);
    text.push_str(&shadows(measured));
    for note in notes {
        text.say(format_args!("{}\n", line(note, LONGEST)));
    }
    text
}

/// What a lake has.
pub(super) fn recorded(recorded: &Recorded, colour: bool) -> String {
    let Some(newest) = recorded.windows.last() else { return String::new() };
    let mut text = format!(
        "{}  quality over {} of {}\n\n",
        line(&recorded.model, LONGEST),
        counted(recorded.windows.len() as u64, "window"),
        recorded.length
    );
    // Each window as it was judged itself, by what was known then.
    let points: Vec<Point> = recorded.windows.iter().filter_map(|performance| performance.trail.last().cloned()).collect();
    let states: Vec<State> = recorded.windows.iter().filter(|performance| !performance.trail.is_empty()).map(|one| one.state).collect();
    text.say(format_args!("{} over time\n", upper(newest.metric.title())));
    text.push_str(&table(&course(&points, Some((&states, colour)))));
    let kept: Vec<bool> = recorded
        .windows
        .iter()
        .filter_map(|one| one.realised.iter().find(|(metric, ..)| *metric == one.metric).map(|(_, _, is_within)| *is_within))
        .collect();
    if !kept.is_empty() {
        let within = kept.iter().filter(|is_within| **is_within).count();
        text.say(format_args!("Of {} with both, {within} fell into the promised interval.\n", counted(kept.len() as u64, "window")));
    }
    text.say(format_args!("\nThe newest window\n{}", head(newest, colour)));
    text
}

/// What happened, why, what to do.
fn head(performance: &Performance, colour: bool) -> String {
    let state = painted(&state_name(performance.state).to_uppercase(), performance.state, colour);
    let mut text = format!("{}  {state}\n{}\n\n", line(&performance.model, LONGEST), scope(performance));
    text.say(format_args!("{}\n", line(&performance.headline, LONGEST)));
    if let Some(cause) = phrases::cause(performance.cause.kind, performance.cause.fault) {
        let told = performance.cause.evidence == performance.headline;
        let evidence = if told { String::new() } else { format!(" {}", line(&performance.cause.evidence, LONGEST)) };
        text.say(format_args!("Why:   {cause}.{evidence}\n"));
    }
    text.say(format_args!("To do: {}\n", line(&performance.action.sentence, LONGEST)));
    // That quality holds is the headline already.
    let is_told =
        |finding: &Finding| finding.sentence == performance.headline || (finding.kind, finding.state) == (FindingKind::Quality, State::Ok);
    for finding in performance.findings.iter().filter(|finding| !is_told(finding)).take(LISTED) {
        let state = painted(state_name(finding.state), finding.state, colour);
        text.say(format_args!("       {} ({state}): {}\n", finding.kind.name(), line(&finding.sentence, LONGEST)));
    }
    text
}

fn scope(performance: &Performance) -> String {
    let Performance { predictions, labelled, window, .. } = performance;
    let mut text = counted(*predictions, "prediction");
    if window.end_ms > window.start_ms {
        text.say(format_args!(" of {}", span(*window)));
    }
    if *predictions > 0 {
        text.say(format_args!(", truth is in of {} ({})", count(*labelled), percent(*labelled as f64 / *predictions as f64)));
    }
    text
}

fn upper(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn valued(value: Option<f64>, interval: Option<[f64; 2]>) -> String {
    match (value, interval) {
        (None, _) => NONE.to_owned(),
        (Some(value), None) => in_words(value),
        (Some(value), Some([low, high])) => format!("{} ({} to {})", in_words(value), in_words(low), in_words(high)),
    }
}

/// Every metric, realised beside promised.
fn metrics(judged: &Judged) -> String {
    let Judged { measured, performance, .. } = judged;
    let promised = |metric: Metric| performance.estimated.as_ref().and_then(|estimated| estimated.metric(metric));
    let mut rows = vec![["metric", "realised", "promised by the scores"].map(str::to_owned)];
    if let Some(quality) = &measured.quality {
        rows.extend(quality.metrics.iter().map(|(metric, found)| {
            let promised = promised(*metric);
            [metric.title().to_owned(), valued(found.value, found.interval), valued(promised.map(|of| of.0), promised.map(|of| of.1))]
        }));
    } else if let Some(estimated) = &performance.estimated {
        rows.extend(
            estimated
                .metrics
                .iter()
                .map(|(metric, value, interval)| [metric.title().to_owned(), NONE.to_owned(), valued(Some(*value), Some(*interval))]),
        );
    }
    if rows.len() > 1 { table(&rows) + "  (95 % intervals)\n" } else { String::new() }
}

/// The versions that answered beside what served, with what decides.
fn shadows(measured: &Measured) -> String {
    let mut text = String::new();
    for part in measured.versions.iter().filter(|part| part.shadows > 0) {
        let own = part
            .metrics
            .first()
            .map(|(metric, found)| format!("; of all its predictions, {} is {}", metric.title(), valued(found.value, found.interval)));
        text.say(format_args!(
            "Version {} answered {} as a shadow of what served: that counts for itself alone{}.\n",
            line(&part.name, 40),
            counted(part.shadows, "request"),
            own.unwrap_or_default()
        ));
    }
    text
}

/// Windows, oldest first.
fn course(points: &[Point], states: Option<(&[State], bool)>) -> Vec<[String; 6]> {
    let mut rows = vec![["window", "predictions", "truth in", "realised", "promised", ""].map(str::to_owned)];
    let skip = points.len().saturating_sub(LISTED);
    for (place, point) in points.iter().enumerate().skip(skip) {
        let share = if point.predictions > 0 { percent(point.labelled as f64 / point.predictions as f64) } else { NONE.to_owned() };
        let state = states.and_then(|(states, colour)| states.get(place).map(|state| painted(state_name(*state), *state, colour)));
        let new = (!point.new_versions.is_empty()).then(|| format!("version {}", line(&point.new_versions.join(", "), 40)));
        let remarks: Vec<String> = state.into_iter().chain(new).collect();
        rows.push([
            begins(point.window),
            count(point.predictions),
            share,
            valued(point.value, point.interval),
            valued(point.estimated, point.estimated_interval),
            remarks.join(", "),
        ]);
    }
    rows
}

/// A day by its date, anything else by its beginning.
fn begins(window: Window) -> String {
    let text = tidegate_lake::rfc3339(window.start_ms);
    let (date, time) = text.split_once('T').unwrap_or((&text, ""));
    if time.starts_with("00:00") { date.to_owned() } else { format!("{date} {}", time.get(..5).unwrap_or_default()) }
}
