//! A replay of plain files, without any lake: both sides are judged here.

use tidegate_contract::Contract;
use tidegate_monitoring::Window;
use tidegate_profile::Baseline;
use tidegate_report::{Page, render};

use super::compare::Compared;
use super::said::Said;
use super::{Arguments, HOUR_MS, Replayed, bar, lengths, tasks, write};
use crate::desk::{self, Hours};
use crate::error::CliError;
use crate::{files, terminal};

const DAY_MS: i64 = 24 * HOUR_MS;

/// Records and baseline as one contract reads them.
#[derive(Clone, Copy)]
struct Side<'a> {
    contract: &'a Contract,
    baseline: &'a Baseline,
    hours: &'a Hours,
}

/// Judges every window of the period under the contract, and under the recorded one if there is one.
pub(super) fn replay(arguments: &Arguments, contract: &Contract, recorded: Option<&Contract>) -> Result<Replayed, CliError> {
    let read = |contract: &Contract| -> Result<(Baseline, Hours), CliError> {
        let (baseline_files, current_files) = (files::expand(&arguments.baseline)?, files::expand(&arguments.current)?);
        if !desk::any_has_time(contract, &current_files)? {
            let path = current_files.first().cloned().unwrap_or_default();
            return Err(CliError::NoTime { path, at: contract.record.timestamp.clone() });
        }
        let baseline = desk::baseline(contract, &baseline_files)?;
        let hours = desk::current(contract, &current_files, true, Some(&baseline))?;
        Ok((baseline, hours))
    };
    let (baseline, hours) = read(contract)?;
    let now = Side { contract, baseline: &baseline, hours: &hours };
    // Read again only if the other contract reads or counts records otherwise.
    let other = recorded.filter(|recorded| !is_read_alike(contract, recorded)).map(read).transpose()?;
    let before = recorded.map(|recorded| match &other {
        Some((baseline, hours)) => Side { contract: recorded, baseline, hours },
        None => Side { contract: recorded, ..now },
    });

    let span = hours.span().unwrap_or(Window { start_ms: 0, end_ms: 0 });
    // Without a period: the windows that the files hold the whole of, as far as their first and last hours tell.
    let first_day = span.start_ms.div_euclid(DAY_MS) * DAY_MS;
    let after_ms = |length: tidegate_contract::WindowLength| {
        arguments.from.map_or(first_day + i64::from(length.as_hours()) * HOUR_MS - 1, |from| from.0)
    };
    let tasks = tasks(&lengths(arguments, contract), after_ms, arguments.to.map_or(span.end_ms, |to| to.0));
    let bar = bar("judging again", tasks.len());
    let mut compared = Vec::with_capacity(tasks.len());
    for task in tasks {
        let judge = |side: &Side<'_>| side.hours.judge_window(side.contract, side.baseline, task.window, true);
        let said = |judged: &desk::Judged| Said::read(terminal::json(&judged.verdict).as_bytes()).map_err(CliError::Verdict);
        let judged = judge(&now)?;
        let before = before.as_ref().map(|before| said(&judge(before)?)).transpose()?;
        if let Some(folder) = &arguments.report {
            let page = Page { contract, verdict: &judged.verdict, current: &judged.current.profile, baseline: Some(&baseline) };
            write(folder, &contract.model, &task, terminal::json(&judged.verdict).as_bytes(), &render(&page))?;
        }
        compared.push(Compared::new(task, before, said(&judged)?));
        bar.inc(1);
    }
    bar.finish_and_clear();
    let notes = if recorded.is_some() { Vec::new() } else { vec![ALONE.to_owned()] };
    Ok(Replayed { model: contract.model.clone(), compared, notes })
}

/// What is said when there is nothing to compare with.
const ALONE: &str = "Files record no verdicts: with --recorded-contract, what another contract says stands beside these.";

/// Whether two contracts read the same from records and count it alike.
fn is_read_alike(a: &Contract, b: &Contract) -> bool {
    a.fields() == b.fields() && a.record == b.record && a.monitoring.bad_lines.to_bits() == b.monitoring.bad_lines.to_bits()
}
