//! A verdict in words, for a terminal: what happened first, then why, what to do, and the fields that matter.

use chrono::DateTime;
use tidegate_monitoring::{Action, CarriedBy, Cause, Evidence, FieldVerdict, Onset, State, Verdict, Window, reason_in_words};
use tidegate_report::phrases;

use crate::terminal::{Say, count, counted, line, painted, percent, series, state_name, table};

/// Most fields, findings and files that are listed.
const LISTED: usize = 12;
/// Most incidents that are told beside the main one.
const MOST_INCIDENTS: usize = 4;
/// Most characters of a sentence or name that comes from the data.
const LONGEST: usize = 300;

/// The verdict as text.
pub(crate) fn of(verdict: &Verdict, colour: bool) -> String {
    let state = painted(&state_name(verdict.state).to_uppercase(), verdict.state, colour);
    let mut text = format!("{}  {state}\n{}\n\n", line(&verdict.model, LONGEST), scope(verdict));
    text.extend([&line(&verdict.headline, LONGEST), "\n"]);
    text.push_str(&why_and_what_to_do(verdict, &verdict.cause, &verdict.action, ""));
    text.push_str(&bearing(verdict));
    text.push_str(&fields(verdict, colour));
    text.push_str(&segments(verdict, colour));
    text.push_str(&also(verdict, colour));
    text.push_str(&quality(verdict, colour));
    text.push_str(&files(verdict));
    text.push('\n');
    text
}

/// The second and the third sentence; evidence that the headline gave is not given again.
fn why_and_what_to_do(verdict: &Verdict, cause: &Cause, action: &Action, indent: &str) -> String {
    let mut text = String::new();
    if let Some(named) = phrases::cause(cause.kind, cause.fault) {
        let sure = phrases::sureness(cause.confidence).map_or_else(String::new, |sure| format!(" {sure}."));
        let told = phrases::says_already(&verdict.headline, &cause.evidence);
        let evidence = if told { String::new() } else { format!(" {}", line(&phrases::sentence(&cause.evidence, verdict), LONGEST)) };
        text.say(format_args!("{indent}Why:   {named}.{evidence}{sure}\n"));
    }
    text.say(format_args!("{indent}To do: {}\n", line(&phrases::sentence(&action.sentence, verdict), LONGEST)));
    text
}

/// How the verdict bears on the model: since when, against what, how much of the model; or what would have shown.
fn bearing(verdict: &Verdict) -> String {
    let mut parts = Vec::new();
    if matters(verdict.state) {
        let main = verdict.incidents.first();
        parts.extend(main.and_then(|main| main.began).map(|began| format!("since {}", since(began, verdict.window))));
        let against: Vec<String> = phrases::deciding(verdict).into_iter().map(|kind| phrases::baseline(kind, verdict)).collect();
        if !against.is_empty() {
            parts.push(format!("against {}", line(&series(&against), 120)));
        }
        parts.extend(main.and_then(|main| main.segment.as_ref()).map(carried));
        parts.extend(phrases::moved(verdict, percent));
    } else if verdict.state == State::InsufficientData {
        parts.extend(phrases::visible(verdict).map(|visible| format!("would have shown {visible}")));
    }
    let mut text = parts.join("; ");
    if let Some(first) = text.get(..1).map(str::to_uppercase) {
        text.replace_range(..1, &first);
    }
    if text.is_empty() { text } else { text + ".\n" }
}

fn since(began: Onset, judged: Window) -> String {
    let phrases::Since { at, range } = phrases::since(began, judged);
    range.map_or_else(|| at.clone(), |range| format!("{at} ({range})"))
}

