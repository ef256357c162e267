//! What happens next and until when, in words.

use super::Decision;
use crate::{dates, words};

const MINUTE_MS: i64 = 60_000;

/// A length of time to about two figures: `2 days and 4 hours`, `35 minutes`, `less than a minute`.
pub(super) fn length(ms: i64) -> String {
    let unit = |count: i64, one: &str, many: &str| words::counted(count.unsigned_abs(), one, many);
    let (days, hours, minutes) = (ms / dates::DAY_MS, ms / dates::HOUR_MS % 24, ms / MINUTE_MS % 60);
    let parts = match (days, hours, minutes) {
        (0, 0, 0) => return "less than a minute".to_owned(),
        (0, 0, _) => vec![unit(minutes, "minute", "minutes")],
        (0, _, 0) => vec![unit(hours, "hour", "hours")],
        (0, _, _) => vec![unit(hours, "hour", "hours"), unit(minutes, "minute", "minutes")],
        (_, 0, _) => vec![unit(days, "day", "days")],
        _ => vec![unit(days, "day", "days"), unit(hours, "hour", "hours")],
    };
    words::series(&parts)
}

/// Until when it can be decided: `Fri 5 July 2013, 00:00 UTC, in 2 days and 4 hours`.
#[must_use]
pub fn expiry(decision: &Decision<'_>) -> String {
    let (at, left) = (dates::instant(decision.expires_at_ms), decision.expires_at_ms - decision.now_ms);
    if left > 0 { format!("{at} UTC, in {}", length(left)) } else { format!("{at} UTC, which is over") }
}

/// What becomes of the version once `more` people have approved it beside those who have.
#[must_use]
pub fn after_approval(decision: &Decision<'_>, more: u32) -> String {
    let missing = decision.needed.saturating_sub(decision.approvals().saturating_add(more));
    if missing > 0 {
        let others = words::counted(missing.into(), "more approval is", "more approvals are");
        let after = if more > 0 { "After yours, " } else { "" };
        return format!("{after}{others} needed; until then nothing changes.");
    }
    let place = decision.champion.map_or_else(String::new, |champion| format!(", in place of version {champion}"));
    let becomes = format!("version {} becomes champion in {}{place}", decision.version, decision.stage);
    let when = if decision.hold_ms > 0 {
        format!("It is held back for {}, in which it can still be withdrawn. Then {becomes}.", length(decision.hold_ms))
    } else {
        format!("Within moments {becomes}.")
    };
    match decision.stage {
        "dev" => format!("{when} It is then offered to test, where it is judged again on test's data."),
        "test" => format!("{when} It is then offered to prod, where it is judged again and others decide."),
        _ => when,
    }
}

/// Who has not decided yet, besides the person who looks: `risk@example.com`; `None` if nobody.
#[must_use]
pub fn still_to_say(decision: &Decision<'_>) -> Option<String> {
    let waiting = decision.voters.iter().filter(|voter| voter.said.is_none() && voter.person != decision.you);
    let waiting: Vec<&str> = waiting.map(|voter| voter.person).collect();
    (!waiting.is_empty()).then(|| words::series(&waiting))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_said_to_about_two_figures() {
        let shown = [0, 59_999, 60_000, 35 * 60_000, 3_600_000, 3_720_000, 86_400_000, 187_200_000, 90_060_000].map(length);
        assert_eq!(
            shown.each_ref().map(String::as_str),
            [
                "less than a minute",
                "less than a minute",
                "1 minute",
                "35 minutes",
                "1 hour",
                "1 hour and 2 minutes",
                "1 day",
                "2 days and 4 hours",
                "1 day and 1 hour"
            ]
        );
    }
}
