//! Faults of the data themselves: what is missing, of the wrong type, out of range, new, or unreadable.

use tidegate_contract::{Contract, Field, FieldRole};
use tidegate_profile::{Baseline, FieldAnchor, FieldProfile, WindowProfile};

use crate::decide::strength;
use crate::reasons::reason_in_words;
use crate::rules::Rules;
use crate::words::{list, percent, quoted};
use crate::{FieldVerdict, QualityFinding, QualityKind, State};

/// A fault in more than this share of the records matters.
const MATTERS: f64 = 0.01;

/// A fault in less than this share of the records is not worth a line.
const NEGLIGIBLE: f64 = 0.001;

/// A rise of the share of missing values by more than this matters.
const MISSING_MATTERS: f64 = 0.05;

/// An unexpected feature is named when at least this share of the records carries it.
const UNEXPECTED: f64 = 0.01;

/// Every fault, worst first.
pub(crate) fn findings(
    contract: &Contract,
    window: &WindowProfile,
    baseline: Option<&Baseline>,
    fields: &[FieldVerdict],
) -> Vec<QualityFinding> {
    let mut found = Vec::new();
    let records = window.profile.records;
    for field in contract.fields() {
        let rules = Rules::of(contract, &field);
        let (Some(now), false) = (window.profile.fields.iter().find(|now| now.name == field.name), rules.muted || records == 0) else {
            continue;
        };
        let before = baseline
            .and_then(|baseline| baseline.profile.fields.get(baseline.position(&field.name)?))
            .filter(|before| before.missing + before.present > 0);
        let judged = fields.iter().find(|judged| judged.name == field.name);
        let one = OneField { field: &field, now, before, records };
        found.extend(one.absence(judged, rules.missing, contract.monitoring.false_discovery_rate));
        found.extend(one.types());
        found.extend(one.infinite());
        found.extend(one.range());
        // Where the baseline had more values than are kept, one that is not among them need not be new.
        let anchor = baseline.and_then(|baseline| baseline.anchor_of(&field.name));
        if !matches!(anchor, Some(FieldAnchor::Categorical(anchor)) if anchor.open) {
            found.extend(one.unseen(judged, contract));
        }
    }
    found.extend(unexpected(window));
    found.extend(bad_lines(window, contract));
    found.sort_by(|a, b| b.state.cmp(&a.state).then_with(|| rise(b).total_cmp(&rise(a))).then_with(|| a.field.cmp(&b.field)));
    found
}

fn rise(finding: &QualityFinding) -> f64 {
    finding.share - finding.share_baseline.unwrap_or(0.0)
}

struct OneField<'a> {
    field: &'a Field,
    now: &'a FieldProfile,
    before: Option<&'a FieldProfile>,
    records: u64,
}

