//! Significance tests on counts: could chance alone explain the difference?

mod events;
mod fisher;
mod homogeneity;
mod paired;
mod proportion;

pub use events::{binomial_upper_tail, poisson_upper_tail};
pub use fisher::fisher_exact;
pub use homogeneity::{ChiSquared, chi_squared_homogeneity, g_test, homogeneity_by_frequency, yates};
pub use paired::Discordance;
pub use proportion::{ZTest, two_proportion_z};
