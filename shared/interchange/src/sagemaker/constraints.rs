//! `constraints.json`: the rules that Model Monitor judges by, in every spelling that it has written them.

use serde_json::{Map, Value};

use super::InferredType;
use super::document::{any, number};
use super::statistics::wrong;
use crate::InterchangeError;

/// Both spellings of a feature's own settings: the documented one, and the one that files carry.
const OVERRIDES: [&str; 3] = ["monitoring_config_overrides", "monitoringConfigOverrides", "monitoring_config"];

/// The rules of a baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Constraints {
    /// Rules by column, in the order of the file.
    pub features: Vec<FeatureConstraints>,
    /// Whether anything is evaluated at all.
    pub is_evaluated: bool,
    /// Share of values of another type above which a column violates.
    pub data_type_threshold: Option<f64>,
    /// Share of values outside the domain above which a column violates.
    pub domain_threshold: Option<f64>,
    /// How distributions are compared.
    pub comparison: Comparison,
}

/// The rules of one column.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureConstraints {
    /// The column.
    pub name: String,
    /// What its values must be.
    pub inferred: InferredType,
    /// Least share of present values.
    pub completeness: Option<f64>,
    /// Whether its numbers must not be negative.
    pub is_non_negative: bool,
    /// The texts that it may hold.
    pub domain: Option<Vec<String>>,
    /// Whether the column is evaluated, where it says so itself.
    pub is_evaluated: Option<bool>,
    /// How its distribution is compared, where it says so itself.
    pub comparison: Comparison,
}

/// How distributions are compared; what is not said is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Comparison {
    /// Whether they are compared.
    pub is_performed: Option<bool>,
    /// Distance of numbers above which a column violates.
    pub threshold: Option<f64>,
    /// The distance.
    pub method: Option<Method>,
    /// Distance of texts above which a column violates.
    pub categorical_threshold: Option<f64>,
    /// Whether texts are compared by a chi-squared test instead.
    pub is_chi_squared: Option<bool>,
}

/// Model Monitor's distances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The largest difference of the distributions.
    Simple,
    /// The same, less what small samples would differ by anyway.
    Robust,
}

impl Constraints {
    pub(super) fn read(top: &Map<String, Value>) -> Result<Self, InterchangeError> {
        let features = match top.get("features") {
            Some(Value::Array(features)) => features.as_slice(),
            None | Some(Value::Null) => &[],
            other => return Err(wrong("features", other, "a list of columns")),
        };
        let empty = Map::new();
        let config = any(top, &["monitoring_config", "monitoringConfig"]).and_then(Value::as_object).unwrap_or(&empty);
        let share = |names: &[&str]| any(config, names).and_then(number);
        Ok(Self {
            features: features.iter().enumerate().map(|(place, value)| FeatureConstraints::read(place, value)).collect::<Result<_, _>>()?,
            is_evaluated: enabled(any(config, &["evaluate_constraints", "evaluateConstraints"])).unwrap_or(true),
            data_type_threshold: share(&["datatype_check_threshold", "data_type_check_threshold", "datatypeCheckThreshold"]),
            // Older files say which share must lie inside the domain.
            domain_threshold: share(&["domain_content_threshold", "domainContentThreshold"])
                .or_else(|| share(&["min_domain_mass", "minDomainMass"]).map(|inside| 1.0 - inside)),
            comparison: Comparison::read(config),
        })
    }
}

impl FeatureConstraints {
    fn read(place: usize, value: &Value) -> Result<Self, InterchangeError> {
        let Value::Object(feature) = value else { return Err(wrong(&format!("features[{place}]"), Some(value), "a column")) };
        let name = match any(feature, &["name", "feature_name"]) {
            Some(Value::String(name)) if !name.is_empty() => name.clone(),
            Some(Value::Number(number)) => number.to_string(),
            other => return Err(wrong(&format!("features[{place}].name"), other, "the name of a column")),
        };
        let numeric = any(feature, &["num_constraints", "numerical_constraints"]).and_then(Value::as_object);
        let textual = any(feature, &["string_constraints", "categorical_constraints"]).and_then(Value::as_object);
        // The SDK writes overrides inside the string constraints too.
        let own: Vec<&Map<String, Value>> =
            [Some(feature), textual, numeric].into_iter().flatten().filter_map(|of| any(of, &OVERRIDES)?.as_object()).collect();
        let texts = |list: &Value| {
            let texts = list.as_array()?.iter().filter(|text| !text.is_null());
            Some(texts.map(|text| text.as_str().map_or_else(|| text.to_string(), str::to_owned)).collect())
        };
        Ok(Self {
            name,
            inferred: InferredType::read(any(feature, &["inferred_type", "inferredType"])),
            completeness: any(feature, &["completeness"]).and_then(number).filter(|share| (0.0..=1.0).contains(share)),
            is_non_negative: numeric.and_then(|of| any(of, &["is_non_negative", "isNonNegative"])) == Some(&Value::Bool(true)),
            domain: textual.and_then(|of| any(of, &["domains", "domain"])).and_then(texts),
            is_evaluated: own.iter().find_map(|of| enabled(any(of, &["evaluate_constraints", "evaluateConstraints"]))),
            comparison: own.iter().map(|of| Comparison::read(of)).fold(Comparison::default(), Comparison::or),
        })
    }
}

impl Comparison {
    fn read(config: &Map<String, Value>) -> Self {
        let empty = Map::new();
        let of = any(config, &["distribution_constraints", "distributionConstraints"]).and_then(Value::as_object).unwrap_or(&empty);
        let said = |names: &[&str]| any(of, names);
        let word = |value: &Value| value.as_str().map(|text| text.to_ascii_lowercase().replace(['_', '-', ' '], ""));
        Self {
            is_performed: enabled(said(&["perform_comparison", "performComparison", "enable_comparisons", "enableComparisons"])),
            threshold: said(&["comparison_threshold", "comparisonThreshold"]).and_then(number),
            method: said(&["comparison_method", "comparisonMethod"]).and_then(word).and_then(|word| match word.as_str() {
                "simple" => Some(Method::Simple),
                "robust" => Some(Method::Robust),
                _ => None,
            }),
            categorical_threshold: said(&["categorical_comparison_threshold", "categoricalComparisonThreshold"]).and_then(number),
            is_chi_squared: said(&["categorical_drift_method", "categoricalDriftMethod"])
                .and_then(word)
                .map(|word| word.starts_with("chi")),
        }
    }

    /// What this one says, and where it says nothing, what the other says.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            is_performed: self.is_performed.or(other.is_performed),
            threshold: self.threshold.or(other.threshold),
            method: self.method.or(other.method),
            categorical_threshold: self.categorical_threshold.or(other.categorical_threshold),
            is_chi_squared: self.is_chi_squared.or(other.is_chi_squared),
        }
    }
}

/// `"Enabled"`, `"Disabled"`, or as older files have it `true` and `false`.
fn enabled(value: Option<&Value>) -> Option<bool> {
    match value? {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "enabled" | "true" => Some(true),
            "disabled" | "false" => Some(false),
            _ => None,
        },
        _ => None,
    }
}
