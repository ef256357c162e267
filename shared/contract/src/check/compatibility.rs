//! Outputs for other tools that those tools could not take.

use super::Check;
use crate::Contract;
use crate::document::{Path, quoted};

impl Check<'_> {
    pub(super) fn compatibility(&mut self, contract: &Contract) {
        let Some(outputs) = &contract.compatibility.sagemaker else { return };
        let path = Path::top("compatibility").key("sagemaker");
        for (key, name) in
            [("schedule", &outputs.schedule), ("quality_schedule", &outputs.quality_schedule), ("endpoint", &outputs.endpoint)]
        {
            match name.as_deref() {
                Some(name) if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') => {
                    let message = format!("found {}, expected a SageMaker name: letters, digits and hyphens", quoted(name));
                    self.report(&path.key(key), message);
                }
                Some(name) => self.text(&path.key(key), name),
                None => {}
            }
        }
        if outputs.metrics && outputs.schedule.is_none() && outputs.quality_schedule.is_none() {
            self.report(
                &path.key("metrics"),
                "found metrics without a schedule, expected schedule: the MonitoringSchedule that the alarms name",
            );
        }
    }
}
