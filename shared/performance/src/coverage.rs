//! How much truth is in, how late it came, and whether what is missing is missing at random.

use serde::{Deserialize, Serialize};
use tidegate_statistics::{chi_squared, moments};

use crate::measured::rounded;

/// Fewest predictions of a group that takes part in the test of what is missing.
const LEAST_ROWS: u64 = 20;

/// How much of a window's truth is in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// Predictions whose truth is in and can be read.
    pub labelled: u64,
    /// Their share of the predictions that truth could name; absent where there are none.
    pub share: Option<f64>,
    /// Predictions whose truth is in and is no outcome of the task.
    pub unreadable: u64,
    /// How long after its prediction the truth became known.
    pub lag: Option<Lag>,
    /// Whether what is missing is missing at random: by each group of predictions, and by score.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
}

/// Time from a prediction to its truth, hours.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Lag {
    /// Half of the truth that is in came no later.
    pub p50_hours: f64,
    /// Nine tenths of it.
    pub p90_hours: f64,
    /// 99 hundredths.
    pub p99_hours: f64,
}

/// How much truth is in, group by group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Missing {
    /// By what predictions are grouped: a feature, `version`, or `score`, whose groups are about tenths of the predictions by rising score.
    pub by: String,
    /// Chance of differences like these if truth were missing at random: Pearson's test over the groups of at least 20 predictions.
    pub p: Option<f64>,
    /// Cramér's V of the same table: 0 where every group has the same share of its truth, at most 1.
    pub effect: Option<f64>,
    /// The groups.
    pub groups: Vec<GroupCoverage>,
}

/// How much truth of one group is in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupCoverage {
    /// The group.
    pub name: String,
    /// Its predictions.
    pub predictions: u64,
    /// Those whose truth is in.
    pub labelled: u64,
}

impl Lag {
    /// Quantiles of these lags (milliseconds).
    pub(crate) fn of(mut lags: Vec<f64>) -> Option<Self> {
        const HOUR_MS: f64 = 3_600_000.0;
        lags.sort_unstable_by(f64::total_cmp);
        let quantile = |q| moments::quantile_type7(&lags, q).and_then(|lag| rounded(lag / HOUR_MS));
        Some(Self { p50_hours: quantile(0.5)?, p90_hours: quantile(0.9)?, p99_hours: quantile(0.99)? })
    }
}

impl Missing {
    /// Tests whether the shares of these groups differ by more than chance.
    ///
    /// `χ² = Σ (observed − expected)² / expected` over the table of groups by in or missing, with as many degrees of freedom as groups less one;
    /// `V = √(χ² / n)`.
    pub(crate) fn of(by: &str, groups: Vec<GroupCoverage>) -> Option<Self> {
        let large = || groups.iter().filter(|group| group.predictions >= LEAST_ROWS);
        let rows: u64 = large().map(|group| group.predictions).sum();
        let labelled: u64 = large().map(|group| group.labelled).sum();
        let count = large().count();
        if count < 2 {
            return None;
        }
        let share = labelled as f64 / rows as f64;
        let is_mixed = labelled > 0 && labelled < rows;
        let square = |group: &GroupCoverage| {
            let expected = share * group.predictions as f64;
            let off = group.labelled as f64 - expected;
            off * off / (expected * (1.0 - share))
        };
        let chi: Option<f64> = is_mixed.then(|| large().map(square).sum());
        Some(Self {
            by: by.to_owned(),
            p: chi.and_then(|chi| chi_squared::sf(chi, (count - 1) as f64)).and_then(rounded),
            effect: chi.and_then(|chi| rounded((chi / rows as f64).sqrt())),
            groups,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, predictions: u64, labelled: u64) -> GroupCoverage {
        GroupCoverage { name: name.to_owned(), predictions, labelled }
    }

    #[test]
    fn truth_that_is_missing_more_often_in_one_group_is_seen() {
        // scipy.stats.chi2_contingency([[90, 10], [60, 40]], correction=False): 24.0, p 9.634e-07.
        let missing = Missing::of("origin", vec![group("a", 100, 90), group("b", 100, 60), group("tiny", 3, 0)]).unwrap();
        assert!((missing.p.unwrap() / 9.634e-7 - 1.0).abs() < 1e-3, "{missing:?}");
        assert!((missing.effect.unwrap() - (24.0_f64 / 200.0).sqrt()).abs() < 1e-8);
    }

    #[test]
    fn where_all_or_nothing_is_in_nothing_differs() {
        let none = Missing::of("origin", vec![group("a", 100, 0), group("b", 100, 0)]).unwrap();
        assert_eq!((none.p, none.effect), (None, None));
        assert_eq!(Missing::of("origin", vec![group("a", 100, 4)]), None);
    }

    #[test]
    fn lags_are_told_in_hours() {
        let lag = Lag::of((0..=100).map(|hour| f64::from(hour) * 3_600_000.0).collect()).unwrap();
        assert_eq!((lag.p50_hours, lag.p90_hours, lag.p99_hours), (50.0, 90.0, 99.0));
        assert_eq!(Lag::of(Vec::new()), None);
    }
}
