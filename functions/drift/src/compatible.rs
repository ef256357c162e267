//! What a contract wants written for the readers of other tools, beside the verdict.
//!
//! A file is written over the very one that lay there when the pass began: a worker that was overtaken cannot put an older one over a newer,
//! and it starts over as with the window's record.

use tidegate_contract::{Contract, SageMakerOutputs};
use tidegate_interchange::sagemaker::{metrics, statistics_json, violations_json};
use tidegate_lake::{Lake, LakeError};
use tidegate_monitoring::Verdict;
use tidegate_profile::{Baseline, Profile};
use tidegate_runtime::{Metric, MetricsError, Unit, emit, metrics_lines};

use crate::Job;

const VIOLATIONS: &str = "constraint_violations.json";
const STATISTICS: &str = "statistics.json";

/// The files of one window, as they lay when the pass began.
#[derive(Debug)]
pub(crate) struct Compatible<'a> {
    lake: &'a Lake,
    job: &'a Job,
    outputs: Option<&'a SageMakerOutputs>,
    /// Entity tags of the violations and of the statistics.
    before: [Option<String>; 2],
}

impl<'a> Compatible<'a> {
    /// Looks what lies there, if the contract wants anything written.
    pub(crate) async fn begin(lake: &'a Lake, contract: &'a Contract, job: &'a Job) -> Result<Self, LakeError> {
        let outputs = contract.compatibility.sagemaker.as_ref();
        let length = job.length.to_string();
        let mut before = [None, None];
        for (file, tag) in files(outputs).into_iter().zip(&mut before) {
            if let Some(file) = file {
                *tag = lake.report_file_etag(&job.model, &length, job.end_ms, file).await?;
            }
        }
        Ok(Self { lake, job, outputs, before })
    }

    /// Writes the files.
    pub(crate) async fn write(&self, verdict: &Verdict, profile: &Profile, baseline: Option<&Baseline>) -> Result<(), LakeError> {
        let Some(outputs) = self.outputs else { return Ok(()) };
        let length = self.job.length.to_string();
        for (file, before) in files(self.outputs).into_iter().zip(&self.before) {
            let json = match file {
                Some(VIOLATIONS) => violations_json(verdict, profile, outputs),
                Some(_) => statistics_json(profile, baseline),
                None => continue,
            };
            let file = (file.unwrap_or_default(), json);
            self.lake.put_report_file(&self.job.model, &length, self.job.end_ms, file, before.as_deref()).await?;
        }
        Ok(())
    }

    /// Emits the metrics that old alarms watch, at the window's end.
    pub(crate) fn emit(&self, profile: &Profile, baseline: Option<&Baseline>) -> Result<(), MetricsError> {
        let Some(told) = self.outputs.and_then(|outputs| metrics(profile, baseline, outputs)) else { return Ok(()) };
        let dimensions: Vec<(&str, &str)> = told.dimensions.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let unit = |is_count: bool| if is_count { Unit::Count } else { Unit::None };
        let metrics: Vec<Metric<'_>> =
            told.metrics.iter().map(|(name, value, is_count)| Metric { name, unit: unit(*is_count), value: *value }).collect();
        for line in metrics_lines(told.namespace, self.job.end_ms, &dimensions, &told.sets, &metrics)? {
            emit(&line);
        }
        Ok(())
    }
}

/// The files that are wanted.
fn files(outputs: Option<&SageMakerOutputs>) -> [Option<&'static str>; 2] {
    [outputs.filter(|outputs| outputs.violations).map(|_| VIOLATIONS), outputs.filter(|outputs| outputs.statistics).map(|_| STATISTICS)]
}
