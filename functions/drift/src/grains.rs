//! Which spans of time a verdict is made from, and how each is cut into hours or days, which are loaded one by one and added up.

use tidegate_contract::{BaselineKind, Contract};
use tidegate_lake::{DAY_MS, HOUR_MS, day_start};
use tidegate_monitoring::{Spans, Window, spans};

use crate::Job;

/// Most points of the line that shows drift over time.
const TRAIL_POINTS: usize = 62;

/// Fewest days that a report looks back, so that a daily window is seen in its fortnight.
const LEAST_DAYS: i64 = 14;

/// Fewest hours that a report of a shorter window looks back.
const LEAST_HOURS: i64 = 24;

/// The spans that a window's verdict is made from, each cut into the whole hours and days (UTC) that it is added up from, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pieces {
    /// The window itself.
    pub(crate) current: Vec<Window>,
    /// The window before.
    pub(crate) previous: Vec<Window>,
    /// The hours or days that the report follows up to the window's end.
    pub(crate) trail: Vec<Window>,
    /// The same span in the past weeks, the latest first.
    pub(crate) same_hours: Vec<Vec<Window>>,
    /// The seven days before the window.
    pub(crate) week: Vec<Window>,
}

impl Pieces {
    /// What the verdict of this window is made from. The past weeks only if the contract compares something with them.
    pub(crate) fn of(job: &Job, contract: &Contract) -> Self {
        let window = job.window();
        let Spans { previous, same_hours, week } = spans(window);
        let of_features = contract.features.iter().filter_map(|feature| feature.monitoring.as_ref()?.baselines.as_ref());
        let mut baselines = std::iter::once(&contract.monitoring.baselines).chain(of_features).flatten();
        let is_seasonal = baselines.any(|baseline| *baseline == BaselineKind::Seasonal);
        // Window, window before and trail are cut alike, so that what one of them loads serves the others.
        let recent = recent(job);
        let within =
            |span: Window| recent.iter().copied().filter(move |piece| piece.start_ms >= span.start_ms && piece.end_ms <= span.end_ms);
        Self {
            current: within(window).collect(),
            previous: within(previous).collect(),
            same_hours: if is_seasonal { same_hours.into_iter().map(cut).collect() } else { Vec::new() },
            week: week.filter(|_| is_seasonal).map(cut).unwrap_or_default(),
            trail: recent.iter().skip(recent.len().saturating_sub(TRAIL_POINTS)).copied().collect(),
        }
    }

    /// The spans, for a listing.
    pub(crate) fn spans(&self) -> Vec<(i64, i64)> {
        self.all().into_iter().map(|piece| (piece.start_ms, piece.end_ms)).collect()
    }

    /// Start of the oldest hour or day.
    pub(crate) fn start_ms(&self) -> i64 {
        self.all().first().map_or(i64::MAX, |piece| piece.start_ms)
    }

