//! Numbers in, numbers out: the statistics that Tidegate judges with. Pure functions, no I/O, no clock, no randomness.

pub mod chi_squared;
pub mod correction;
pub mod distance;
pub mod interval;
pub mod kolmogorov_smirnov;
pub mod moments;
pub mod normal;
pub mod power;
pub mod raw;
mod special;
pub mod student_t;
pub mod test;
