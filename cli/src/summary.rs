//! A verdict in words, for a terminal: what happened first, then why, what to do, and the fields that matter.

use chrono::DateTime;
use tidegate_monitoring::{CauseKind, FieldVerdict, State, Verdict, Window, reason_in_words};

use crate::terminal::{Say, count, counted, line, painted, percent, series, state_name, table};

/// Most fields, findings and files that are listed.
const LISTED: usize = 12;
/// Most characters of a sentence or name that comes from the data.
const LONGEST: usize = 300;

/// The verdict as text.
pub(crate) fn of(verdict: &Verdict, colour: bool) -> String {
    let state = painted(&state_name(verdict.state).to_uppercase(), verdict.state, colour);
    let mut text = format!("{}  {state}\n{}\n\n", line(&verdict.model, LONGEST), scope(verdict));
    text.extend([&line(&verdict.headline, LONGEST), "\n"]);
    if verdict.cause.kind != CauseKind::None {
        text.extend(["Why: ", &line(&verdict.cause.evidence, LONGEST), &format!(" ({} sure)\n", percent(verdict.cause.confidence))]);
    }
    text.extend(["To do: ", &line(&verdict.action.sentence, LONGEST), "\n"]);
    text.push_str(&fields(&verdict.fields, colour));
    text.push_str(&quality(verdict, colour));
    text.push_str(&files(verdict));
    text.push('\n');
    text
}

/// That the contract was guessed, and what was left out.
pub(crate) fn guessed(left_out: &[(String, String)]) -> String {
    if left_out.is_empty() {
        return "No contract was given, so the fields were guessed.\n".to_owned();
    }
    let mut listed: Vec<String> = left_out.iter().take(LISTED).map(|(name, reason)| format!("{} ({reason})", line(name, 60))).collect();
    if left_out.len() > LISTED {
        listed.push(format!("{} more", left_out.len() - LISTED));
    }
    format!("No contract was given, so the fields were guessed. Not compared: {}.\n", series(&listed))
}

fn scope(verdict: &Verdict) -> String {
    let mut text = counted(verdict.records, "record");
    if verdict.window.end_ms > verdict.window.start_ms {
        text.say(format_args!(" of {}", span(verdict.window)));
    }
    match verdict.baselines.first() {
        Some(baseline) => {
            let location = line(&baseline.location, 120);
            text.say(format_args!(" against {} of {location}", count(baseline.records)));
        }
        None => text.push_str(", no baseline"),
    }
    text
}

fn span(window: Window) -> String {
    let minute = |ms| DateTime::from_timestamp_millis(ms).map(|time| time.format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default();
    format!("{} to {} UTC", minute(window.start_ms), minute(window.end_ms))
}

fn fields(fields: &[FieldVerdict], colour: bool) -> String {
    let (quiet, telling): (Vec<_>, Vec<_>) = fields.iter().partition(|field| field.state == State::Ok);
    let mut text = String::from("\n");
    if !telling.is_empty() {
        let mut rows = vec![["field", "state", "effect", "p", "what happened"].map(str::to_owned)];
        rows.extend(telling.iter().take(LISTED).map(|field| row(field, colour)));
        text.push_str(&table(&rows));
        if telling.len() > LISTED {
            text.say(format_args!("  … and {} more\n", telling.len() - LISTED));
        }
    }
    if !quiet.is_empty() {
        let names: Vec<String> = quiet.iter().take(LISTED).map(|field| line(&field.name, 60)).collect();
        let more = if quiet.len() > LISTED { format!(" and {} more", quiet.len() - LISTED) } else { String::new() };
        text.say(format_args!("  ok: {}{more}\n", if more.is_empty() { series(&names) } else { names.join(", ") }));
    }
    text
}

fn row(field: &FieldVerdict, colour: bool) -> [String; 5] {
    let (effect, p) = match &field.decisive {
        Some(evidence) => (effect(evidence.effect, &evidence.unit), p_value(evidence.p_adjusted)),
        None => ("-".to_owned(), "-".to_owned()),
    };
    let muted = if field.muted { " (muted)" } else { "" };
    let state = painted(state_name(field.state), field.state, colour) + muted;
    [line(&field.name, 60), state, effect, p, line(&field.sentence, LONGEST)]
}

fn effect(value: f64, unit: &str) -> String {
    if unit == "share" { format!("{:+.1} %", value * 100.0) } else { format!("{value:+.2} {}", line(unit, 12)) }
}

fn p_value(p: f64) -> String {
    if p < 0.001 { "<0.001".to_owned() } else { format!("{p:.3}") }
}

fn quality(verdict: &Verdict, colour: bool) -> String {
    let mut text = String::new();
    for finding in verdict.quality.iter().take(LISTED) {
        let state = painted(state_name(finding.state), finding.state, colour);
        text.say(format_args!("  {state}: {}\n", line(&finding.sentence, LONGEST)));
    }
    if verdict.quality.len() > LISTED {
        text.say(format_args!("  … and {} more\n", verdict.quality.len() - LISTED));
    }
    if text.is_empty() { text } else { format!("\nThe data themselves:\n{text}") }
}

fn files(verdict: &Verdict) -> String {
    let intake = &verdict.intake;
    let lines = intake.lines;
    let mut text = format!("\n{} read", counted(lines.read, "line"));
    if lines.quarantined > 0 {
        let reasons: Vec<String> =
            intake.reasons.iter().map(|(reason, lines)| format!("{} ({})", reason_in_words(reason), count(*lines))).collect();
        text.say(format_args!(", {} of them put aside: {}", count(lines.quarantined), series(&reasons)));
    }
    text.push_str(".\n");
    for (location, reason) in intake.notable.iter().take(LISTED) {
        text.say(format_args!("  {}: {}\n", line(location, 120), line(reason, LONGEST)));
    }
    if intake.notable.len() > LISTED {
        text.say(format_args!("  … and {} more files\n", intake.notable.len() - LISTED));
    }
    text
}
