//! Candidate and champion on the same rows: by how much the candidate is better, and what chance could have done.
//!
//! Differences are *improvements*: positive where the candidate is better, whatever the metric's direction.
//!
//! | Metrics | Test and interval |
//! |---|---|
//! | accuracy, recall, specificity, micro averages, top-k | McNemar exact against no difference, Tango's score against a margin and for the interval |
//! | ROC AUC | DeLong |
//! | average precision, one-vs-rest ROC AUC | influence of each row |
//! | every other | paired bootstrap: both models on the same resamples |

mod evidence;
mod join;

use std::collections::BTreeMap;

use tidegate_contract::Metric;
use tidegate_statistics::auc::AucDifference;
use tidegate_statistics::bootstrap::{Draws, Plan};
use tidegate_statistics::interval::Interval;
use tidegate_statistics::test::Discordance;

use crate::evaluation::Binary;
use crate::metrics::{self, CONFIDENCE, Marginals, Method, Sample, hits};
use crate::{Outcomes, Undefined};
use evidence::Evidence;
pub use join::{Joined, Lacking, NotComparable, join};

/// Level of every one-sided test of a comparison: a two-sided 95 % interval's.
pub const LEVEL: f64 = 0.025;

/// Fewest rows of each class of a binary task that a comparison rests on: below, the tests' approximations are not.
pub const LEAST_OF_A_CLASS: u64 = 10;

/// Two models' values of a metric on the same rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The metric.
    pub metric: Metric,
    /// The candidate's value.
    pub candidate: f64,
    /// The champion's value.
    pub champion: f64,
    /// By how much the candidate is better, in the metric's unit; negative where it is worse.
    pub improvement: f64,
    /// The improvement's 95 % interval.
    pub interval: Interval,
    /// How test and interval were made.
    pub method: Method,
    /// The rows of both.
    pub rows: u64,
    evidence: Evidence,
}

/// What a comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Shown to be better.
    Better,
    /// Shown to be worse by no more than the margin, and not shown to be better.
    AsGood,
    /// Neither shown.
    Unknown,
    /// Shown to be worse, by however little, and not shown to stay within the margin.
    Worse,
    /// Shown to be worse by more than the margin.
    WorseByMore,
}

impl Comparison {
    /// One-sided p-value against "the candidate is not better".
    #[must_use]
    pub fn p_better(&self) -> f64 {
        self.evidence.p_above(0.0)
    }

    /// One-sided p-value against "the candidate is worse by `margin` or more": of the non-inferiority test.
    #[must_use]
    pub fn p_not_worse(&self, margin: f64) -> f64 {
        self.evidence.p_above(-margin)
    }

    /// One-sided p-value against "the candidate is worse by no more than `margin`".
    #[must_use]
    pub fn p_worse(&self, margin: f64) -> f64 {
        self.evidence.p_below(-margin)
    }

    /// The p-value of the test by which it stands so.
    #[must_use]
    pub fn p_of(&self, standing: Standing, margin: f64) -> f64 {
        match standing {
            Standing::Better | Standing::Unknown => self.p_better(),
            Standing::AsGood => self.p_not_worse(margin),
            Standing::Worse => self.p_worse(0.0),
            Standing::WorseByMore => self.p_worse(margin),
        }
    }

    /// What it comes to, with each test at [`LEVEL`].
    ///
    /// Of two equal models one is called better with a probability of at most [`LEVEL`]: 2.5 %.
    #[must_use]
    pub fn standing(&self, margin: f64) -> Standing {
        if self.p_better() <= LEVEL {
            Standing::Better
        } else if self.p_worse(margin) <= LEVEL {
            Standing::WorseByMore
        } else if self.p_not_worse(margin) <= LEVEL {
            Standing::AsGood
        } else if self.p_worse(0.0) <= LEVEL {
            Standing::Worse
        } else {
            Standing::Unknown
        }
    }
}

/// Compares two models on the same rows in the same order, as [`join`] gives them.
///
/// # Errors
/// [`Undefined`] if a side's metric is, or with fewer than [`LEAST_OF_A_CLASS`] rows of a class that counts.
pub fn compare(candidate: &Outcomes, champion: &Outcomes, metric: Metric, plan: Plan) -> Result<Comparison, Undefined> {
    enough(candidate, metric)?;
    let Gathered { candidate: own, champion: other, evidence, method } = gather(candidate, champion, metric, plan)?;
    let interval = evidence.interval(CONFIDENCE).ok_or(Undefined::Resamples)?;
    let (improvement, rows) = (metric.merit(own) - metric.merit(other), candidate.rows() as u64);
    Ok(Comparison { metric, candidate: own, champion: other, improvement, interval, method, rows, evidence })
}

/// Both values and what is known of their difference.
struct Gathered {
    candidate: f64,
    champion: f64,
    evidence: Evidence,
    method: Method,
}

fn enough(outcomes: &Outcomes, metric: Metric) -> Result<(), Undefined> {
    let Outcomes::Binary(Binary { actual, .. }) = outcomes else { return Ok(()) };
    let positives = actual.iter().filter(|actual| **actual).count() as u64;
    let negatives = actual.len() as u64 - positives;
    let found = match metric {
        Metric::Recall => positives,
        Metric::Specificity => negatives,
        _ => positives.min(negatives),
    };
    if found < LEAST_OF_A_CLASS { Err(Undefined::TooFewOfAClass { found, needed: LEAST_OF_A_CLASS }) } else { Ok(()) }
}

