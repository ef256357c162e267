//! The other windows that a window is held against, by what is listed of them.

use tidegate_contract::Contract;
use tidegate_lake::{PerformanceFile, WindowFile};
use tidegate_performance::{BEFORE, FIRST_WINDOWS, Measured, same_hours};
use tidegate_registry::WindowKey;

use crate::{PerformanceError, PerformanceFunction, message};

/// The first windows among which those are looked for whose truth is in.
const FIRST_CANDIDATES: usize = 31;

/// The windows' ends, and the entity tags of what was measured in them; each list oldest first.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Neighbours {
    first: Vec<(i64, String)>,
    before: Vec<(i64, String)>,
    weeks: Vec<(i64, String)>,
}

/// What was measured in them.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) first: Vec<Measured>,
    pub(crate) before: Vec<Measured>,
    pub(crate) weeks: Vec<Measured>,
}

impl Neighbours {
    /// Those of a window among the files that are listed, which are in the order of their windows' ends.
    pub(crate) fn of(key: &WindowKey, files: &[WindowFile]) -> Self {
        let window = message::span(key);
        let length_ms = window.end_ms - window.start_ms;
        let measured = || files.iter().filter(|file| file.file == PerformanceFile::Measured).map(|file| (file.end_ms, file.etag.clone()));
        let mut first: Vec<(i64, String)> = Vec::new();
        for (end_ms, etag) in measured().filter(|(end_ms, _)| *end_ms <= window.start_ms) {
            if first.len() < FIRST_CANDIDATES && first.last().is_none_or(|(last, _)| end_ms - last >= length_ms) {
                first.push((end_ms, etag));
            }
        }
        let mut before: Vec<(i64, String)> = measured().filter(|(end_ms, _)| *end_ms < window.end_ms).collect();
        before.drain(..before.len().saturating_sub(BEFORE));
        let weeks = measured().filter(|(end_ms, _)| same_hours(window, *end_ms)).collect();
        Self { first, before, weeks }
    }

    /// Everything that they depend on, for a digest.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = String> + '_ {
        [("first", &self.first), ("before", &self.before), ("weeks", &self.weeks)]
            .into_iter()
            .flat_map(|(name, windows)| windows.iter().map(move |(end_ms, etag)| format!("{name} {end_ms} {etag}")))
    }

    /// Reads what was measured in them.
    pub(crate) async fn load(
        &self,
        function: &PerformanceFunction,
        key: &WindowKey,
        what: &str,
        contract: &Contract,
    ) -> Result<Loaded, PerformanceError> {
        let mut loaded = Loaded::default();
        let load = async |(end_ms, etag): &(i64, String)| {
            let other = WindowKey { end_ms: *end_ms, ..key.clone() };
            let found = function.stored(&other, what).await?;
            match found {
                Some((measured, _, found)) if found == *etag => Ok(Some(measured)),
                // Of an older format: it is measured again in its own time.
                None => Ok(None),
                Some(_) => Err(PerformanceError::Replaced { what: what.to_owned(), file: format!("measured.json of {end_ms}") }),
            }
        };
        for window in &self.before {
            loaded.before.extend(load(window).await?);
        }
        let known = |end_ms: i64, loaded: &Loaded| loaded.before.iter().find(|window| window.window.end_ms == end_ms).cloned();
        for window in &self.first {
            if loaded.first.len() == FIRST_WINDOWS {
                break;
            }
            let measured = match known(window.0, &loaded) {
                Some(measured) => Some(measured),
                None => load(window).await?,
            };
            loaded.first.extend(measured.filter(|measured| measured.is_reference(contract)));
        }
        for window in &self.weeks {
            let measured = match known(window.0, &loaded) {
                Some(measured) => Some(measured),
                None => load(window).await?,
            };
            loaded.weeks.extend(measured);
        }
        Ok(loaded)
    }
}

#[cfg(test)]
mod tests {
    use tidegate_contract::WindowLength;
    use tidegate_lake::DAY_MS;

    use super::*;

    fn neighbours(hours: u32, end_day: i64, days: std::ops::Range<i64>) -> Neighbours {
        let file = |day: i64| WindowFile { end_ms: day * DAY_MS, file: PerformanceFile::Measured, etag: day.to_string() };
        let key = WindowKey { model: "m".to_owned(), length: WindowLength::hours(hours), end_ms: end_day * DAY_MS };
        Neighbours::of(&key, &days.map(file).collect::<Vec<_>>())
    }

    fn days(windows: &[(i64, String)]) -> Vec<i64> {
        windows.iter().map(|(end_ms, _)| end_ms / DAY_MS).collect()
    }

    #[test]
    fn a_day_is_held_against_the_first_days_the_month_before_and_its_weekdays() {
        let found = neighbours(24, 100, 1..101);
        assert_eq!(days(&found.first), (1..=31).collect::<Vec<_>>());
        assert_eq!(days(&found.before), (70..100).collect::<Vec<_>>());
        assert_eq!(days(&found.weeks), [44, 51, 58, 65, 72, 79, 86, 93]);
        assert_eq!(days(&neighbours(24, 3, 1..101).first), [1, 2], "never later ones");
    }

    #[test]
    fn windows_that_share_days_are_not_counted_twice() {
        let found = neighbours(7 * 24, 30, 7..31);
        assert_eq!(days(&found.first), [7, 14, 21]);
        assert!(found.weeks.is_empty());
    }
}
