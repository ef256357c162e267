//! The report that people are asked about, and what monitoring saw before.

use tidegate_approval::Subject;
use tidegate_lake::keys;
use tidegate_monitoring::State;
use tidegate_registry::WindowRecord;
use tidegate_validation::GateReport;
use tracing::warn;

use crate::opened::Opened;
use crate::{ApproveError, Approver};

/// So many windows back is looked for drift.
const WINDOWS: i32 = 31;

impl Approver {
    /// The gate's report, if its bytes are those that the link is bound to. Nothing is shown in its place, and nothing decided without it.
    pub(crate) async fn evidence(&self, opened: &Opened) -> Result<GateReport, ApproveError> {
        let (Subject::Promotion { evidence, .. } | Subject::Retraining { evidence, .. }) = &opened.link.subject;
        let key = keys::gate(&opened.link.model, evidence, "gate.json");
        let wrong = |found: String| ApproveError::Evidence {
            key: key.clone(),
            found,
            expected: evidence.clone(),
            model: opened.link.model.clone(),
            version: opened.version.number,
        };
        let stored = self.lake.get(&key).await.map_err(ApproveError::bucket("a look at a gate's report"))?;
        let bytes = stored.ok_or_else(|| wrong("nothing".to_owned()))?.bytes;
        let digest = keys::sha256(&bytes);
        if digest != *evidence {
            return Err(wrong(format!("bytes with digest {digest}")));
        }
        serde_json::from_slice(&bytes).map_err(|error| wrong(format!("no report ({error})")))
    }

    /// The last window before the candidate was submitted that monitoring raised its voice about. It is told for what it is worth; the page goes without
    /// it rather than not at all.
    pub(crate) async fn drift_before(&self, opened: &Opened) -> Option<WindowRecord> {
        let length = *opened.contract.as_ref()?.monitoring.windows.first()?;
        match self.registry.latest_windows(&opened.link.model, length, WINDOWS).await {
            Ok(windows) => windows.into_iter().find(|window| {
                matches!(window.state, State::Drift | State::Warning) && window.key.end_ms <= opened.version.submitted_at_ms
            }),
            Err(error) => {
                warn!(model = opened.link.model, error.message = %error, "what monitoring saw before is not shown");
                None
            }
        }
    }
}
