//! The moment at which Lambda ends the function, whether its work is done or not.

use std::time::{Duration, Instant, SystemTime};

use lambda_runtime::Context;

/// Time kept free at the end to report what was done: a batch that is cut off reports nothing, and all of it comes again.
const REPORT: Duration = Duration::from_secs(2);

/// The moment until which work may go on.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// No limit, for a desk and for tests.
    #[must_use]
    pub const fn never() -> Self {
        Self(None)
    }

    /// A limit that far from now.
    #[must_use]
    pub fn within(time: Duration) -> Self {
        Self(Instant::now().checked_add(time))
    }

    /// The limit of this invocation, less the time that reporting takes.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place where the wall clock is read: Lambda gives the deadline as a date")]
    pub fn of(context: &Context) -> Self {
        let left = context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
        Self::within(left.saturating_sub(REPORT))
    }

    /// Time left; `None` without a limit.
    #[must_use]
    pub fn left(self) -> Option<Duration> {
        self.0.map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// Whether at least so much time is left.
    #[must_use]
    pub fn leaves(self, time: Duration) -> bool {
        self.left().is_none_or(|left| left >= time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_limit_there_is_always_time() {
        assert!(Deadline::never().leaves(Duration::MAX));
    }

    #[test]
    fn a_limit_that_has_passed_leaves_nothing() {
        let passed = Deadline::within(Duration::ZERO);
        assert_eq!(passed.left(), Some(Duration::ZERO));
        assert!(!passed.leaves(Duration::from_millis(1)));
    }
}