impl OneField<'_> {
    fn finding(&self, kind: QualityKind, state: State, share: f64, before: Option<f64>, sentence: String) -> QualityFinding {
        QualityFinding { kind, field: Some(self.field.name.clone()), state, share, share_baseline: before, sentence }
    }

    fn share(&self, count: u64) -> f64 {
        count as f64 / self.records.max(1) as f64
    }

    /// The same share in the baseline, when it has the field at all.
    fn before(&self, count: impl Fn(&FieldProfile) -> u64) -> Option<f64> {
        let before = self.before.filter(|before| before.present > 0)?;
        let records = before.present + before.missing + before.wrong_type + before.infinite;
        Some(count(before) as f64 / records.max(1) as f64)
    }

    fn absence(&self, judged: Option<&FieldVerdict>, limit: Option<f64>, rate: f64) -> Option<QualityFinding> {
        let name = &self.field.name;
        let share = self.share(self.now.missing);
        let before = self.before(|before| before.missing);
        if self.now.missing == self.records {
            // An output that the team never logs is not a fault; a feature of the contract is.
            return (self.field.role == FieldRole::Feature || before.is_some()).then(|| {
                let sentence = format!("{name} is missing from every record, expected at {}", self.field.path);
                self.finding(QualityKind::AbsentFeature, State::Drift, 1.0, before, sentence)
            });
        }
        if let Some(limit) = limit {
            let sentence = format!("{name} is missing in {} of the records, the contract allows {}", percent(share), percent(limit));
            return (share > limit).then(|| self.finding(QualityKind::Missing, State::Drift, share, before, sentence));
        }
        let test = judged?.tests.iter().find(|test| test.test == "missing")?;
        if judged?.state == State::InsufficientData || test.effect <= 0.0 || strength(test, rate) != State::Drift {
            return None;
        }
        let state = if test.sure_effect() >= MISSING_MATTERS { State::Drift } else { State::Warning };
        let sentence =
            format!("{name} is missing in {} of the records, {} in the baseline", percent(share), percent(before.unwrap_or(0.0)));
        Some(self.finding(QualityKind::Missing, state, share, before, sentence))
    }

    /// A fault that the contract forbids: any share above the baseline's own counts.
    fn forbidden(&self, kind: QualityKind, count: u64, before: Option<f64>, says: impl Fn(&str) -> String) -> Option<QualityFinding> {
        let share = self.share(count);
        let rise = share - before.unwrap_or(0.0);
        let state = if rise >= MATTERS { State::Drift } else { State::Warning };
        (rise > NEGLIGIBLE).then(|| self.finding(kind, state, share, before, says(&percent(share))))
    }

    fn types(&self) -> Option<QualityFinding> {
        let expected = match self.field.kind {
            tidegate_contract::FeatureKind::Numeric => "a number",
            tidegate_contract::FeatureKind::Categorical => "a name",
        };
        let before = self.before(|before| before.wrong_type);
        self.forbidden(QualityKind::WrongType, self.now.wrong_type, before, |share| {
            format!("{} is not {expected} in {share} of the records", self.field.name)
        })
    }

    fn infinite(&self) -> Option<QualityFinding> {
        let before = self.before(|before| before.infinite);
        self.forbidden(QualityKind::Infinite, self.now.infinite, before, |share| {
            format!("{} is infinite in {share} of the records", self.field.name)
        })
    }

    fn range(&self) -> Option<QualityFinding> {
        let before = self.before(|before| before.out_of_range);
        let odd = match (&self.field.range, &self.field.allowed) {
            (Some([low, f64::INFINITY]), _) => format!("below {low}"),
            (Some([f64::NEG_INFINITY, high]), _) => format!("above {high}"),
            (Some([low, high]), _) => format!("outside {low} to {high}"),
            (None, Some(allowed)) => format!("outside {}", list(&allowed.iter().map(String::as_str).collect::<Vec<_>>())),
            (None, None) => return None,
        };
        self.forbidden(QualityKind::OutOfRange, self.now.out_of_range, before, |share| {
            format!("{} lies {odd} in {share} of the records", self.field.name)
        })
    }

    fn unseen(&self, judged: Option<&FieldVerdict>, contract: &Contract) -> Option<QualityFinding> {
        let judged = judged?;
        let test = judged.tests.iter().find(|test| test.test == "unseen")?;
        if judged.state == State::InsufficientData || strength(test, contract.monitoring.false_discovery_rate) != State::Drift {
            return None;
        }
        let categorical = self.now.categorical.as_ref()?;
        let mut by_count: Vec<(&String, &u64)> = categorical.other.iter().collect();
        by_count.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        let shown: Vec<String> = by_count.iter().map(|(value, _)| quoted(value)).collect();
        let names = if contract.sensitivity == tidegate_contract::Sensitivity::Restricted {
            String::new()
        } else {
            format!(": {}", list(&shown.iter().map(String::as_str).collect::<Vec<_>>()))
        };
        let share = categorical.outside() as f64 / self.now.present.max(1) as f64;
        let sentence =
            format!("{} has values that the baseline never showed, in {} of the records{names}", self.field.name, percent(share));
        // New values may be new business; the drift verdict says whether the mix changed by as much as matters.
        Some(self.finding(QualityKind::UnseenCategory, State::Warning, share, Some(0.0), sentence))
    }
}

fn unexpected(window: &WindowProfile) -> Option<QualityFinding> {
    let records = window.profile.records.max(1) as f64;
    let common: Vec<(&str, f64)> = window
        .profile
        .unexpected
        .iter()
        .map(|(name, count)| (name.as_str(), *count as f64 / records))
        .filter(|(_, share)| *share >= UNEXPECTED)
        .collect();
    let share = common.iter().map(|(_, share)| *share).fold(0.0, f64::max);
    let names: Vec<&str> = common.iter().map(|(name, _)| *name).collect();
    (!names.is_empty()).then(|| QualityFinding {
        kind: QualityKind::UnexpectedFeature,
        field: None,
        state: State::Warning,
        share,
        share_baseline: None,
        sentence: format!(
            "records carry {} that the contract does not know: {}",
            if names.len() == 1 { "a feature" } else { "features" },
            list(&names)
        ),
    })
}

fn bad_lines(window: &WindowProfile, contract: &Contract) -> Option<QualityFinding> {
    let summary = &window.intake;
    let written = summary.lines.read - summary.lines.blank.min(summary.lines.read);
    let share = if written == 0 { 0.0 } else { summary.lines.quarantined as f64 / written as f64 };
    let state = if summary.refused > 0 || share > contract.monitoring.bad_lines { State::Drift } else { State::Warning };
    if summary.refused == 0 && share <= NEGLIGIBLE {
        return None;
    }
    let reason = summary
        .reasons
        .iter()
        .max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0)))
        .map_or_else(String::new, |(reason, _)| format!(", most often: {}", reason_in_words(reason)));
    let refused = match summary.refused {
        0 => String::new(),
        1 => "; 1 file was left out because too many of its lines were bad".to_owned(),
        more => format!("; {more} files were left out because too many of their lines were bad"),
    };
    let sentence = format!("{} of {} lines could not be read{reason}{refused}", summary.lines.quarantined, summary.lines.read);
    Some(QualityFinding { kind: QualityKind::BadLines, field: None, state, share, share_baseline: None, sentence })
}