    /// Every hour and day, each once, oldest first.
    pub(crate) fn all(&self) -> Vec<Window> {
        let mut all: Vec<Window> =
            [&self.current, &self.previous, &self.trail, &self.week].into_iter().chain(&self.same_hours).flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Whether a span is one calendar day.
pub(crate) fn is_day(span: &Window) -> bool {
    span.end_ms - span.start_ms == DAY_MS && day_start(span.start_ms) == span.start_ms
}

/// Consecutive hours or days up to the window's end, oldest first: the window, as much again before it (what it is
/// compared with as the previous one), and at least a day of hours or a fortnight of days. Days for a window of some whole calendar days.
fn recent(job: &Job) -> Vec<Window> {
    let by_days = job.length_ms() % DAY_MS == 0 && day_start(job.end_ms) == job.end_ms;
    let (piece_ms, least) = if by_days { (DAY_MS, LEAST_DAYS) } else { (HOUR_MS, LEAST_HOURS) };
    let count = (2 * job.length_ms() / piece_ms).max(least);
    let start = |index: i64| job.end_ms.saturating_sub(index * piece_ms);
    (1..=count).rev().map(|index| Window { start_ms: start(index), end_ms: start(index - 1) }).collect()
}

/// A span cut into calendar days, which are kept added up, and hours where it begins or ends within a day.
fn cut(span: Window) -> Vec<Window> {
    let mut pieces = Vec::new();
    let mut start_ms = span.start_ms;
    while start_ms < span.end_ms {
        let is_whole_day = day_start(start_ms) == start_ms && start_ms + DAY_MS <= span.end_ms;
        let end_ms = start_ms + if is_whole_day { DAY_MS } else { HOUR_MS };
        pieces.push(Window { start_ms, end_ms });
        start_ms = end_ms;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use tidegate_contract::WindowLength;
    use tidegate_lake::{parse_time, rfc3339};

    use super::*;

    fn job(hours: u32, end: &str) -> Job {
        Job { model: "m".to_owned(), length: WindowLength::hours(hours), end_ms: parse_time(end).unwrap() }
    }

    fn contract(baselines: &str) -> Contract {
        let text = "model: m\ntask: binary\nfeatures:\n  - { name: distance, type: numeric }\nmonitoring: { baselines: [BASELINES] }\n";
        Contract::parse(&text.replace("BASELINES", baselines)).unwrap()
    }

    fn trail(hours: u32, end: &str) -> (usize, String, String) {
        let grains = recent(&job(hours, end));
        let (first, last) = (grains.first().unwrap(), grains.last().unwrap());
        assert!(grains.windows(2).all(|pair| matches!(pair, [a, b] if a.end_ms == b.start_ms)), "consecutive");
        assert_eq!(rfc3339(last.end_ms), end);
        (grains.len(), rfc3339(first.start_ms), rfc3339(last.start_ms))
    }

    #[test]
    fn a_day_is_seen_in_its_fortnight() {
        assert_eq!(trail(24, "2013-07-15T00:00:00Z"), (14, "2013-07-01T00:00:00Z".to_owned(), "2013-07-14T00:00:00Z".to_owned()));
    }

    #[test]
    fn a_month_is_seen_with_the_month_before() {
        assert_eq!(trail(720, "2013-07-31T00:00:00Z").0, 60);
    }

    #[test]
    fn windows_that_are_no_calendar_days_are_added_up_by_hours() {
        assert_eq!(trail(1, "2013-07-15T05:00:00Z").0, 24);
        assert_eq!(trail(36, "2013-07-15T12:00:00Z").0, 72);
        assert_eq!(trail(24, "2013-07-15T05:00:00Z"), (48, "2013-07-13T05:00:00Z".to_owned(), "2013-07-15T04:00:00Z".to_owned()));
    }

    #[test]
    fn every_span_is_covered_once_by_its_pieces() {
        for (hours, end) in
            [(1, "2013-07-15T05:00:00Z"), (36, "2013-07-15T12:00:00Z"), (24, "2013-07-15T00:00:00Z"), (168, "2013-07-15T00:00:00Z")]
        {
            let job = job(hours, end);
            let pieces = Pieces::of(&job, &contract("training, seasonal"));
            let covers = |pieces: &[Window], span: Window| {
                assert_eq!(pieces.first().map(|piece| piece.start_ms), Some(span.start_ms), "{hours} hours");
                assert_eq!(pieces.last().map(|piece| piece.end_ms), Some(span.end_ms), "{hours} hours");
                assert!(pieces.windows(2).all(|pair| matches!(pair, [a, b] if a.end_ms == b.start_ms)), "consecutive");
            };
            let expected = spans(job.window());
            covers(&pieces.current, job.window());
            covers(&pieces.previous, expected.previous);
            assert_eq!(pieces.same_hours.len(), expected.same_hours.len());
            for (pieces, span) in pieces.same_hours.iter().zip(expected.same_hours) {
                covers(pieces, span);
            }
            if let Some(week) = expected.week {
                covers(&pieces.week, week);
            }
            let all = pieces.all();
            assert!(all.windows(2).all(|pair| matches!(pair, [a, b] if a < b)), "each once");
        }
    }

    #[test]
    fn an_hour_is_compared_with_past_weeks_at_the_cost_of_a_few_days_and_hours() {
        let pieces = Pieces::of(&job(1, "2013-07-15T05:00:00Z"), &contract("training, seasonal"));
        let (days, hours): (Vec<Window>, Vec<Window>) = pieces.all().into_iter().partition(is_day);
        // Six whole days of the week before; its edges, the day's trail, and eight single hours, of which one is such an edge.
        assert_eq!((days.len(), hours.len()), (6, 20 + 24 + 7));
    }

    #[test]
    fn past_weeks_are_loaded_for_a_single_feature_that_is_compared_with_them() {
        let text = "model: m\ntask: binary\nfeatures:\n  - { name: distance, type: numeric, monitoring: { baselines: [seasonal] } }\nmonitoring: { baselines: [training] }\n";
        let pieces = Pieces::of(&job(24, "2013-07-15T00:00:00Z"), &Contract::parse(text).unwrap());
        assert_eq!((pieces.same_hours.len(), pieces.week.len()), (8, 7));
    }

    #[test]
    fn past_weeks_are_left_alone_when_nothing_is_compared_with_them() {
        let pieces = Pieces::of(&job(24, "2013-07-15T00:00:00Z"), &contract("training, previous"));
        assert_eq!((pieces.same_hours.len(), pieces.week.len(), pieces.all().len()), (0, 0, 14));
    }
}
