//! Ground truth: what holds it, the plan that reads it in whatever format, and how it is told among scoring logs.

use std::sync::Arc;

use tidegate_contract::{Contract, Truth};

use super::compile::distinct;
use super::{Layout, Plan};
use crate::privacy::Privacy;

/// Name of the column of what really was.
pub const ACTUAL: &str = "actual";

impl Plan {
    /// The plan by which the model's ground truth is read, in whatever format: batches of `timestamp` (when it became known; null where a record does not
    /// say), `inference_id` as it is stored for predictions, and [`ACTUAL`], all of them text.
    #[must_use]
    pub fn truth(contract: &Contract) -> Self {
        let places = TruthPlaces::of(contract);
        let plan = Self::of_places(&[ACTUAL], &[places.times, places.ids, Vec::new(), places.actuals]);
        let mut inner = match Arc::try_unwrap(plan.inner) {
            Ok(inner) => inner,
            Err(shared) => return Self { inner: shared, ..plan },
        };
        (inner.layout, inner.privacy) = (Layout::Truth, Privacy::new(contract, &inner.fields));
        Self { inner: Arc::new(inner), ..plan }
    }

    /// Whether a record of these keys (or columns), found among scoring logs, is one of ground truth.
    pub(crate) fn is_truth(&self, names: &[&str]) -> bool {
        let contract = self.contract();
        if self.layout() != Layout::Logs || contract.features.is_empty() {
            return false;
        }
        let first = |path: &str| path.split(['.', '[']).next().unwrap_or_default().to_owned();
        let has = |paths: &[String]| paths.iter().any(|path| names.contains(&first(path).as_str()) || names.contains(&path.as_str()));
        let fields: Vec<String> = self.fields().iter().map(|field| field.path.clone()).collect();
        let places = TruthPlaces::of(contract);
        has(&places.ids) && has(&places.actuals) && !has(&fields)
    }
}

/// Where a record of ground truth has what: the first path that is there counts.
struct TruthPlaces {
    times: Vec<String>,
    ids: Vec<String>,
    actuals: Vec<String>,
}

impl TruthPlaces {
    fn of(contract: &Contract) -> Self {
        let truth = &contract.truth;
        let said = |path: &Option<String>, usual: &[&str]| match path {
            Some(path) => vec![path.clone()],
            None => usual.iter().map(|path| (*path).to_owned()).collect(),
        };
        let mut ids = said(
            &truth.inference_id,
            &distinct([contract.record.inference_id.as_str(), "inference_id"]).iter().map(String::as_str).collect::<Vec<_>>(),
        );
        let mut actuals = said(&truth.actual, &Truth::USUAL_ACTUALS);
        // Amazon SageMaker's.
        ids.push("eventMetadata.eventId".to_owned());
        actuals.push("groundTruthData.data".to_owned());
        Self { times: said(&truth.time, &Truth::USUAL_TIMES), ids, actuals }
    }
}
