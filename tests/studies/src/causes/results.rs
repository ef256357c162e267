//! What came out: a table of what was planted against what was called, its plot, and in how many cases it was right.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use plotters::prelude::*;
use tidegate_monitoring::{ActionKind, CauseKind, Onset};

use super::records::{DAY_MS, HOUR_MS};
use super::trouble::{Call, Trouble};

/// One plant and what the verdict said.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) world: &'static str,
    pub(crate) trouble: Trouble,
    /// What was planted.
    pub(crate) words: String,
    pub(crate) call: Call,
    pub(crate) said: String,
    /// Whether any incident asks to retrain.
    pub(crate) asks_to_retrain: bool,
    pub(crate) began_ms: Option<i64>,
    pub(crate) onset: Option<Onset>,
    pub(crate) trail_begins_ms: i64,
}

impl Outcome {
    fn right_cause(&self) -> bool {
        let truth = self.trouble.truth();
        (truth.kind, truth.fault) == (self.call.kind, self.call.fault)
    }

    fn right_action(&self) -> bool {
        self.trouble.truth().action == self.call.action
    }

    fn is_fault(&self) -> bool {
        self.trouble.truth().kind == CauseKind::DataFault
    }
}

/// Every outcome.
#[derive(Debug, Clone)]
pub(crate) struct Results {
    pub(crate) outcomes: Vec<Outcome>,
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

impl Results {
    fn count(&self, is: impl Fn(&Outcome) -> bool) -> usize {
        self.outcomes.iter().filter(|outcome| is(outcome)).count()
    }

    /// Share of the plants whose cause, fault and action were all right.
    pub(crate) fn right(&self) -> f64 {
        share(self.count(|outcome| outcome.right_cause() && outcome.right_action()), self.outcomes.len())
    }

    /// Data faults on which any incident asked to retrain.
    pub(crate) fn retrained_on_a_fault(&self) -> usize {
        self.count(|outcome| outcome.is_fault() && (outcome.asks_to_retrain || outcome.call.action == ActionKind::Retrain))
    }

    fn kinds(&self) -> Vec<Trouble> {
        Trouble::ALL.into_iter().filter(|kind| self.outcomes.iter().any(|outcome| outcome.trouble == *kind)).collect()
    }

    /// Kinds of calls that occur, in the order of the kinds that they would be right for.
    fn calls(&self) -> Vec<&'static str> {
        let mut words: Vec<&'static str> = Vec::new();
        let right = self.kinds().into_iter().map(|kind| kind.truth().cause_word());
        for word in right.chain(self.outcomes.iter().map(|outcome| outcome.call.cause_word())) {
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words
    }

    fn of_kind(&self, kind: Trouble, call: &str) -> usize {
        self.count(|outcome| outcome.trouble == kind && outcome.call.cause_word() == call)
    }

    /// One line.
    pub(crate) fn summary(&self) -> String {
        let all = self.outcomes.len();
        let (cause, action) = (self.count(Outcome::right_cause), self.count(Outcome::right_action));
        let by_world: Vec<String> =
            self.worlds().into_iter().map(|(world, (right, of))| format!("{world} {:.1} %", 100.0 * share(right, of))).collect();
        format!(
            "{all} plants: cause right in {:.1} %, action right in {:.1} %, both in {:.1} % ({}); retraining proposed on a data fault: {}",
            100.0 * share(cause, all),
            100.0 * share(action, all),
            100.0 * self.right(),
            by_world.join(", "),
            self.retrained_on_a_fault()
        )
    }

    fn worlds(&self) -> BTreeMap<&'static str, (usize, usize)> {
        let mut worlds: BTreeMap<&'static str, (usize, usize)> = BTreeMap::new();
        for outcome in &self.outcomes {
            let (right, all) = worlds.entry(outcome.world).or_default();
            *right += usize::from(outcome.right_cause() && outcome.right_action());
            *all += 1;
        }
        worlds
    }

    /// What was planted against what was called.
    pub(crate) fn table(&self) -> String {
        let calls = self.calls();
        let mut text = format!("| planted | n | {} | cause right | action right |\n", calls.join(" | "));
        let _ = writeln!(text, "|---|---|{}---|---|", "---|".repeat(calls.len()));
        for kind in self.kinds() {
            let all = self.count(|outcome| outcome.trouble == kind);
            let counts = calls.iter().map(|call| match self.of_kind(kind, call) {
                0 => String::new(),
                count if *call == kind.truth().cause_word() => format!("**{count}**"),
                count => count.to_string(),
            });
            let right = |is: fn(&Outcome) -> bool| 100.0 * share(self.count(|outcome| outcome.trouble == kind && is(outcome)), all);
            let _ = writeln!(
                text,
                "| {} | {all} | {} | {:.0} % | {:.0} % |",
                kind.words(),
                counts.collect::<Vec<_>>().join(" | "),
                right(Outcome::right_cause),
                right(Outcome::right_action)
            );
        }
        text
    }

    /// Actions by what would have been right.
    fn actions(&self) -> String {
        let words = ["mend", "retrain", "investigate", "watch", "nothing", "supply"];
        let mut text = format!("| right | {} |\n|---|{}\n", words.join(" | "), "---|".repeat(words.len()));
        for right in words {
            let of = |word: &str| self.count(|o| o.trouble.truth().action_word() == right && o.call.action_word() == word);
            let counts: Vec<usize> = words.iter().map(|word| of(word)).collect();
            if counts.iter().sum::<usize>() > 0 {
                let cells = words.iter().zip(&counts).map(|(word, count)| match count {
                    0 => String::new(),
                    count if *word == right => format!("**{count}**"),
                    count => count.to_string(),
                });
                let _ = writeln!(text, "| {right} | {} |", cells.collect::<Vec<_>>().join(" | "));
            }
        }
        text
    }

