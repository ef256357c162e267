//! Model Monitor's rules as settings of a contract.

use tidegate_contract::{Feature, FeatureKind, FeatureMonitoring, Method};

use super::{Column, Comparison, Constraints, FeatureConstraints, Method as Distance};
use crate::import::listed;
use crate::{Import, Rules};

/// What Model Monitor takes where its files say nothing (developer guide, *Schema for constraints*).
const DEFAULT_THRESHOLD: f64 = 0.1;
/// No distance between distributions is larger.
const LARGEST_DISTANCE: f64 = 1.0;
/// Shares in these files carry the dust of binary fractions.
const DUST: f64 = 1e-9;
/// Limits are written to the billionth.
const PARTS: f64 = 1e9;
/// What of a billionth is dust and no reason to round up.
const SHARE_OF_DUST: f64 = 1e-3;

/// Carries rules over, and keeps account of it.
#[derive(Debug)]
pub(super) struct Carrier<'a> {
    constraints: Option<&'a Constraints>,
    rules: Rules,
    complete: usize,
    suggested: usize,
    non_negative: usize,
    domains: usize,
    muted: Vec<String>,
    uncompared: Vec<String>,
    chi_squared: Vec<String>,
}

impl<'a> Carrier<'a> {
    pub(super) fn new(constraints: Option<&'a Constraints>, rules: Rules) -> Self {
        Self {
            constraints,
            rules,
            complete: 0,
            suggested: 0,
            non_negative: 0,
            domains: 0,
            muted: Vec::new(),
            uncompared: Vec::new(),
            chi_squared: Vec::new(),
        }
    }

    /// Carries the rules of one feature over.
    pub(super) fn feature(&mut self, feature: &mut Feature, rules: &FeatureConstraints, column: Option<&Column>, import: &mut Import) {
        let Some(constraints) = self.constraints else { return };
        if rules.is_non_negative && feature.kind == FeatureKind::Numeric {
            feature.range = Some([0.0, f64::INFINITY]);
            self.non_negative += 1;
        }
        self.domains += usize::from(rules.domain.is_some() && feature.kind == FeatureKind::Categorical);
        let mut own = FeatureMonitoring { missing: self.missing(rules, column), ..FeatureMonitoring::default() };
        own.mute = !rules.is_evaluated.unwrap_or(constraints.is_evaluated);
        if own.mute {
            self.muted.push(rules.name.clone());
        }
        self.comparison(&mut own, feature.kind, rules, constraints, import);
        if own != FeatureMonitoring::default() {
            feature.monitoring = Some(own);
        }
    }

    /// The largest share of missing values. By our rules only what somebody decided: what Model Monitor suggested is what the
    /// baseline shows, and that is known anyway.
    fn missing(&mut self, rules: &FeatureConstraints, column: Option<&Column>) -> Option<f64> {
        let completeness = rules.completeness?;
        let shown = column.map(|column| column.present as f64 / (column.present + column.missing).max(1) as f64);
        let is_suggested = shown.is_some_and(|shown| (shown - completeness).abs() < DUST);
        if self.rules == Rules::Ours && is_suggested {
            self.suggested += 1;
            return None;
        }
        self.complete += 1;
        // Rounded up, so that the baseline itself keeps to it.
        Some(((1.0 - completeness) * PARTS - SHARE_OF_DUST).ceil().max(0.0) / PARTS)
    }

    fn comparison(
        &mut self,
        own: &mut FeatureMonitoring,
        kind: FeatureKind,
        rules: &FeatureConstraints,
        constraints: &Constraints,
        import: &mut Import,
    ) {
        let said = rules.comparison.or(constraints.comparison);
        if said.is_performed == Some(false) {
            self.uncompared.push(rules.name.clone());
            if self.rules == Rules::Theirs && !own.mute {
                (own.method, own.threshold) = (Some(Method::SagemakerRobust), Some(LARGEST_DISTANCE));
            }
            return;
        }
        if self.rules == Rules::Ours {
            return;
        }
        if kind == FeatureKind::Categorical && said.is_chi_squared == Some(true) {
            own.method = Some(Method::Auto);
            self.chi_squared.push(rules.name.clone());
            return;
        }
        let (method, threshold) = judged(&said, kind);
        let usual = judged(&constraints.comparison, FeatureKind::Numeric);
        if !(0.0..=LARGEST_DISTANCE).contains(&threshold) {
            import.leave(format!("the threshold {threshold} of {}", rules.name), "a distance lies between 0 and 1");
        } else if (method, threshold) != usual {
            (own.method, own.threshold) = (Some(method), Some(threshold.max(f64::MIN_POSITIVE)));
        }
    }

