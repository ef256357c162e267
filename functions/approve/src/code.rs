//! The code that stands in the text of the mail, and in nothing that a program sees which only follows links.

use tidegate_approval::{Code, Demand, Link};
use tidegate_registry::LinkRecord;
use tidegate_runtime::{Metric, Unit, emit, metrics_line};
use tracing::error;

use crate::{ApproveError, Approver, LOCKED_METRIC};

/// Namespace of the metric.
const NAMESPACE: &str = "Tidegate";

/// What comes of what was shown beside the link.
pub(crate) enum Shown {
    /// It is what the stage demands.
    Enough,
    /// It is not, and why.
    Not(String),
    /// It is not, once too often.
    Locked,
}

impl Approver {
    /// Whether a code is that of the mail. Only a wrong one is counted, not a missing one: a program that sends empty forms locks nobody out.
    pub(crate) async fn code(&self, link: &Link, record: &LinkRecord, typed: &str, now_ms: i64) -> Result<Shown, ApproveError> {
        let Ok(code) = Code::parse(typed) else {
            return Ok(Shown::Not("Type the six letters and digits that stand in the text of the mail.".to_owned()));
        };
        let Some(check) = &record.code_check else {
            let version = link.subject.version().unwrap_or_default();
            return Err(ApproveError::NoCode { model: link.model.clone(), version, stage: link.stage.clone() });
        };
        let key = self.settings.link_keys.get(&link.kid).unwrap_or_default();
        if self.verify(key, link.code_check_message(&code), check).await? {
            return Ok(Shown::Enough);
        }
        // Guesses that are made at the same moment are all looked at before they are counted: five, and as many more as the function
        // has copies, out of a thousand million.
        let tries = self.registry.wrong_try(link.id()).await.map_err(ApproveError::registry("the count of a wrong code"))?;
        let left = Demand::MAX_WRONG_TRIES.saturating_sub(tries);
        if left > 0 {
            let left = if left == 1 { "one more try".to_owned() } else { format!("{left} more tries") };
            return Ok(Shown::Not(format!("That is not the code of this mail. You have {left}; then the link is locked.")));
        }
        error!(model = link.model, model.version = link.subject.version(), "a decision link was locked: too many wrong codes were tried");
        let metric = Metric { name: LOCKED_METRIC, unit: Unit::Count, value: 1.0 };
        match metrics_line(NAMESPACE, now_ms, &[("Stage", self.stage().name())], &[metric]) {
            Ok(metrics) => emit(&metrics),
            Err(failure) => error!(error.message = %failure, "a locked link was not counted"),
        }
        Ok(Shown::Locked)
    }
}
