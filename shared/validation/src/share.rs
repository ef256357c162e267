//! A rule about a share of independent things that must not be exceeded.

use tidegate_statistics::interval::{Interval, wilson};

use crate::metrics::CONFIDENCE;
use crate::report::{Outcome, Rule};
use crate::words::count;

/// Whether a share is at most `most`, by its whole 95 % interval (Wilson's): `"4.0 % (3.0–5.4 %) of 1,000 requests had no answer; at most 1 % were asked."`
///
/// Where nothing at all is allowed, one is enough to fail and none to pass: no number of trials would show that a share is zero.
///
/// ```
/// use tidegate_validation::{Outcome, share_rule};
/// let rule = |hits, rows| share_rule("errors", hits, rows, 0.01, "requests", "had no answer", None).outcome;
/// assert_eq!([rule(0, 1_000), rule(50, 1_000), rule(10, 1_000), rule(0, 100)], [Outcome::Pass, Outcome::Fail, Outcome::CannotTell, Outcome::CannotTell]);
/// ```
#[must_use]
pub fn share_rule(name: &str, hits: u64, rows: u64, most: f64, of_what: &str, did: &str, note: Option<String>) -> Rule {
    let asked = format!("at most {} were asked", written(most));
    let note = note.map(|note| format!(" ({note})")).unwrap_or_default();
    let Some(interval) = wilson(hits, rows, CONFIDENCE) else {
        return Rule::new(name, Outcome::CannotTell, format!("There were no {of_what} of which any could have been counted; {asked}."));
    };
    let share = hits as f64 / rows as f64;
    let outcome = match interval {
        _ if most <= 0.0 => {
            if hits == 0 {
                Outcome::Pass
            } else {
                Outcome::Fail
            }
        }
        Interval { high, .. } if high <= most => Outcome::Pass,
        Interval { low, .. } if low > most => Outcome::Fail,
        _ => Outcome::CannotTell,
    };
    let span = format!("{}–{}", percent(interval.low).trim_end_matches(" %"), percent(interval.high));
    let unsure = if outcome == Outcome::CannotTell { ", and chance could have put it on either side" } else { "" };
    let sentence = format!("{} ({span}) of {} {of_what} {did}; {asked}{unsure}{note}.", percent(share), count(rows));
    let mut rule = Rule::new(name, outcome, sentence).measured(share, Some(interval), rows);
    rule.maximum = crate::report::finite(most);
    rule
}

/// A share that was measured: one decimal, and more where it takes them to see it.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let decimals = (1..5).find(|decimals| percent == 0.0 || percent * 10_f64.powi(*decimals) >= 0.5).unwrap_or(5);
    format!("{percent:.*} %", usize::try_from(decimals).unwrap_or(1))
}

/// A share that somebody wrote: as they did.
fn written(share: f64) -> String {
    let percent = format!("{:.4}", share * 100.0);
    format!("{} %", percent.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_has_the_numbers() {
        let rule = share_rule("errors", 2, 1_000, 0.005, "requests", "had no answer", Some("status 503".to_owned()));
        assert_eq!(
            rule.sentence,
            "0.2 % (0.1–0.7 %) of 1,000 requests had no answer; at most 0.5 % were asked, and chance could have put it on either side (status 503)."
        );
        assert_eq!((rule.value, rule.maximum, rule.rows), (Some(0.002), Some(0.005), Some(1_000)));
    }

    #[test]
    fn none_at_all_is_a_limit_of_its_own() {
        let outcome = |hits, rows| share_rule("wrong", hits, rows, 0.0, "answers", "were wrong", None).outcome;
        assert_eq!([outcome(0, 10), outcome(1, 10_000), outcome(0, 0)], [Outcome::Pass, Outcome::Fail, Outcome::CannotTell]);
    }
}
