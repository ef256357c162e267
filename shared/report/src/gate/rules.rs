//! Every rule with what it came to: those that failed, those that cannot be told, those that passed.

use maud::{Markup, html};
use tidegate_contract::{Metric, Task};
use tidegate_validation::report::Part;
use tidegate_validation::{Outcome, Rule};

use super::mark::Mark;
use super::{Sheet, tally};
use crate::escape::Plain;
use crate::words;

/// The section.
pub(super) fn rules(sheet: &Sheet<'_>) -> Markup {
    let report = sheet.report;
    let mut rules: Vec<&Rule> = report.rules.iter().collect();
    rules.sort_by_key(|rule| rule.outcome);
    let more = rules.len().saturating_sub(sheet.room.rules);
    rules.truncate(sheet.room.rules);
    let headings = [
        (Outcome::Fail, "Failed", "Shown not to hold."),
        (Outcome::CannotTell, "Cannot be told", "Neither shown to hold nor shown not to: this never passes by itself."),
        (Outcome::Pass, "Passed", "Shown to hold."),
    ];
    html! {
        section #rules aria-labelledby="rules-h" {
            h2 #rules-h { "Rules" span.tally { (words::counted(report.rules.len() as u64, "rule", "rules")) } }
            p { "A limit holds when the whole 95% interval meets it; a value on its right side is not enough." }
            @for ((outcome, heading, says), count) in headings.into_iter().zip(tally(report)) {
                @if count > 0 {
                    h3 { (heading) span.tally { (words::count(count)) } }
                    p.note { (says) }
                    ul.findings.verdicts { @for rule in rules.iter().filter(|rule| rule.outcome == outcome) { (entry(sheet, rule)) } }
                }
            }
            @if more > 0 { p.more { "and " (words::count(more as u64)) " more, see gate.json" } }
        }
    }
}

fn entry(sheet: &Sheet<'_>, rule: &Rule) -> Markup {
    let mark = Mark(rule.outcome);
    let count = rule.parts.len() as u64;
    html! {
        li.(mark.class()) {
            div.what { (mark) h4 { bdi { (Plain::location(&title(&rule.name))) } } }
            p { (sheet.sentence(&rule.sentence)) }
            @if count > 0 {
                @if rule.outcome == Outcome::Pass {
                    details { summary { (words::counted(count, "part", "parts")) } (parts(sheet, rule)) }
                } @else {
                    (parts(sheet, rule))
                }
            }
        }
    }
}

/// A rule's name for people; a rule that this page does not know keeps the name that it has.
pub(crate) fn title(name: &str) -> String {
    let metric = |name: &str| {
        let known =
            [Task::Binary, Task::Multiclass, Task::Regression].into_iter().flat_map(Metric::of).find(|metric| metric.name() == name);
        known.map_or_else(|| name.replace('_', " "), |metric| metric.title().to_owned())
    };
    match name.split_once(':') {
        Some(("limit", limited)) => format!("Limit of {}", metric(limited)),
        Some(("segments", segment)) => format!("Segments by {segment}"),
        Some(("fairness", rest)) => match rest.rsplit_once(':') {
            Some((feature, measure)) => format!("Fairness by {feature}: {}", measure.replace('_', " ")),
            None => format!("Fairness by {rest}"),
        },
        Some(("endpoint", measure)) => match measure {
            "errors" => "Served under load: errors".to_owned(),
            "latency_p50_ms" => "Served under load: response time, median".to_owned(),
            "latency_p99_ms" => "Served under load: response time, 99th percentile".to_owned(),
            "answers" => "Served under load: the candidate's answers".to_owned(),
            other => format!("Served under load: {}", other.replace('_', " ")),
        },
        Some(_) => name.to_owned(),
        None => match name {
            "rows" => "Enough rows".to_owned(),
            "complete" => "An answer for every row".to_owned(),
            "training_overlap" => "No row known from training".to_owned(),
            "champion" => "Against the champion".to_owned(),
            "champion_predictions" => "The champion's answers".to_owned(),
            "live" => "In live traffic".to_owned(),
            "latency_p50_ms" => "Latency, median".to_owned(),
            "latency_p99_ms" => "Latency, 99th percentile".to_owned(),
            "artifact_bytes" => "Artifact's size".to_owned(),
            "claims" => "The team's own figures".to_owned(),
            other => words::sentence_start(&other.replace('_', " ")),
        },
    }
}