fn carried(by: &CarriedBy) -> String {
    format!("{} of it in {} {}", percent(by.share), line(&by.segment, 60), line(&by.value, 60))
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

pub(crate) fn span(window: Window) -> String {
    let minute = |ms| DateTime::from_timestamp_millis(ms).map(|time| time.format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default();
    format!("{} to {} UTC", minute(window.start_ms), minute(window.end_ms))
}

fn matters(state: State) -> bool {
    matches!(state, State::Warning | State::Drift)
}

fn fields(verdict: &Verdict, colour: bool) -> String {
    let telling: Vec<&FieldVerdict> = verdict.fields.iter().filter(|field| matters(field.state)).collect();
    let mut text = String::from("\n");
    if !telling.is_empty() {
        let mut rows = vec![["field", "state", "effect", "matters from", "p", "what happened"].map(str::to_owned)];
        rows.extend(telling.iter().take(LISTED).map(|field| row(verdict, field, colour)));
        text.push_str(&table(&rows));
        if telling.len() > LISTED {
            text.say(format_args!("  … and {} more\n", telling.len() - LISTED));
        }
    }
    let blind = |field: &FieldVerdict| {
        let shift = field.smallest_visible.filter(|shift| shift.is_finite());
        shift.map_or_else(String::new, |shift| format!(" (only above {shift:.2} {})", phrases::visible_unit(field.kind)))
    };
    text.push_str(&named(verdict, "too few to tell", |state| matches!(state, State::InsufficientData | State::NoData), blind));
    text.push_str(&named(verdict, "ok", |state| state == State::Ok, |_| String::new()));
    text
}

/// The fields of some states in one line, each with a note.
fn named(verdict: &Verdict, what: &str, belongs: fn(State) -> bool, note: fn(&FieldVerdict) -> String) -> String {
    let fields: Vec<&FieldVerdict> = verdict.fields.iter().filter(|field| belongs(field.state)).collect();
    let mut names: Vec<String> = fields.iter().take(LISTED).map(|field| line(&field.name, 60) + &note(field)).collect();
    if fields.len() > LISTED {
        names.push(format!("{} more", fields.len() - LISTED));
    }
    if names.is_empty() { String::new() } else { format!("  {what}: {}\n", series(&names)) }
}

fn row(verdict: &Verdict, field: &FieldVerdict, colour: bool) -> [String; 6] {
    let [effect, threshold, p] = numbers(field.decisive.as_ref());
    let muted = if field.muted { " (muted)" } else { "" };
    let state = painted(state_name(field.state), field.state, colour) + muted;
    [line(&field.name, 60), state, effect, threshold, p, line(&field.sentence, LONGEST) + &said_otherwise(verdict, field)]
}

/// The effect with its interval, from where on it matters, and the corrected p-value.
fn numbers(test: Option<&Evidence>) -> [String; 3] {
    test.map_or_else(
        || ["-", "-", "-"].map(str::to_owned),
        |test| {
            let Evidence { effect_low, effect_high, unit, .. } = test;
            let between = format!("{} ({} to {})", effect(test.effect, unit), number(*effect_low, unit), number(*effect_high, unit));
            [between, number(test.threshold, unit).trim_start_matches('+').to_owned(), p_value(test.p_adjusted)]
        },
    )
}

/// What the baselines that did not decide say, where it is something else.
fn said_otherwise(verdict: &Verdict, field: &FieldVerdict) -> String {
    let tells = |state: State| state == State::Ok || matters(state);
    let others = field.opinions.iter().filter(|opinion| field.baseline != Some(opinion.baseline));
    let said: Vec<String> = others
        .filter(|opinion| opinion.state != field.state && tells(opinion.state))
        .map(|opinion| format!("{} against {}", state_name(opinion.state), line(&phrases::baseline(opinion.baseline, verdict), 60)))
        .collect();
    if said.is_empty() { String::new() } else { format!(" ({})", said.join(", ")) }
}

/// What moved within segments.
fn segments(verdict: &Verdict, colour: bool) -> String {
    if verdict.segments.is_empty() {
        return String::new();
    }
    let mut rows = vec![["segment", "records", "field", "state", "effect", "matters from", "p"].map(str::to_owned)];
    rows.extend(verdict.segments.iter().take(LISTED).map(|finding| {
        let [effect, threshold, p] = numbers(Some(&finding.decisive));
        let segment = format!("{} {}", line(&finding.segment, 60), line(&finding.value, 60));
        let state = painted(state_name(finding.state), finding.state, colour);
        [segment, count(finding.records), line(&finding.field, 60), state, effect, threshold, p]
    }));
    let mut text = format!("\nWithin segments:\n{}", table(&rows));
    if verdict.segments.len() > LISTED {
        text.say(format_args!("  … and {} more\n", verdict.segments.len() - LISTED));
    }
    text
}

/// The incidents beside the main one.
fn also(verdict: &Verdict, colour: bool) -> String {
    let others = verdict.incidents.get(1..).unwrap_or_default();
    let mut text = String::new();
    for incident in others.iter().take(MOST_INCIDENTS) {
        let names: Vec<String> = incident.fields.iter().take(LISTED).map(|name| line(name, 60)).collect();
        let what = if names.is_empty() { "files".to_owned() } else { series(&names) };
        let began = incident.began.map_or_else(String::new, |began| format!(", since {}", since(began, verdict.window)));
        text.say(format_args!("\nAlso: {what}, {}{began}\n", painted(state_name(incident.state), incident.state, colour)));
        text.push_str(&why_and_what_to_do(verdict, &incident.cause, &incident.action, "  "));
    }
    if others.len() > MOST_INCIDENTS {
        text.say(format_args!("\n… and {} more incidents\n", others.len() - MOST_INCIDENTS));
    }
    text
}

fn effect(value: f64, unit: &str) -> String {
    let size = number(value, unit);
    match unit {
        "share" => size + " pp",
        // A named method's distance has no unit.
        "distance" => size,
        other => format!("{size} {}", line(other, 12)),
    }
}

/// The size of an effect without its unit; shares in percentage points.
fn number(value: f64, unit: &str) -> String {
    format!("{:+.2}", if unit == "share" { value * 100.0 } else { value })
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

#[cfg(test)]
mod tests {
    use super::*;

    const NINTH_MS: i64 = 1_373_328_000_000;
    const DAY_MS: i64 = 86_400_000;

    fn test(effect: f64) -> serde_json::Value {
        serde_json::json!({
            "test": "location", "p": 1e-9, "p_adjusted": 1e-8, "effect": effect, "effect_low": effect - 0.04, "effect_high": effect + 0.04,
            "threshold": 0.05, "unit": "sd", "says": "its values are higher"
        })
    }

    fn field(name: &str, state: &str, before: &str) -> serde_json::Value {
        serde_json::json!({
            "name": name, "role": "feature", "kind": "numeric", "state": state, "sentence": "its values are higher: mean 21.0, was 9.82",
            "importance": if name == "dep_delay" { 3.0 } else { 1.0 }, "muted": false, "season": false, "baseline": "training",
            "opinions": [
                { "baseline": "training", "state": state, "sentence": "", "decisive": test(0.3), "smallest_visible": 0.2 },
                { "baseline": "previous", "state": before, "sentence": "", "decisive": null, "smallest_visible": null },
            ],
            "decisive": test(0.3), "tests": [], "distances": {}, "smallest_visible": 0.2, "present": 900,
            "missing_baseline": 0.0, "missing_current": 0.0, "mean_baseline": 9.82, "mean_current": 21.0
        })
    }

    fn incident(state: &str, kind: &str, field: &str, to_do: &str, segment: &serde_json::Value) -> serde_json::Value {
        serde_json::json!({
            "state": state, "cause": { "kind": kind, "evidence": format!("no fault explains {field}"), "confidence": 0.8 },
            "action": { "kind": "retrain", "sentence": to_do }, "fields": [field],
            "began": { "at_ms": NINTH_MS, "earliest_ms": NINTH_MS - DAY_MS, "latest_ms": NINTH_MS + DAY_MS }, "segment": segment
        })
    }

    fn verdict() -> Verdict {
        let main = incident(
            "drift",
            "covariate-drift",
            "dep_delay",
            "Consider retraining.",
            &serde_json::json!({ "segment": "origin", "value": "EWR", "share": 0.62 }),
        );
        let verdict = serde_json::json!({
            "schema": "tidegate.verdict/2", "model": "flight-delay", "window": { "start_ms": NINTH_MS, "end_ms": NINTH_MS + DAY_MS },
            "state": "drift", "headline": "dep_delay moved: its values are higher: mean 21.0, was 9.82.",
            "cause": main["cause"], "action": main["action"], "records": 900, "versions": { "1.0.0": 900 },
            "baselines": [
                { "kind": "training", "id": "sha256:1", "location": "train.parquet", "records": 16_150, "periods": 31 },
                { "kind": "previous", "id": "yesterday", "location": "", "records": 880, "periods": 31 },
            ],
            "fields": [field("dep_delay", "drift", "ok"), field("hour", "ok", "ok")], "importance_moved": 0.75,
            "incidents": [main, incident("warning", "data-fault", "carrier", "Mend the data at their source.", &serde_json::Value::Null)],
            "segments": [{ "segment": "origin", "value": "EWR", "records": 310, "field": "dep_delay", "state": "drift", "decisive": test(0.61), "sentence": "" }],
            "quality": [],
            "intake": { "files": 24, "repeated": 0, "refused": 0, "lines": { "read": 900, "accepted": 900, "quarantined": 0, "blank": 0 }, "reasons": {}, "notable": {} },
            "trail": []
        });
        serde_json::from_value(verdict).unwrap()
    }

    #[test]
    fn a_verdict_is_three_sentences_then_the_evidence() {
        let expected = "\
flight-delay  DRIFT
900 records of 2013-07-09 00:00 to 2013-07-10 00:00 UTC against 16,150 of train.parquet

dep_delay moved: its values are higher: mean 21.0, was 9.82.
Why:   The inputs moved. No fault explains dep_delay. Likely.
To do: Consider retraining.
Since 9 July (between 8 and 10 July); against the training data; 62 % of it in origin EWR; 75 % of the model's importance moved.

  field      state  effect                     matters from  p       what happened
  dep_delay  drift  +0.30 sd (+0.26 to +0.34)  0.05          <0.001  its values are higher: mean 21.0, was 9.82 (ok against the day before)
  ok: hour

Within segments:
  segment     records  field      state  effect                     matters from  p
  origin EWR  310      dep_delay  drift  +0.61 sd (+0.57 to +0.65)  0.05          <0.001

Also: carrier, warning, since 9 July (between 8 and 10 July)
  Why:   The data are at fault. No fault explains carrier. Likely.
  To do: Mend the data at their source.

900 lines read.

";
        assert_eq!(of(&verdict(), false), expected);
    }

    #[test]
    fn too_few_records_say_what_would_have_shown() {
        let mut verdict = verdict();
        verdict.state = State::InsufficientData;
        verdict.incidents.clear();
        for field in &mut verdict.fields {
            field.state = State::InsufficientData;
        }
        let text = of(&verdict, false);
        assert!(text.contains("\nWould have shown shifts of 0.20 sd, depending on the field.\n"), "{text}");
        assert!(text.contains("\n  too few to tell: dep_delay (only above 0.20 sd) and hour (only above 0.20 sd)\n"), "{text}");
    }

    #[test]
    fn foreign_text_cannot_command_the_terminal_wherever_it_stands() {
        let mut verdict = verdict();
        let bad = || "\u{1b}[31m\u{202E}x\n".to_owned();
        for incident in &mut verdict.incidents {
            (incident.cause.evidence, incident.action.sentence, incident.fields) = (bad(), bad(), vec![bad()]);
            incident.segment = Some(CarriedBy { segment: bad(), value: bad(), share: 0.5 });
        }
        (verdict.cause.evidence, verdict.action.sentence, verdict.headline) = (bad(), bad(), bad());
        for finding in &mut verdict.segments {
            (finding.segment, finding.value, finding.field, finding.decisive.unit) = (bad(), bad(), bad(), bad());
        }
        let text = of(&verdict, false);
        assert!(!text.contains(['\u{1b}', '\u{202E}']), "{text:?}");
    }
}
