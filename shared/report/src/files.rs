//! What intake made of the files: read, repeated, refused, and the lines it put aside.

use maud::{Markup, html};

use crate::escape::Plain;
use crate::page::Sheet;
use crate::words;

/// At most so many reasons are shown.
const MOST_REASONS: usize = 12;
/// At most so many files are named.
const MOST_FILES: usize = 20;

/// Files and lines, in words, then the reasons and the files worth naming.
pub(crate) fn files(sheet: &Sheet<'_>) -> Markup {
    let intake = &sheet.page.verdict.intake;
    let mut reasons: Vec<(&String, u64)> = intake.reasons.iter().map(|(reason, count)| (reason, *count)).collect();
    reasons.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(other.0)));
    let more_reasons = reasons.len().saturating_sub(MOST_REASONS);
    let more_files = intake.notable.len().saturating_sub(MOST_FILES);
    html! {
        section #files aria-labelledby="files-h" {
            h2 #files-h { "Files and lines" }
            p {
                (words::counted(intake.files, "file", "files")) " with " (words::counted(intake.lines.read, "line", "lines")) ": "
                strong { (words::count(intake.lines.accepted)) } " became records, "
                strong { (words::count(intake.lines.quarantined)) } " went into quarantine"
                @if intake.lines.blank > 0 { ", " (words::count(intake.lines.blank)) " were blank" }
                "."
                @if intake.repeated > 0 { " " (repeated(intake.repeated)) }
                @if intake.refused > 0 { " " (refused(intake.refused)) }
            }
            @if !reasons.is_empty() {
                table.tests {
                    caption { "Why lines went into quarantine" }
                    thead { tr { th scope="col" { "Reason" } th.n scope="col" { "Lines" } } }
                    tbody {
                        @for (reason, count) in reasons.iter().take(MOST_REASONS) {
                            tr { th scope="row" { (sheet.censor.sentence(tidegate_monitoring::reason_in_words(reason))) } td.n { (words::count(*count)) } }
                        }
                    }
                }
                @if more_reasons > 0 { p.more { "and " (words::count(more_reasons as u64)) " more, see verdict.json" } }
            }
            @if !intake.notable.is_empty() {
                details {
                    summary { "Files worth a look (" (words::count(intake.notable.len() as u64)) ")" }
                    dl.named {
                        @for (location, reason) in intake.notable.iter().take(MOST_FILES) {
                            div { dt { bdi { (Plain::location(location)) } } dd { (sheet.censor.sentence(tidegate_monitoring::reason_in_words(reason))) } }
                        }
                    }
                    @if more_files > 0 { p.more { "and " (words::count(more_files as u64)) " more, see verdict.json" } }
                }
            }
        }
    }
}

fn repeated(count: u64) -> String {
    if count == 1 {
        "One file repeated another's content and was counted once.".into()
    } else {
        format!("{} files repeated others' content and were counted once.", words::count(count))
    }
}

fn refused(count: u64) -> String {
    if count == 1 {
        "One file was left out, because too many of its lines could not be read.".into()
    } else {
        format!("{} files were left out, because too many of their lines could not be read.", words::count(count))
    }
}
