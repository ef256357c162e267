//! The predictions of a turn, and the outcome that counts so far for each of their requests.

use std::cmp::Ordering;

use crate::ids::partition;
use crate::names::{NONE, Names};

/// Stands for no time.
pub(crate) const NO_TIME: i64 = i64::MIN;

/// A prediction of the turn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) id: u128,
    /// [`NO_TIME`] for none.
    pub(crate) time_ms: i64,
    /// NaN for none.
    pub(crate) score: f64,
    /// The number that was predicted; NaN for none.
    pub(crate) number: f64,
    /// NaN for none. Half as wide as the others, and as sure as [`crate::Health`] wants it.
    pub(crate) latency_ms: f32,
    /// The class that was predicted, or [`NONE`].
    pub(crate) label: u32,
    pub(crate) version: u32,
    /// Records of it: the first one, which is kept, and those that repeat it.
    pub(crate) records: u32,
    /// Those of them that hold no answer.
    pub(crate) failed: u32,
    /// Place of its groups.
    pub(crate) at: u32,
}

/// What [`crate::TURN_ROWS`] reckons with.
const _: () = assert!(size_of::<Row>() == 64, "a row takes as much memory as the documentation says");

/// The outcome that counts so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Best {
    pub(crate) time_ms: i64,
    pub(crate) digest: u64,
    /// The class, or [`NONE`] while nothing is known.
    pub(crate) label: u32,
    pub(crate) number: f64,
}

const UNKNOWN: Best = Best { time_ms: i64::MIN, digest: 0, label: NONE, number: f64::NAN };

/// The predictions of one turn.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    rows: Vec<Row>,
    /// Row by row the codes of its groups.
    groups: Vec<u32>,
    /// Groups of a row.
    width: usize,
    /// Once sealed, what counts for the request of each row; of several rows of one request, with the first of them.
    best: Vec<Best>,
}

/// The answers to one request, each of another version, and what really was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answers<'a> {
    pub(crate) rows: &'a [Row],
    pub(crate) best: &'a Best,
}

/// The names behind the codes of rows. Codes depend on what was read first, names do not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named<'a> {
    pub(crate) versions: &'a Names,
    pub(crate) labels: &'a Names,
    pub(crate) groups: &'a [Names],
}

impl Turn {
    /// A turn whose rows have so many groups.
    pub(crate) fn of_width(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Takes a prediction; where its groups lie is noted here.
    pub(crate) fn push(&mut self, row: Row, groups: impl Iterator<Item = u32>) {
        let at = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.groups.extend(groups);
        self.rows.push(Row { at, ..row });
    }

    /// Drops the rows of parts that the turn no longer takes.
    pub(crate) fn keep_parts(&mut self, parts: std::ops::Range<u32>) {
        let mut kept = Vec::with_capacity(self.groups.len() / 2);
        let mut rows = std::mem::take(&mut self.rows);
        rows.retain(|row| parts.contains(&partition(row.id)));
        for (row, at) in rows.iter_mut().zip(0..) {
            kept.extend_from_slice(self.groups_of(row));
            row.at = at;
        }
        (self.rows, self.groups) = (rows, kept);
    }

    /// All predictions of the turn are there: puts them in order, each id and version once. Returns how many records repeated another.
    pub(crate) fn seal(&mut self, named: Named<'_>) -> u64 {
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_unstable_by(|a, b| a.id.cmp(&b.id).then_with(|| self.order(a, b, named)));
        let before = rows.len();
        rows.dedup_by(|later, first| {
            let is_same = (later.id, later.version) == (first.id, first.version);
            if is_same {
                first.records = first.records.saturating_add(later.records);
                first.failed = first.failed.saturating_add(later.failed);
            }
            is_same
        });
        self.best = vec![UNKNOWN; rows.len()];
        self.rows = rows;
        (before - self.rows.len()) as u64
    }

    /// The order of records of one id: by version, then the earliest first; then by whatever else tells them apart, so that the order of reading does not.
    fn order(&self, a: &Row, b: &Row, named: Named<'_>) -> Ordering {
        let by_name = |names: &Names, a: u32, b: u32| if a == b { Ordering::Equal } else { names.name(a).cmp(&names.name(b)) };
        let by_groups = || {
            let both = self.groups_of(a).iter().zip(self.groups_of(b)).zip(named.groups);
            both.fold(Ordering::Equal, |so_far, ((a, b), names)| so_far.then_with(|| by_name(names, *a, *b)))
        };
        by_name(named.versions, a.version, b.version)
            .then(a.time_ms.cmp(&b.time_ms))
            .then_with(|| a.score.total_cmp(&b.score))
            .then_with(|| a.number.total_cmp(&b.number))
            .then_with(|| by_name(named.labels, a.label, b.label))
            .then_with(|| a.latency_ms.total_cmp(&b.latency_ms))
            .then_with(by_groups)
    }

    /// What counts so far for a request, if one of the sealed turn's predictions answers it.
    pub(crate) fn best_of(&mut self, id: u128) -> Option<&mut Best> {
        let place = self.rows.partition_point(|row| row.id < id);
        self.rows.get(place).filter(|row| row.id == id)?;
        self.best.get_mut(place)
    }

    /// The requests of the sealed turn, in order.
    pub(crate) fn requests(&self) -> impl Iterator<Item = Answers<'_>> {
        let mut place = 0;
        self.rows.chunk_by(|a, b| a.id == b.id).map(move |rows| {
            let best = self.best.get(place).unwrap_or(&UNKNOWN);
            place += rows.len();
            Answers { rows, best }
        })
    }

    /// The codes of a row's groups.
    pub(crate) fn groups_of(&self, row: &Row) -> &[u32] {
        let start = usize::try_from(row.at).unwrap_or(usize::MAX).saturating_mul(self.width);
        self.groups.get(start..start.saturating_add(self.width)).unwrap_or_default()
    }
}