    /// When it began, as far as the days tell.
    fn beginnings(&self) -> String {
        let planted: Vec<(&Outcome, i64)> = self
            .outcomes
            .iter()
            .filter_map(|outcome| Some((outcome, outcome.began_ms?)))
            .filter(|(outcome, began)| outcome.right_cause() && *began >= outcome.trail_begins_ms + DAY_MS)
            .collect();
        let told: Vec<(&Onset, i64)> = planted.iter().filter_map(|(outcome, began)| Some((outcome.onset.as_ref()?, *began))).collect();
        let day = |ms: i64| ms.div_euclid(DAY_MS) * DAY_MS;
        let is_day = told.iter().filter(|(onset, began)| onset.at_ms == day(*began)).count();
        let near = told.iter().filter(|(onset, began)| (onset.at_ms - day(*began)).abs() <= DAY_MS + HOUR_MS).count();
        let held = told.iter().filter(|(onset, began)| (onset.earliest_ms..=onset.latest_ms + DAY_MS).contains(began)).count();
        format!(
            "Of {} plants whose cause was right, the day on which it began was told in {} ({:.0} %): the very day in {:.0} %, within a day in {:.0} %; the range of days that it gave held it in {:.0} %.",
            planted.len(),
            told.len(),
            100.0 * share(told.len(), planted.len()),
            100.0 * share(is_day, told.len()),
            100.0 * share(near, told.len()),
            100.0 * share(held, told.len())
        )
    }

    /// Every verdict that was not right.
    pub(crate) fn wrong(&self) -> String {
        let mut text = String::new();
        for outcome in self
            .outcomes
            .iter()
            .filter(|outcome| !(outcome.right_cause() && outcome.right_action()) || (outcome.is_fault() && outcome.asks_to_retrain))
        {
            let _ = writeln!(
                text,
                "{}: {} ({}) → {}, {}{}: {}",
                outcome.world,
                outcome.trouble.words(),
                outcome.words,
                outcome.call.cause_word(),
                outcome.call.action_word(),
                if outcome.asks_to_retrain { " [some incident asks to retrain]" } else { "" },
                outcome.said
            );
        }
        text
    }

    /// The page of results.
    pub(crate) fn page(&self, command: &str) -> String {
        format!(
            "# Planted causes\n\nMade by `{command}`.\n\n{}.\n\n![What was planted against what was called](causes.svg)\n\n## Causes\n\n\
             Rows: what was planted into windows of 3, 5 or 7 days; field, severity, part of the records and beginning drawn at random. Columns: the cause \
             of the main incident. Bold: right.\n\n{}\n## Actions\n\nRows: the right action. Columns: what the verdict said.\n\n{}\n## Beginnings\n\n{}\n",
            self.summary(),
            self.table(),
            self.actions(),
            self.beginnings()
        )
    }

    /// The table of causes as a plot.
    pub(crate) fn plot(&self) -> anyhow::Result<String> {
        const CELL: i32 = 34;
        const LEFT: i32 = 270;
        const TOP: i32 = 96;
        let (kinds, calls) = (self.kinds(), self.calls());
        let at = |place: usize| i32::try_from(place).unwrap_or(i32::MAX / CELL) * CELL;
        let size = (u32::try_from(LEFT + at(calls.len()) + 20)?, u32::try_from(TOP + at(kinds.len()) + 20)?);
        let mut text = String::new();
        {
            let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
            area.fill(&WHITE)?;
            let label = ("sans-serif", 13).into_font().color(&BLACK);
            for (column, call) in calls.iter().enumerate() {
                let style = label.clone().transform(FontTransform::Rotate270);
                area.draw_text(call, &style, (LEFT + at(column) + 10, TOP - 8))?;
            }
            for (row, kind) in kinds.iter().enumerate() {
                area.draw_text(kind.words(), &label, (8, TOP + at(row) + 10))?;
                let all = self.count(|outcome| outcome.trouble == *kind);
                for (column, call) in calls.iter().enumerate() {
                    let count = self.of_kind(*kind, call);
                    let is_right = *call == kind.truth().cause_word();
                    let colour = if is_right { RGBColor(31, 119, 80) } else { RGBColor(190, 60, 40) };
                    let corners = [(LEFT + at(column), TOP + at(row)), (LEFT + at(column) + CELL - 2, TOP + at(row) + CELL - 2)];
                    area.draw(&Rectangle::new(corners, RGBColor(240, 240, 240).filled()))?;
                    area.draw(&Rectangle::new(corners, colour.mix(share(count, all)).filled()))?;
                    if count > 0 {
                        let ink = if share(count, all) > 0.5 { &WHITE } else { &BLACK };
                        let style = ("sans-serif", 12).into_font().color(ink);
                        area.draw_text(&format!("{:.0}", 100.0 * share(count, all)), &style, (LEFT + at(column) + 6, TOP + at(row) + 11))?;
                    }
                }
            }
            area.present()?;
        }
        Ok(text)
    }
}