    /// Carries the model's own rules over, and says what became of all.
    pub(super) fn finish(self, import: &mut Import) {
        let Some(constraints) = self.constraints else {
            import.leave("rules", "there were no constraints: the contract's defaults count");
            return;
        };
        let (method, threshold) = judged(&constraints.comparison, FeatureKind::Numeric);
        let what = format!(
            "the comparison by the {} distance above {threshold}",
            if method == Method::SagemakerRobust { "Robust" } else { "Simple" }
        );
        if self.rules == Rules::Theirs && (0.0..=LARGEST_DISTANCE).contains(&threshold) {
            import.contract.monitoring.method = method;
            import.contract.monitoring.threshold = Some(threshold.max(f64::MIN_POSITIVE));
            import.carry(format!("{what}, as monitoring.method and threshold (delete both for Tidegate's own judgement)"));
        } else {
            import.leave(
                what,
                "Tidegate's own judgement takes its place: evidence that knows the numbers of records, and an effect that matters",
            );
        }
        self.say(import);
        if let Some(share) = constraints.data_type_threshold {
            import.leave(
                format!("datatype_check_threshold {share}"),
                "values of another type are a warning above 0.1 % and drift from 1 % of the records on",
            );
        }
        if let Some(share) = constraints.domain_threshold {
            import.leave(
                format!("domain_content_threshold {share}"),
                "values that are not allowed are a warning above 0.1 % and drift from 1 % of the records on",
            );
        }
    }

    fn say(&self, import: &mut Import) {
        if self.complete > 0 {
            import.carry(format!("the completeness of {} features, as the largest share of missing values", self.complete));
        }
        if self.suggested > 0 {
            let what = format!("the completeness of {} features", self.suggested);
            import.leave(what, "it is what the baseline shows; more missing values than chance explains are found anyway");
        }
        if self.non_negative > 0 {
            import.carry(format!("that {} features are not negative, as their range", self.non_negative));
        }
        if self.domains > 0 {
            import.carry(format!("the domains of {} features, as allowed values", self.domains));
        }
        if !self.muted.is_empty() {
            import.carry(format!("that {} are not evaluated, as mute", listed(&self.muted)));
        }
        if !self.uncompared.is_empty() {
            let names = listed(&self.uncompared);
            match self.rules {
                Rules::Theirs => import
                    .carry(format!("that the distributions of {names} are not compared, as the threshold 1, which no distance exceeds")),
                Rules::Ours => import.leave(
                    format!("that the distributions of {names} are not compared"),
                    "they are compared here; mute what you do not want to hear of",
                ),
            }
        }
        if !self.chi_squared.is_empty() {
            import.leave(
                format!("the chi-squared comparison of {}", listed(&self.chi_squared)),
                "it takes the baseline for exact, so that a single new value is a violation; method auto tests both samples",
            );
        }
    }
}

/// The method and threshold by which a kind of feature is judged.
fn judged(said: &Comparison, kind: FeatureKind) -> (Method, f64) {
    let threshold = match kind {
        FeatureKind::Numeric => said.threshold,
        FeatureKind::Categorical => said.categorical_threshold.or(said.threshold),
    };
    let method = match (said.method.unwrap_or(Distance::Robust), kind) {
        (Distance::Robust, _) => Method::SagemakerRobust,
        (Distance::Simple, FeatureKind::Numeric) => Method::Ks,
        (Distance::Simple, FeatureKind::Categorical) => Method::LInfinity,
    };
    (method, threshold.unwrap_or(DEFAULT_THRESHOLD))
}
