//! A sample of a scoring log, read as a contract says: what a record maps to, and how much of it can be read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tidegate_contract::{Contract, FieldRole};
use tidegate_intake::{Explained, Found, FoundValue, IntakeError, Layout, Summary};
use tidegate_monitoring::reason_in_words;
use tidegate_profile::{FieldProfile, Lines, Profile, Profiler};

use crate::desk::{self, Batches};
use crate::error::CliError;
use crate::files::{self, Progress};
use crate::terminal::{Say, count, counted, line, percent, series, table};

/// A sample of a scoring log, read as the contract says.
pub(crate) struct Sample {
    path: PathBuf,
    /// What the first record maps to, or why no record could be read.
    first: Result<Explained, IntakeError>,
    summary: Summary,
    first_rejected: Option<String>,
    profile: Profile,
}

impl Sample {
    pub(crate) fn read(contract: &Contract, path: &Path) -> Result<Self, CliError> {
        let plan = desk::plan(contract, Layout::Logs, path)?;
        let first = tidegate_intake::explain_record(&plan, &files::sample(path)?);
        let profiler = Profiler::new(plan.fields(), None);
        let mut profile = profiler.start();
        let mut sink = Batches::new(|_, batch, facts| Ok(profiler.observe(&mut profile, batch, facts)?));
        let paths = [path.to_owned()];
        let summary = desk::read(&plan, path, &Progress::over("reading the sample", &paths), &mut sink)?;
        let first_rejected = sink.first_rejected.take();
        Ok(Self { path: path.to_owned(), first, summary, first_rejected, profile })
    }

    /// Names of the contract's features of which the sample holds not one usable value.
    fn absent<'c>(&self, contract: &'c Contract) -> Vec<&'c str> {
        let is_absent = |name: &str| self.profile.fields.iter().any(|field| field.name == name && field.present == 0);
        contract.features.iter().map(|feature| feature.name.as_str()).filter(|name| is_absent(name)).collect()
    }

    pub(crate) fn has_faults(&self) -> bool {
        let is_feature_without_value = |field: &FieldProfile| field.role == FieldRole::Feature && field.present == 0;
        let is_empty = self.summary.lines.accepted == 0 && self.summary.waiting == 0;
        self.summary.lines.quarantined > 0
            || is_empty
            || self.summary.lines.accepted > 0 && self.profile.fields.iter().any(is_feature_without_value)
    }

    pub(crate) fn says(&self, contract: &Contract) -> String {
        let mut text = format!("\nSample {}\n", self.path.display());
        match &self.first {
            Ok(Explained { found, .. }) => {
                text.push_str("The first record maps to:\n");
                let mut rows = vec![["field", "path", "in the record", "read as", "usable in the sample"].map(str::to_owned)];
                rows.extend(found.iter().map(|found| found_row(found, &self.profile)));
                text.push_str(&table(&rows));
            }
            Err(error) => text.say(format_args!("No record of it could be read: {error}.\n")),
        }
        text.push_str(&self.lines());
        let absent = self.absent(contract);
        if !absent.is_empty() && self.summary.lines.accepted > 0 {
            text.say(format_args!(
                "Without one usable value: {}. Is their path right (record.features, or the feature's own path)?\n",
                series(&absent)
            ));
        }
        let unexpected: Vec<String> = self.profile.unexpected.keys().map(|name| line(name, 60)).collect();
        if !unexpected.is_empty() {
            text.say(format_args!("In the records, and not in the contract: {}.\n", series(&unexpected)));
        }
        text
    }

    /// The first record as it was logged, and as it is stored.
    pub(crate) fn before_and_after(&self) -> String {
        let Ok(first) = &self.first else { return String::new() };
        let after = serde_json::to_string_pretty(&first.after()).unwrap_or_default();
        format!("\nBefore, as it was logged:\n{}\n\nAfter, as it is stored:\n{}\n", printable(&first.before), printable(&after))
    }

    fn lines(&self) -> String {
        let lines = self.summary.lines;
        let format = self.summary.format.map(|format| {
            let log = self.summary.log.map(|log| format!("{}, ", log.says())).unwrap_or_default();
            format!(" ({log}{}, {})", format.name(), self.summary.compression.name())
        });
        let format = format.unwrap_or_default();
        let mut text =
            format!("{} of {}{format} can be read.\n", count(lines.accepted), counted(lines.read - lines.blank.min(lines.read), "line"));
        if self.summary.waiting > 0 {
            let halves = counted(self.summary.waiting, "request or response");
            text.say(format_args!("{halves} more without the other half in this file: they are joined across files by their id.\n"));
        }
        if lines.quarantined > 0 {
            let reasons: Vec<String> =
                self.summary.reasons.iter().map(|(reason, lines)| format!("{} ({})", reason_in_words(reason), count(*lines))).collect();
            let first = self.first_rejected.as_deref().map(|first| format!("; the first is {}", line(first, 200))).unwrap_or_default();
            text.say(format_args!("{} would be put aside: {}{first}.\n", counted(lines.quarantined, "line"), series(&reasons)));
        }
        text
    }
}

