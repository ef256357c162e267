//! An examination in words, two screens at most.

use chrono::DateTime;
use tidegate_contract::Contract;

use super::advice::Advice;
use super::examination::Examination;
use crate::sample;
use crate::terminal::{Say, count, counted, line, percent, series, table};

/// Most rows of the table of fields.
const FIELDS: usize = 16;
/// Most pieces of advice.
const ADVICE: usize = 12;
/// Most versions that are named.
const VERSIONS: usize = 5;
const HOUR_MS: f64 = 3_600_000.0;

/// The examination.
pub(super) fn of(found: &Examination, contract: &Contract, is_given: bool, advice: &[Advice]) -> String {
    let mut text = counted(found.files as u64, "file");
    if found.read < found.files {
        text.say(format_args!(", {} of them read", count(found.read as u64)));
    }
    text.say(format_args!(", {}\n\nWhat it is\n", counted(found.records(), "record")));
    for (kind, files) in &found.kinds {
        text.say(format_args!("  {:>7}  {kind}\n", count(*files)));
    }
    for (file, what) in found.documents.iter().take(VERSIONS) {
        text.say(format_args!("  {}: {}\n", line(file, 100), line(what, 200)));
    }
    if found.records() > 0 {
        text.push_str(&mapping(found, contract, is_given));
        text.push_str(&facts(found));
    }
    text.push_str(&mend(advice));
    if !is_given && found.records() > 0 {
        text.push_str("\nNo contract was given, so all of this is guessed. tidegate init writes the guess down.\n");
    }
    text
}

fn mapping(found: &Examination, contract: &Contract, is_given: bool) -> String {
    let by = if is_given { "by the contract" } else { "as guessed" };
    let mut text = format!("\nWhat maps to what, {by}\n");
    let mut rows = vec![["field", "path", "in a record", "read as", "usable"].map(str::to_owned)];
    rows.extend(found.first.iter().take(FIELDS).map(|one| sample::found_row(one, &found.profile)));
    text.push_str(&table(&rows));
    if found.first.len() > FIELDS {
        let more = found.first.len() - FIELDS;
        text.say(format_args!("  … and {more} more of {}\n", counted(contract.features.len() as u64, "feature")));
    }
    text
}

fn facts(found: &Examination) -> String {
    let mut text = String::from("\n");
    if let Some((first, last)) = found.span_ms {
        let minute = |ms| DateTime::from_timestamp_millis(ms).map(|time| time.format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default();
        let hours = ((last - first) as f64 / HOUR_MS).max(1.0);
        let rate = found.timed as f64 / hours;
        let rate = if rate >= 10.0 { format!("{rate:.0} an hour") } else { format!("{:.0} a day", rate * 24.0) };
        let gaps =
            if found.empty_hours > 0 { format!("; {} in between without one", counted(found.empty_hours, "hour")) } else { String::new() };
        text.say(format_args!("When          {} to {} UTC, {rate}{gaps}\n", minute(first), minute(last)));
    }
    let mut versions: Vec<(&String, &u64)> = found.profile.versions.iter().filter(|(version, _)| !version.is_empty()).collect();
    versions.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    if !versions.is_empty() {
        let shown: Vec<String> = versions
            .iter()
            .take(VERSIONS)
            .map(|(version, records)| format!("{} ({})", line(version, 40), percent(**records as f64 / found.records() as f64)))
            .collect();
        let more = if versions.len() > VERSIONS { format!(" and {} more", versions.len() - VERSIONS) } else { String::new() };
        text.say(format_args!("Versions      {}{more}\n", series(&shown)));
    }
    if let Some(truth) = &found.truth {
        let repeated = if truth.repeated > 0 { format!("; {} came again", count(truth.repeated)) } else { String::new() };
        let rate = percent(truth.matched as f64 / truth.labels.max(1) as f64);
        text.say(format_args!(
            "Ground truth  {} of {} name a prediction ({rate}){repeated}\n",
            count(truth.matched),
            counted(truth.labels, "label")
        ));
    }
    text
}

fn mend(advice: &[Advice]) -> String {
    let (faults, notes): (Vec<&Advice>, Vec<&Advice>) = advice.iter().partition(|one| one.is_fault);
    let mut text = String::new();
    if faults.is_empty() {
        text.push_str("\nNothing is in the way of verdicts.\n");
    }
    for (head, list) in [("To mend", faults), ("Good to know", notes)] {
        if list.is_empty() {
            continue;
        }
        text.say(format_args!("\n{head}\n"));
        for one in list.iter().take(ADVICE) {
            text.say(format_args!("  - {}\n", line(&one.problem, 400)));
            if let Some(mend) = &one.mend {
                text.say(format_args!("      → {}\n", line(mend, 400)));
            }
        }
        if list.len() > ADVICE {
            text.say(format_args!("  … and {} more\n", list.len() - ADVICE));
        }
    }
    text
}