fn gather(candidate: &Outcomes, champion: &Outcomes, metric: Metric, plan: Plan) -> Result<Gathered, Undefined> {
    match metric {
        Metric::RocAuc => {
            let ((candidate, positive), (champion, _)) = (metrics::auc(candidate)?, metrics::auc(champion)?);
            let difference = AucDifference::new(&candidate, &champion, positive)
                .ok_or(Undefined::TooFewOfAClass { found: 1, needed: LEAST_OF_A_CLASS })?;
            let evidence = Evidence::Normal(difference);
            Ok(Gathered { candidate: candidate.area(), champion: champion.area(), evidence, method: Method::Delong })
        }
        Metric::AveragePrecision | Metric::RocAucOvr => {
            let (candidate, champion) = (metrics::influence(candidate, metric)?, metrics::influence(champion, metric)?);
            let difference = metric.merit(candidate.value) - metric.merit(champion.value);
            let evidence = Evidence::Normal(AucDifference { difference, variance: candidate.variance_of_difference(&champion) });
            Ok(Gathered { candidate: candidate.value, champion: champion.value, evidence, method: Method::Influence })
        }
        _ => {
            let (own, other) = (metrics::value(candidate, metric)?, metrics::value(champion, metric)?);
            let (evidence, method) = match discordance(candidate, champion, metric) {
                Some(table) => (Evidence::Table(table), Method::Mcnemar),
                None => {
                    (Evidence::Draws(draw(candidate, champion, metric, metric.merit(own) - metric.merit(other), plan)?), Method::Bootstrap)
                }
            };
            Ok(Gathered { candidate: own, champion: other, evidence, method })
        }
    }
}

/// The rows on which only one of the two is right, of a metric that is a share of right rows.
fn discordance(candidate: &Outcomes, champion: &Outcomes, metric: Metric) -> Option<Discordance> {
    let (mut champion_only, mut candidate_only, mut rows) = (0, 0, 0);
    let pairs = hits(candidate, metric)?.zip(hits(champion, metric)?);
    for (candidate, champion) in pairs.filter_map(|(candidate, champion)| candidate.zip(champion)) {
        rows += 1;
        candidate_only += u64::from(candidate && !champion);
        champion_only += u64::from(champion && !candidate);
    }
    Discordance::new(champion_only, candidate_only, rows)
}

fn draw(candidate: &Outcomes, champion: &Outcomes, metric: Metric, improvement: f64, plan: Plan) -> Result<Draws, Undefined> {
    let draws = if metrics::is_of_cells(metric) {
        draw_cells(candidate, champion, metric, improvement, plan)?
    } else {
        let (own, other) = (Sample::of(candidate, metric)?, Sample::of(champion, metric)?);
        plan.draw(candidate.rows(), "rows", &[improvement], |rows, values| {
            let merit = |sample: &Sample| sample.value(rows.iter().copied()).map(|value| metric.merit(value));
            put(values, merit(&own), merit(&other));
        })
    };
    draws.into_iter().next().filter(Draws::is_usable).ok_or(Undefined::Resamples)
}

fn put(values: &mut [Option<f64>], candidate: Option<f64>, champion: Option<f64>) {
    if let Some(value) = values.first_mut() {
        *value = candidate.zip(champion).map(|(candidate, champion)| candidate - champion);
    }
}

/// Both confusion matrices when every combination of outcome and two answers comes out otherwise.
fn draw_cells(candidate: &Outcomes, champion: &Outcomes, metric: Metric, improvement: f64, plan: Plan) -> Result<Vec<Draws>, Undefined> {
    let mut cells: BTreeMap<[usize; 3], u64> = BTreeMap::new();
    let classes = match (candidate, champion) {
        (Outcomes::Binary(candidate), Outcomes::Binary(champion)) => {
            for ((actual, candidate), champion) in candidate.actual.iter().zip(&candidate.predicted).zip(&champion.predicted) {
                *cells.entry([*actual, *candidate, *champion].map(usize::from)).or_default() += 1;
            }
            2
        }
        (Outcomes::Multiclass(candidate), Outcomes::Multiclass(champion)) => {
            for ((actual, candidate), champion) in candidate.actual.iter().zip(&candidate.predicted).zip(&champion.predicted) {
                let place = |code: u32| usize::try_from(code).unwrap_or(usize::MAX);
                *cells.entry([*actual, *candidate, *champion].map(place)).or_default() += 1;
            }
            candidate.width()
        }
        _ => return Err(Undefined::OtherTask),
    };
    let (keys, counts): (Vec<[usize; 3]>, Vec<u64>) = cells.into_iter().unzip();
    let (mut of_candidate, mut of_champion) = (Marginals::new(classes), Marginals::new(classes));
    Ok(plan.draw_counts(&counts, "paired cells", &[improvement], |drawn, values| {
        of_candidate.clear();
        of_champion.clear();
        for ([actual, candidate, champion], rows) in keys.iter().zip(drawn) {
            of_candidate.add(*actual, *candidate, *rows);
            of_champion.add(*actual, *champion, *rows);
        }
        let merit = |marginals: &Marginals| marginals.value(metric).ok().map(|value| metric.merit(value));
        put(values, merit(&of_candidate), merit(&of_champion));
    }))
}
