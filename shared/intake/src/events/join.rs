//! Requests and responses of different objects, brought together.
//!
//! The result depends on the set of halves only, not on their order: every request takes the earliest response of its id that was logged in its own hour or in
//! one next to it. A response may answer a request that was logged twice. So the records of an hour can be told from the halves of three hours, and
//! neighbouring hours agree on who answered whom.

use std::collections::BTreeMap;

use super::pairs::Merger;
use super::payload::Side;
use crate::rows::{Place, Rows};
use crate::{IntakeError, Limits, Plan, Reason, ReasonKind, Sink, Summary, timestamp};

/// Halves are brought together when they were logged in the same hour or in neighbouring ones.
const HOUR_MS: i64 = 3_600_000;

/// The halves of one id, earliest first.
#[derive(Default)]
struct Halves {
    requests: Vec<(i64, String)>,
    responses: Vec<(i64, String)>,
}

/// Joins halves ([`Sink::half`]) into records, earliest request first; [`Summary::waiting`] counts those that have no other half. With `hour_ms`, only
/// the records of requests logged in that hour are handed on, and only its halves are counted: give the halves of the hours before and after too.
///
/// Memory holds all the halves that are given: give those of a part of all ids at a time.
///
/// # Errors
/// [`IntakeError::Sink`] if the sink fails.
pub fn join(
    plan: &Plan,
    halves: impl IntoIterator<Item = String>,
    hour_ms: Option<i64>,
    sink: &mut dyn Sink,
) -> Result<Summary, IntakeError> {
    let mut merger = Merger::new(plan);
    let mut rows = Rows::new(plan, Limits { lines: u64::MAX, ..Limits::default() });
    let mut by_id: BTreeMap<String, Halves> = BTreeMap::new();
    for text in halves {
        let Some((side, time, id)) = merger.head(&text) else {
            let reason =
                Reason::new(ReasonKind::Payload, "found a line that is no half of a record, expected one that was kept by this version");
            rows.reject(Place { line: 1, offset: 0, text: text.as_bytes() }, None, reason, sink)?;
            continue;
        };
        let halves = by_id.entry(id).or_default();
        if side == Side::Input { &mut halves.requests } else { &mut halves.responses }.push((time, text));
    }
    let is_wanted = |time: i64| hour_ms.is_none_or(|hour| timestamp::hour(time) == hour);
    let are_near = |one: i64, other: i64| (timestamp::hour(one) - timestamp::hour(other)).abs() <= HOUR_MS;
    let mut pairs: Vec<(i64, String, String)> = Vec::new();
    for (_, mut halves) in by_id {
        halves.requests.sort();
        halves.responses.sort();
        let unanswered = |time: i64| !halves.requests.iter().any(|(request, _)| are_near(*request, time));
        rows.summary.waiting += halves.responses.iter().filter(|(time, _)| is_wanted(*time) && unanswered(*time)).count() as u64;
        for (time, request) in &halves.requests {
            match halves.responses.iter().find(|(response, _)| are_near(*time, *response)) {
                _ if !is_wanted(*time) => {}
                Some((_, response)) => pairs.push((*time, request.clone(), response.clone())),
                None => rows.summary.waiting += 1,
            }
        }
    }
    pairs.sort();
    for (line, (_, request, response)) in (1..).zip(&pairs) {
        let place = Place { line, offset: 0, text: request.as_bytes() };
        match merger.merge(request, response) {
            Ok(record) => rows.take_stored(&record, place, sink)?,
            Err(reason) => rows.reject(place, None, reason, sink)?,
        }
    }
    rows.finish(sink)
}
