//! Numbers in, numbers out: the statistics that Tidegate judges with. Pure functions: no I/O, no clock, and of randomness only
//! what a seed gives, so the same counts give the same bits.
//!
//! A baseline freezes its cells once, and every window is counted exactly into them; so distances, tests and effects are taken
//! on **counts**, which merge in any order without error. [`raw`] computes the same from the values themselves, as a second opinion.
//!
//! # Which statistic for what
//!
//! The numbers are those of one example: baseline 30, 20, 0, 50 rows in four cells, window 25, 30, 5, 40.
//!
//! | Question | Statistic | Example | Read it as |
//! |---|---|---|---|
//! | Did a numeric feature's distribution move, anywhere? | [`distance::kolmogorov_smirnov_cells`] | 0.10 | largest gap of the cumulated shares; .04 is a shift of 0.1 sd |
//! | … and is it chance? | [`kolmogorov_smirnov::p_stephens`] | 0.68 | on cells; [`kolmogorov_smirnov::TwoSample`] is exact on raw values |
//! | How far did values move, in their own unit? | [`distance::wasserstein_cells`] | 0.55 (cells at 1, 2, 4, 8) | mean distance travelled; divide by the baseline's sd to compare features |
//! | Did the mix of categories change? | [`test::chi_squared_homogeneity`] | χ² 8.57, p 0.036 | both sides are samples: an unseen category alone proves nothing |
//! | … and by how much? | [`distance::cohens_w`] | 0.41 | .1 small, .3 medium, .5 large, whatever the number of rows |
//! | What share of rows would have to move? | [`distance::total_variation`] | 0.15 | 15 % of the rows |
//! | Which single cell moved most? | [`distance::l_infinity`] | 0.10 | by 10 % of the rows: a stuck sensor, a sentinel, a rename |
//! | What do other tools' thresholds say? | [`distance::psi_jeffreys`] | 0.19 | customary: .1 look, .25 act; blind below 0.3 sd, noise below 1,000 rows |
//! | | [`distance::jensen_shannon_distance`] | 0.195 (base 2) | 0 equal, 1 disjoint; base e is 0.83 of it |
//! | | [`distance::hellinger`], [`distance::kullback_leibler`] | 0.18, 0.08 nats | |
//! | Are more values missing, or unseen? | [`test::two_proportion_z`] | 0 of 100 to 5 of 100: z 2.26, p 0.024 | few rows: [`test::fisher_exact`], p 0.059 |
//! | Are there more rare events than the rate that is known? | [`test::poisson_upper_tail`], [`test::binomial_upper_tail`] | 5 where 1 is expected: p 0.0037 | exact |
//! | How large may the effect really be? | [`interval::newcombe_difference`], [`interval::standardised_mean_difference`] | 0.05, from 0.003 to 0.11 | an interval that holds the threshold decides nothing |
//! | … on any of the distances above? | [`effect`]: PSI, Jensen-Shannon, Hellinger, w, total variation, L∞, KS, Wasserstein | PSI 0.01 to 0.40 | the true distance's; from 0 on as long as chance explains it |
//! | How large must a distance be at this size? | [`critical`] | PSI of four cells at 50 effective rows: .156 at 5 % | moves with the sizes, as a fixed threshold does not |
//! | Several tests of one feature: what do they say together? | [`correction::harmonic_mean`] | p .01 twice is .01 | Bonferroni says .02 |
//! | Many features: which alarms to believe? | [`correction::benjamini_hochberg`] | p .01, .5 become .02, .5 | of the alarms at q = .01, 1 % are false on average |
//! | Which of two models ranks better, on the same rows? | [`auc::AucDifference`] | DeLong: z, interval | rows are paired, so small differences show |
//! | Which of two models is right more often, on the same rows? | [`test::Discordance`] | 15 against 30 of 185: p 0.036 | McNemar; Tango's interval of the difference |
//! | How far does any other statistic stray? | [`bootstrap::Plan`] | 2,000 resamples | seeded; interval and p-values agree |
//! | Could this window have shown it? | [`power::minimum_detectable_shift`] | 2,300 effective rows: 0.1 sd | below that many rows silence proves nothing |
//!
//! # Conventions
//!
//! *Undefined is `None`*, never 0 and never NaN: an empty side, a constant to divide by, one value where two are needed. Infinite values
//! are not used. Tails are computed as tails, never as one less the rest, so p-values keep their digits down to 1e-300.

pub mod auc;
pub mod bootstrap;
pub mod chi_squared;
pub mod correction;
pub mod critical;
pub mod distance;
pub mod effect;
pub mod fisher_f;
pub mod interval;
pub mod kolmogorov_smirnov;
pub mod moderation;
pub mod moments;
pub mod noncentral;
pub mod normal;
pub mod power;
pub mod quadratic;
pub mod random;
pub mod raw;
mod special;
pub mod student_t;
pub mod test;