/// A text that a terminal can show: no control character but line breaks, and not longer than anyone reads.
fn printable(text: &str) -> String {
    const LONGEST: usize = 4_000;
    let shown: String =
        text.chars().take(LONGEST).map(|character| if character == '\n' { character } else { visible(character) }).collect();
    if text.chars().count() > LONGEST { format!("{shown} …") } else { shown }
}

fn visible(character: char) -> char {
    if character.is_control() { ' ' } else { character }
}

/// What was found for one field, as a row: field, path, as written, as read, and how much of it is usable.
pub(crate) fn found_row(found: &Found, profile: &Profile) -> [String; 5] {
    let usable = profile.fields.iter().find(|field| field.name == found.name).map(|field| {
        let wrong = if field.wrong_type > 0 {
            format!(", {} of another type", percent(field.wrong_type as f64 / profile.records.max(1) as f64))
        } else {
            String::new()
        };
        let odd = if field.out_of_range > 0 { format!(", {} out of range", count(field.out_of_range)) } else { String::new() };
        format!("{}{wrong}{odd}", percent(field.present as f64 / profile.records.max(1) as f64))
    });
    let raw = found.raw.as_deref().map_or("nothing".to_owned(), |raw| line(raw, 40));
    [line(&found.name, 63), line(&found.path, 60), raw, value(&found.value), usable.unwrap_or_default()]
}

fn value(value: &FoundValue) -> String {
    match value {
        FoundValue::Number(number) => format!("number {number}"),
        FoundValue::Infinite(number) => format!("{number}: counted, not used"),
        FoundValue::Text(text) => format!("text {}", line(text, 40)),
        FoundValue::Time(ms) => {
            let time = chrono::DateTime::from_timestamp_millis(*ms).map(|time| time.format("%Y-%m-%d %H:%M:%S%.3f UTC").to_string());
            format!("time {}", time.unwrap_or_else(|| ms.to_string()))
        }
        FoundValue::Missing => "missing".to_owned(),
        FoundValue::WrongType(found) => format!("of another type: {}", line(found, 60)),
    }
}

/// What a sample showed, for programs.
#[derive(Debug, Serialize)]
pub(crate) struct SampleFindings<'a> {
    lines: Lines,
    reasons: &'a BTreeMap<String, u64>,
    first_rejected: Option<&'a str>,
    fields: Vec<FieldFindings<'a>>,
}

#[derive(Debug, Serialize)]
struct FieldFindings<'a> {
    name: &'a str,
    path: &'a str,
    raw: Option<&'a str>,
    value: String,
}

impl<'a> SampleFindings<'a> {
    pub(crate) fn of(sample: &'a Sample) -> Self {
        let fields = sample.first.iter().flat_map(|first| &first.found);
        Self {
            lines: sample.summary.lines,
            reasons: &sample.summary.reasons,
            first_rejected: sample.first_rejected.as_deref(),
            fields: fields
                .map(|found| FieldFindings { name: &found.name, path: &found.path, raw: found.raw.as_deref(), value: value(&found.value) })
                .collect(),
        }
    }
}
