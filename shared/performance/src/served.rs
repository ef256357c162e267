//! Which of several versions that answered the same request served it. The others ran in its shadow: what they said reached nobody.
//!
//! Records do not say which it was. Where the registry names the champion of that time and it is among them, it was the champion. Otherwise one rule holds
//! for the whole window, so that what is called the model's quality is not a mixture: the version of which most records came, since whatever serves answers
//! every request and a shadow those or fewer; of equally many the one whose records came first on average; then the one whose name comes first.

use crate::names::Names;
use crate::turn::Row;

/// A span in which the registry says that a version was champion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Champion {
    /// What records may call the version.
    pub names: Vec<String>,
    /// From then on, milliseconds since 1970.
    pub from_ms: i64,
    /// Up to but not including this moment.
    pub until_ms: i64,
}

/// What is known of the versions that answer in a window, by their codes.
#[derive(Debug, Default)]
pub(crate) struct Served {
    champions: Vec<Champion>,
    seen: Vec<Seen>,
    standings: Vec<Standing>,
}

/// What the first look at the records shows of a version.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    records: u64,
    times_ms: i128,
}

/// Where a version stands once all records were seen.
#[derive(Debug, Clone, Default)]
struct Standing {
    /// 0 for the version that most likely serves.
    rank: usize,
    /// Spans in which it was champion.
    reigns: Vec<(i64, i64)>,
}

impl Served {
    pub(crate) fn by(champions: Vec<Champion>) -> Self {
        Self { champions, ..Self::default() }
    }

    /// Notes a record of the first look.
    pub(crate) fn see(&mut self, version: u32, time_ms: Option<i64>) {
        let place = usize::try_from(version).unwrap_or(usize::MAX);
        if self.seen.len() <= place {
            self.seen.resize(place.saturating_add(1), Seen::default());
        }
        if let Some(seen) = self.seen.get_mut(place) {
            seen.records += 1;
            seen.times_ms += i128::from(time_ms.unwrap_or_default());
        }
    }

    /// All records were seen.
    pub(crate) fn settle(&mut self, versions: &Names) {
        let name = |place: usize| versions.all().get(place).map_or("", String::as_str);
        let mut order: Vec<(usize, Seen)> = self.seen.iter().copied().enumerate().collect();
        // Of equally many records, the sums of their times stand as their means do.
        order.sort_by(|(a, left), (b, right)| {
            let same = || left.times_ms.cmp(&right.times_ms).then_with(|| name(*a).cmp(name(*b)));
            right.records.cmp(&left.records).then_with(same)
        });
        self.standings = vec![Standing::default(); self.seen.len()];
        for (rank, (place, _)) in order.into_iter().enumerate() {
            let reigns = self.champions.iter().filter(|champion| champion.names.iter().any(|known| known == name(place)));
            if let Some(standing) = self.standings.get_mut(place) {
                *standing = Standing { rank, reigns: reigns.map(|champion| (champion.from_ms, champion.until_ms)).collect() };
            }
        }
    }

    /// The place of what served among the answers to one request, each of another version.
    pub(crate) fn place(&self, answers: &[Row]) -> usize {
        let standing = |row: &Row| {
            let standing = usize::try_from(row.version).ok().and_then(|place| self.standings.get(place));
            standing.map_or((true, usize::MAX), |standing| {
                let reigned = standing.reigns.iter().any(|(from_ms, until_ms)| (*from_ms..*until_ms).contains(&row.time_ms));
                (!reigned, standing.rank)
            })
        };
        answers.iter().enumerate().min_by_key(|(_, row)| standing(row)).map_or(0, |(place, _)| place)
    }
}
