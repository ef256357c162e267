//! What is known of an improvement: a normal approximation, a table of discordant rows, or resamples.

use tidegate_statistics::auc::AucDifference;
use tidegate_statistics::bootstrap::Draws;
use tidegate_statistics::interval::Interval;
use tidegate_statistics::normal;
use tidegate_statistics::test::Discordance;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Evidence {
    Normal(AucDifference),
    /// First the champion, second the candidate.
    Table(Discordance),
    Draws(Draws),
}

impl Evidence {
    pub(super) fn interval(&self, confidence: f64) -> Option<Interval> {
        match self {
            Self::Normal(difference) => difference.interval(confidence),
            Self::Table(table) => table.tango_interval(confidence),
            Self::Draws(draws) => draws.interval(confidence),
        }
    }

    /// One-sided p-value against "the improvement is at most `bound`".
    pub(super) fn p_above(&self, bound: f64) -> f64 {
        match self {
            Self::Normal(difference) => normal::sf(difference.z(bound)),
            Self::Table(table) if bound.abs() <= 0.0 => {
                if table.difference() > 0.0 {
                    table.mcnemar_exact() / 2.0
                } else {
                    1.0
                }
            }
            Self::Table(table) => normal::sf(table.tango_z(bound)),
            Self::Draws(draws) => draws.p_above(bound).unwrap_or(1.0),
        }
    }

    /// One-sided p-value against "the improvement is at least `bound`".
    pub(super) fn p_below(&self, bound: f64) -> f64 {
        match self {
            Self::Normal(difference) => normal::sf(-difference.z(bound)),
            Self::Table(table) if bound.abs() <= 0.0 => {
                if table.difference() < 0.0 {
                    table.mcnemar_exact() / 2.0
                } else {
                    1.0
                }
            }
            Self::Table(table) => normal::sf(-table.tango_z(bound)),
            Self::Draws(draws) => draws.p_below(bound).unwrap_or(1.0),
        }
    }
}
