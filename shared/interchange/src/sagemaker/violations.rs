//! `constraint_violations.json`: a verdict as readers of Model Monitor know one.
//!
//! What drifted is a violation; what is a warning stands apart, under a key that old readers do not look at. Model Monitor has six
//! kinds of checks, and its descriptions are prose that some scripts take numbers from: [`ViolationWording`] says how a distance is
//! phrased, and every violation carries its numbers under keys of their own.

use serde_json::{Map, Value, json};
use tidegate_contract::{FeatureKind, FieldRole, SageMakerOutputs, ViolationWording};
use tidegate_monitoring::{FieldVerdict, QualityFinding, QualityKind, State, Verdict};
use tidegate_profile::Profile;

/// The feature name of a finding that is about no single feature; Model Monitor's own metrics use it so.
const NO_FEATURE: &str = "_";

/// How a monitoring execution ended, in SageMaker's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutionStatus {
    /// Without a violation.
    Completed,
    /// With violations.
    CompletedWithViolations,
    /// Without a record: a monitoring job that finds no capture fails.
    Failed,
}

impl ExecutionStatus {
    /// The word that `DescribeMonitoringExecution` says.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed => "Completed",
            Self::CompletedWithViolations => "CompletedWithViolations",
            Self::Failed => "Failed",
        }
    }
}

/// How the execution of this verdict ended.
#[must_use]
pub fn execution_status(verdict: &Verdict, profile: &Profile) -> ExecutionStatus {
    if verdict.state == State::NoData {
        ExecutionStatus::Failed
    } else if found(verdict, profile, State::Drift, ViolationWording::default()).is_empty() {
        ExecutionStatus::Completed
    } else {
        ExecutionStatus::CompletedWithViolations
    }
}

/// The file, JSON with a line end. `profile` is that of the verdict's window.
#[must_use]
pub fn violations_json(verdict: &Verdict, profile: &Profile, outputs: &SageMakerOutputs) -> String {
    let file = json!({
        "violations": found(verdict, profile, State::Drift, outputs.wording),
        "warnings": found(verdict, profile, State::Warning, outputs.wording),
        "monitoring_execution_status": execution_status(verdict, profile).name(),
        "monitoring_schedule": outputs.schedule,
        "endpoint": outputs.endpoint,
        "model": verdict.model,
        "window": verdict.window,
        "records": verdict.records,
    });
    format!("{file:#}\n")
}

/// What was found in this state, fields first, in the verdict's order.
fn found(verdict: &Verdict, profile: &Profile, state: State, wording: ViolationWording) -> Vec<Value> {
    let faults: Vec<&QualityFinding> = verdict.quality.iter().filter(|finding| finding.state == state).collect();
    let told =
        |field: &FieldVerdict| faults.iter().any(|fault| fault.kind == QualityKind::Missing && fault.field.as_ref() == Some(&field.name));
    let drifted = verdict.fields.iter().filter(|field| field.state == state && !field.muted);
    let mut found: Vec<Value> = drifted.filter_map(|field| drift(field, wording, told(field))).collect();
    for finding in faults {
        if finding.kind == QualityKind::UnexpectedFeature {
            found.extend(profile.unexpected.iter().map(|(name, records)| unexpected(name, *records, verdict.records)));
        } else {
            found.push(fault(finding, verdict));
        }
    }
    found
}

/// What drifted, unless it is values that went missing and the data fault says so.
fn drift(field: &FieldVerdict, wording: ViolationWording, is_missing_told: bool) -> Option<Value> {
    let test = field.decisive.as_ref().filter(|test| !(is_missing_told && test.test == "missing"))?;
    let (size, threshold) = (test.effect.abs(), test.threshold);
    let distance = match (wording, field.kind) {
        (ViolationWording::Numerical, FeatureKind::Categorical) => {
            format!("Categorical distance: {size} exceeds categorical threshold: {threshold}")
        }
        (ViolationWording::Numerical, FeatureKind::Numeric) => {
            format!("Numerical distance: {size} exceeds numerical threshold: {threshold}")
        }
        (ViolationWording::Plain, _) => format!("Baseline drift distance: {size} exceeds threshold: {threshold}"),
    };
    let (check, description) = match test.test.as_str() {
        "missing" => ("completeness_check", unmet(1.0 - field.missing_current.unwrap_or(size))),
        "unseen" => ("categorical_values_check", unmet(size)),
        _ => ("baseline_drift_check", distance),
    };
    let mut violation = violation(&field.name, check, &description, &field.sentence);
    violation.extend([
        ("value".to_owned(), json!(size)),
        ("threshold".to_owned(), json!(threshold)),
        ("unit".to_owned(), json!(test.unit)),
        ("test".to_owned(), json!(test.test)),
        ("p_value".to_owned(), json!(test.p_adjusted)),
        ("n".to_owned(), json!(field.present)),
        ("role".to_owned(), json!(field.role)),
    ]);
    Some(Value::Object(violation))
}

fn fault(finding: &QualityFinding, verdict: &Verdict) -> Value {
    let name = finding.field.as_deref().unwrap_or(NO_FEATURE);
    let is_name = |field: &FieldVerdict| field.name == name && field.kind == FeatureKind::Categorical;
    let share = finding.share;
    let (check, description) = match finding.kind {
        QualityKind::Missing => ("completeness_check", unmet(1.0 - share)),
        QualityKind::AbsentFeature => ("missing_column_check", format!("There are missing columns in current dataset. Column: {name}")),
        QualityKind::UnexpectedFeature => ("extra_column_check", format!("There are extra columns in current dataset. Column: {name}")),
        QualityKind::UnseenCategory => ("categorical_values_check", unmet(share)),
        QualityKind::OutOfRange if verdict.fields.iter().any(is_name) => ("categorical_values_check", unmet(share)),
        QualityKind::WrongType | QualityKind::OutOfRange | QualityKind::Infinite | QualityKind::BadLines => {
            let right = (1.0 - share) * 100.0;
            (
                "data_type_check",
                format!("Data type match requirement is not met. Expected match: 100.0%. Observed: Only {right}% of data matches."),
            )
        }
    };
    let mut violation = violation(name, check, &description, &finding.sentence);
    violation.extend([
        ("value".to_owned(), json!(share)),
        ("baseline_value".to_owned(), json!(finding.share_baseline)),
        ("n".to_owned(), json!(verdict.records)),
        ("fault".to_owned(), json!(finding.kind)),
    ]);
    Value::Object(violation)
}

fn unexpected(name: &str, records: u64, all: u64) -> Value {
    let description = format!("There are extra columns in current dataset. Column: {name}");
    let sentence = format!("{records} of {all} records carry {name}, which the contract does not know");
    let mut violation = violation(name, "extra_column_check", &description, &sentence);
    violation.extend([
        ("value".to_owned(), json!(records as f64 / all.max(1) as f64)),
        ("n".to_owned(), json!(all)),
        ("role".to_owned(), json!(FieldRole::Feature)),
    ]);
    Value::Object(violation)
}

/// Deequ's sentence for a share that a rule does not allow.
fn unmet(value: f64) -> String {
    format!("Value: {value} does not meet the constraint requirement! ")
}

fn violation(feature: &str, check: &str, description: &str, sentence: &str) -> Map<String, Value> {
    let texts = [("feature_name", feature), ("constraint_check_type", check), ("description", description), ("sentence", sentence)];
    texts.into_iter().map(|(key, text)| (key.to_owned(), Value::from(text))).collect()
}