/// Those that failed, those that cannot be told, those that passed, those that were not judged; each from the least improvement on.
fn ordered(parts: &[Part]) -> Vec<&Part> {
    let mut ordered: Vec<&Part> = parts.iter().collect();
    ordered.sort_by(|one, other| {
        let key = |part: &Part| (part.reason.is_some(), part.outcome);
        let improvement = |part: &Part| part.improvement.unwrap_or(f64::INFINITY);
        key(one).cmp(&key(other)).then(improvement(one).total_cmp(&improvement(other))).then_with(|| one.name.cmp(&other.name))
    });
    ordered
}

fn parts(sheet: &Sheet<'_>, rule: &Rule) -> Markup {
    let more = rule.parts.len().saturating_sub(sheet.room.parts);
    html! {
        table.tests.stacked.parts {
            caption { "Part by part, the least improvement first; intervals at 95%, not corrected for the number of parts" }
            thead {
                tr {
                    th scope="col" { "Part" }
                    th.n scope="col" { "Candidate" }
                    th.n scope="col" { "Champion" }
                    th.n scope="col" { "Better by" }
                }
            }
            tbody {
                @for part in ordered(&rule.parts).into_iter().take(sheet.room.parts) {
                    tr {
                        th scope="row" {
                            bdi { (Plain::name(&part.name)) }
                            small { (words::counted(part.rows, "row", "rows")) }
                            @if part.reason.is_none() { small { (Mark(part.outcome)) } }
                        }
                        (cells(part))
                    }
                }
            }
        }
        @if more > 0 { p.more { "and " (words::count(more as u64)) " more, see gate.json" } }
    }
}

fn cells(part: &Part) -> Markup {
    if let Some(reason) = &part.reason {
        return html! { td colspan="3" { span.muted { "Not judged: " (Plain::location(reason)) } } };
    }
    let figure = |value: Option<f64>| value.map_or_else(|| words::NONE.to_owned(), |value| words::estimate(value, part.interval).0);
    html! {
        td.n { (figure(part.candidate)) }
        td.n { (figure(part.champion)) }
        td.n {
            (figure(part.improvement))
            @if let Some(interval) = part.improvement.and_then(|value| words::estimate(value, part.interval).1) { small { (interval) } }
            @if let Some(p) = part.p_adjusted.filter(|_| part.outcome != Outcome::Pass) { small { (words::p_value(p)) ", corrected" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_have_names_that_people_read() {
        let titles = [
            "limit:roc_auc",
            "limit:new_metric",
            "segments:origin",
            "fairness:sex:equalized_odds_difference",
            "fairness:a:b:equalized_odds_ratio",
            "training_overlap",
            "answers_under_load",
            "load:p99",
            "",
        ]
        .map(title);
        assert_eq!(
            titles.each_ref().map(String::as_str),
            [
                "Limit of ROC AUC",
                "Limit of new metric",
                "Segments by origin",
                "Fairness by sex: equalized odds difference",
                "Fairness by a:b: equalized odds ratio",
                "No row known from training",
                "Answers under load",
                "load:p99",
                "",
            ]
        );
    }

    #[test]
    fn the_part_that_failed_stands_first_and_the_one_that_was_not_judged_last() {
        let part = |name: &str, outcome, improvement: Option<f64>| Part {
            name: name.to_owned(),
            outcome,
            candidate: None,
            champion: None,
            improvement,
            interval: None,
            rows: 1,
            p_adjusted: None,
            reason: improvement.is_none().then(|| "1 row, fewer than 100".to_owned()),
        };
        let parts = [
            part("small", Outcome::CannotTell, None),
            part("good", Outcome::Pass, Some(0.2)),
            part("fair", Outcome::Pass, Some(-0.01)),
            part("bad", Outcome::Fail, Some(-0.2)),
        ];
        assert_eq!(ordered(&parts).iter().map(|part| part.name.as_str()).collect::<Vec<_>>(), ["bad", "fair", "good", "small"]);
    }
}
