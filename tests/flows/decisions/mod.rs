//! Decision links against everybody who might try: forgers, mail scanners, crowds, and people who would decide about their own work. Each
//! proof prints its figures (`cargo test --workspace --test flows decisions -- --nocapture`); `TIDEGATE_ROBOTS=100 TIDEGATE_CROWDS=200` make the two
//! long ones as long as they are meant to be shown once.

mod crowds;
mod forgeries;
mod pages;
mod people;
mod robots;
mod secrets;

/// A number of rounds from the environment, or a smaller one that is done in seconds.
#[expect(clippy::disallowed_methods, reason = "a test's size is the tester's choice")]
fn rounds(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}
