//! What all rules come to, and the sentence above them.

use tidegate_contract::Replace;

use super::Hearing;
use crate::report::{Finding, Outcome, Rule};

/// Fail if any rule fails; otherwise cannot-tell if any cannot tell.
pub(super) fn outcome(rules: &[Rule]) -> Outcome {
    rules.iter().map(|rule| rule.outcome).min().unwrap_or(Outcome::CannotTell)
}

/// The report in a sentence or two: what becomes of the candidate, and the rule that decided it.
pub(super) fn headline(hearing: &Hearing<'_>, outcome: Outcome, finding: Finding, rules: &[Rule]) -> String {
    let version = hearing.input.candidate.version;
    let of = |outcome: Outcome| rules.iter().filter(move |rule| rule.outcome == outcome);
    let all = rules.len();
    let of_champion = rules.iter().find(|rule| rule.name == "champion").map(|rule| rule.sentence.as_str()).unwrap_or_default();
    let champion = hearing.input.champion.map(|champion| champion.version).unwrap_or_default();
    match outcome {
        Outcome::Pass => match finding {
            Finding::NoChampion => format!("{version} may become the first champion: all {all} rules hold."),
            Finding::AsGood => {
                format!("{version} may replace {champion}, which it is as good as; the contract asks for no more. All {all} rules hold.")
            }
            _ => format!("{version} may replace {champion}: it is better, and all {all} rules hold. {of_champion}"),
        },
        Outcome::Fail => {
            let failed: Vec<&Rule> = of(Outcome::Fail).collect();
            let first = failed.first().map(|rule| rule.sentence.as_str()).unwrap_or_default();
            let rules = if failed.len() == 1 { "1 rule".to_owned() } else { format!("{} rules", failed.len()) };
            format!("{version} fails {rules} of {all}. {first}")
        }
        Outcome::CannotTell => {
            let unclear: Vec<&Rule> = of(Outcome::CannotTell).collect();
            let first = unclear.first().map(|rule| rule.sentence.as_str()).unwrap_or_default();
            let is_only_as_good = unclear.len() == 1 && finding == Finding::AsGood && hearing.validation.replace == Replace::WhenBetter;
            if is_only_as_good {
                format!("{version} is as good as {champion}, so {champion} stays. {of_champion}")
            } else {
                format!("{version} fails no rule, but {} of {all} cannot be told. {first}", unclear.len())
            }
        }
    }
}
