//! What a profile holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidegate_contract::{FeatureKind, FieldRole};

use crate::SegmentProfile;

/// The summary of one model's records over some span of time.
///
/// Profiles of disjoint records merge ([`Profile::merge`]); a window is the merge of its hours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Identifier of the baseline whose cells the values were counted in; `None` when there was no baseline yet.
    pub anchor: Option<String>,
    /// Records counted.
    pub records: u64,
    /// Time of the first and the last record, milliseconds since 1970; `None` without records.
    pub span_ms: Option<(i64, i64)>,
    /// Records per model version.
    pub versions: BTreeMap<String, u64>,
    /// One entry per field, in the order of `Contract::fields`.
    pub fields: Vec<FieldProfile>,
    /// Names of features that the contract does not know, with the number of records that carried them (at most
    /// [`MAX_UNEXPECTED`] names).
    pub unexpected: BTreeMap<String, u64>,
    /// The same records counted apart, more coarsely, by the values of each segment that contract and baseline name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<SegmentProfile>,
}

/// At most so many names of unexpected features are kept.
pub const MAX_UNEXPECTED: usize = 100;

/// The part of one object's records that fell into one hour: what `collect` stores, one per object, version and hour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The object as a whole.
    pub source: Source,
    /// The lines that this part answers for: its own accepted ones; the object's first part also answers for all
    /// quarantined and blank ones, so that parts add up to the object.
    pub lines: Lines,
    /// The quarantined lines that this part answers for, by reason.
    pub reasons: BTreeMap<String, u64>,
    /// The summary of the part's records.
    pub profile: Profile,
}

/// One object that records came from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Source {
    /// Its identifier: a digest of bucket and key.
    pub id: String,
    /// Where it lies: `s3://bucket/key`, or a path.
    pub location: String,
    /// SHA-256 of its decompressed content, hex: two sources with equal content are one upload repeated.
    pub content: String,
    /// What became of all its lines.
    pub lines: Lines,
}

/// The summary of a span of time, and what intake made of the files behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WindowProfile {
    /// The summary of the records.
    pub profile: Profile,
    /// What intake made of the files.
    pub intake: IntakeSummary,
}

/// What intake made of the files behind a window.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct IntakeSummary {
    /// Files (more exactly: parts of files, one per hour they reach into).
    pub files: u64,
    /// Files whose content had already been counted, and was counted once.
    pub repeated: u64,
    /// Files left out because too many of their lines were bad.
    pub refused: u64,
    /// Lines of the files, repeated ones left out.
    pub lines: Lines,
    /// Quarantined lines by reason.
    pub reasons: BTreeMap<String, u64>,
    /// Files worth naming, by location, with the reason: repeated, refused, or with quarantined lines (at most [`MAX_NOTABLE`]).
    pub notable: BTreeMap<String, String>,
}

/// At most so many files are named in an [`IntakeSummary`].
pub const MAX_NOTABLE: usize = 20;

/// What else is known of a batch of records, beside its columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BatchFacts {
    /// The model version that made the predictions; empty when the records do not say.
    pub version: String,
    /// Values of another type than the contract says, per field; in the columns they are null, as missing ones are.
    pub wrong_type: Vec<u64>,
    /// Names of features that the contract does not know, with the number of records that carried them.
    pub unexpected: Vec<(String, u64)>,
}

/// What became of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lines {
    /// Lines (CSV, Parquet: rows) read; always `accepted + quarantined + blank`.
    pub read: u64,
    /// Lines that became records.
    pub accepted: u64,
    /// Lines that were put aside with a reason.
    pub quarantined: u64,
    /// Lines without content.
    pub blank: u64,
}

/// The summary of one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldProfile {
    /// The field's name.
    pub name: String,
    /// What it is to the model.
    pub role: FieldRole,
    /// What its values are.
    pub kind: FeatureKind,
    /// Usable values. Each record is exactly one of `present`, `missing`, `wrong_type`, `infinite`.
    pub present: u64,
    /// Values that were null, absent, empty or not a number (NaN).
    pub missing: u64,
    /// Values of another type than the contract says.
    pub wrong_type: u64,
    /// Infinite numbers: counted, not used.
    pub infinite: u64,
    /// Usable values outside the contract's range or set of allowed values.
    pub out_of_range: u64,
    /// Numbers of a numeric field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numeric: Option<NumericProfile>,
    /// Values of a categorical field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categorical: Option<CategoricalProfile>,
}

/// The numbers of one numeric field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NumericProfile {
    /// Mean of the usable values; 0 without any.
    pub mean: f64,
    /// Sum of squared differences from the mean.
    pub m2: f64,
    /// Least usable value; `None` without any.
    pub min: Option<f64>,
    /// Greatest usable value; `None` without any.
    pub max: Option<f64>,
    /// Exact counts in the anchor's cells, in order of value; empty when the field has no anchor.
    pub cells: Vec<u64>,
}

/// The values of one categorical field.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CategoricalProfile {
    /// Exact counts of the anchor's values, in its order; empty when the field has no anchor.
    pub cells: Vec<u64>,
    /// Counts of the most frequent of the values that are not the anchor's, at most [`MAX_OTHER_VALUES`] of them.
    pub other: BTreeMap<String, u64>,
    /// Values that were neither the anchor's nor found room in `other`.
    pub remainder: u64,
}

/// At most so many values beside the anchor's are counted by name.
pub const MAX_OTHER_VALUES: usize = 1_000;

impl FieldProfile {
    /// Records that were counted: each has a usable value, none, one of a wrong type, or an infinite one.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.present + self.missing + self.wrong_type + self.infinite
    }
}

impl NumericProfile {
    /// Sample variance (divided by `n − 1`); `None` below two values.
    #[must_use]
    pub fn variance(&self, present: u64) -> Option<f64> {
        (present > 1).then(|| self.m2 / (present - 1) as f64)
    }
}

impl CategoricalProfile {
    /// The values that occurred and are counted by name, and how often: the anchor's, which are these, and then the others.
    pub fn named<'n>(&'n self, anchor: &'n [String]) -> impl Iterator<Item = (&'n str, u64)> {
        let all = anchor.iter().zip(&self.cells).chain(&self.other);
        all.filter(|(_, count)| **count > 0).map(|(name, count)| (name.as_str(), *count))
    }

    /// Usable values that are not the anchor's.
    #[must_use]
    pub fn outside(&self) -> u64 {
        self.other.values().sum::<u64>() + self.remainder
    }
}
