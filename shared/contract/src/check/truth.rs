//! True outcomes that could not be found.

use super::Check;
use crate::document::Path;
use crate::{Contract, Truth};

impl Check<'_> {
    pub(super) fn truth(&mut self, contract: &Contract) {
        let (path, truth) = (Path::top("truth"), &contract.truth);
        let texts = [("prefix", &truth.prefix), ("inference_id", &truth.inference_id), ("actual", &truth.actual), ("time", &truth.time)];
        for (key, text) in texts.into_iter().filter_map(|(key, text)| Some((key, text.as_deref()?))) {
            self.text(&path.key(key), text);
        }
        if truth.prefix.as_ref().is_some_and(|prefix| contract.logs_prefix().starts_with(prefix.as_str())) {
            let message = "found the prefix of the scoring logs, expected one of its own: every log would be taken for truth";
            self.report(&path.key("prefix"), message);
        }
        if !(1..=Truth::MAX_LATE_DAYS).contains(&truth.late_days) {
            self.report(&path.key("late_days"), format!("found {}, expected 1 to {} days", truth.late_days, Truth::MAX_LATE_DAYS));
        }
    }
}
