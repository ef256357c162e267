//! Adding profiles up.

use std::collections::BTreeMap;

use crate::room::{add_capped, add_frequent};
use crate::{
    CategoricalProfile, FieldProfile, IntakeSummary, Lines, MAX_NOTABLE, MAX_OTHER_VALUES, MAX_UNEXPECTED, NumericProfile, Part, Profile,
    ProfileError, Source, WindowProfile,
};

impl Profile {
    /// Adds another profile's records to this one. For equal bytes whatever the order of arrival, merge in a fixed order.
    ///
    /// # Errors
    /// [`ProfileError::Anchor`] if the two were counted against different baselines, [`ProfileError::Segments`] if by different
    /// segments; this profile is then unchanged.
    pub fn merge(&mut self, other: &Profile) -> Result<(), ProfileError> {
        if self.anchor != other.anchor {
            let name = |anchor: &Option<String>| anchor.clone().unwrap_or_else(|| "none".to_owned());
            return Err(ProfileError::Anchor { found: name(&other.anchor), expected: name(&self.anchor) });
        }
        if !self.is_segmented_like(other) {
            let names = |profile: &Profile| profile.segments.iter().map(|segment| segment.field.as_str()).collect::<Vec<_>>().join(", ");
            return Err(ProfileError::Segments { found: names(other), expected: names(self) });
        }
        self.merge_segments(other);
        self.records += other.records;
        self.span_ms = match (self.span_ms, other.span_ms) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (mine, theirs) => mine.or(theirs),
        };
        add_counts(&mut self.versions, &other.versions);
        for field in &mut self.fields {
            if let Some(more) = other.fields.iter().find(|more| more.name == field.name && more.kind == field.kind) {
                field.merge(more);
            } else {
                // The contract gained this feature after `other` was counted: none of its records carried it.
                field.missing += other.records;
            }
        }
        for (name, count) in &other.unexpected {
            add_capped(&mut self.unexpected, name, *count, MAX_UNEXPECTED);
        }
        Ok(())
    }
}

impl FieldProfile {
    /// Adds another part's values of the same field, counted in the same cells, to these.
    pub fn merge(&mut self, other: &FieldProfile) {
        if let (Some(mine), Some(theirs)) = (&mut self.numeric, &other.numeric) {
            mine.merge(self.present, theirs, other.present);
        }
        if let (Some(mine), Some(theirs)) = (&mut self.categorical, &other.categorical) {
            mine.merge(theirs);
        }
        self.present += other.present;
        self.missing += other.missing;
        self.wrong_type += other.wrong_type;
        self.infinite += other.infinite;
        self.out_of_range += other.out_of_range;
    }
}

impl NumericProfile {
    /// Adds `count` values of the given mean and sum of squares to the moments of `present` values.
    ///
    /// Source: Chan, Golub and `LeVeque` (1979), *Updating formulae and a pairwise algorithm for computing sample variances*.
    pub(crate) fn add_moments(&mut self, present: u64, count: u64, mean: f64, m2: f64) {
        if count == 0 {
            return;
        }
        let (a, b) = (present as f64, count as f64);
        let delta = mean - self.mean;
        self.mean += delta * (b / (a + b));
        // Numbers near 1e308 overflow a sum of squares; a stored profile must stay readable, so it saturates.
        self.m2 = (self.m2 + m2 + delta * delta * (a * b / (a + b))).min(f64::MAX);
    }

    fn merge(&mut self, present: u64, other: &NumericProfile, other_present: u64) {
        self.add_moments(present, other_present, other.mean, other.m2);
        let least = |a: Option<f64>, b: Option<f64>| a.into_iter().chain(b).reduce(f64::min);
        let greatest = |a: Option<f64>, b: Option<f64>| a.into_iter().chain(b).reduce(f64::max);
        self.min = least(self.min, other.min);
        self.max = greatest(self.max, other.max);
        add_cells(&mut self.cells, &other.cells);
    }
}

impl CategoricalProfile {
    fn merge(&mut self, other: &CategoricalProfile) {
        add_cells(&mut self.cells, &other.cells);
        let more = other.other.iter().map(|(name, count)| (name.as_str(), *count));
        self.remainder += other.remainder + add_frequent(&mut self.other, more, MAX_OTHER_VALUES);
    }
}

impl Lines {
    /// Adds other lines.
    pub fn add(&mut self, other: &Lines) {
        self.read += other.read;
        self.accepted += other.accepted;
        self.quarantined += other.quarantined;
        self.blank += other.blank;
    }
}

impl WindowProfile {
    /// A span of time in which nothing arrived, counted as `empty` (`Profiler::start`) is.
    #[must_use]
    pub fn new(empty: Profile) -> Self {
        Self { profile: empty, intake: IntakeSummary::default() }
    }

    /// Adds up parts, in the order of their sources' identifiers whatever order they come in: content that several
    /// sources share counts once, and a source of which more than `bad_lines` (a share) could not be read is left out;
    /// both are said in the summary.
    ///
    /// # Errors
    /// As [`Profile::merge`].
    pub fn combine(empty: Profile, mut parts: Vec<Part>, bad_lines: f64) -> Result<Self, ProfileError> {
        parts.sort_by(|a, b| (&a.source.id, a.profile.span_ms).cmp(&(&b.source.id, b.profile.span_ms)));
        let mut window = Self::new(empty);
        let mut contents = Contents::default();
        for part in &parts {
            let source = &part.source;
            let standing = contents.standing(source, bad_lines);
            window.intake.files += 1;
            if standing == Standing::Repeated {
                window.intake.repeated += 1;
                window.intake.note(&source.location, "repeats another file, counted once");
                continue;
            }
            window.intake.lines.add(&part.lines);
            add_counts(&mut window.intake.reasons, &part.reasons);
            if standing == Standing::Refused {
                let share = source.bad_share();
                window.intake.refused += 1;
                window.intake.note(&source.location, &format!("left out: {:.0} % of its lines could not be read", share * 100.0));
                continue;
            }
            if part.lines.quarantined > 0 {
                window.intake.note(&source.location, &format!("{} of {} lines quarantined", source.lines.quarantined, source.lines.read));
            }
            window.profile.merge(&part.profile)?;
        }
        Ok(window)
    }

    /// Adds another span of time.
    ///
    /// # Errors
    /// As [`Profile::merge`].
    pub fn merge(&mut self, other: &WindowProfile) -> Result<(), ProfileError> {
        self.profile.merge(&other.profile)?;
        self.intake.files += other.intake.files;
        self.intake.repeated += other.intake.repeated;
        self.intake.refused += other.intake.refused;
        self.intake.lines.add(&other.intake.lines);
        add_counts(&mut self.intake.reasons, &other.intake.reasons);
        for (location, reason) in &other.intake.notable {
            self.intake.note(location, reason);
        }
        Ok(())
    }
}

/// What becomes of a part among those of the same hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its records count.
    Counted,
    /// It repeats the content of another object, which counts.
    Repeated,
    /// Too many lines of its object could not be read: it is left out.
    Refused,
}

/// The contents of an hour's objects so far, by which a part is counted or not.
#[derive(Debug, Default)]
pub struct Contents {
    first_with: BTreeMap<String, String>,
}

impl Contents {
    /// What becomes of a part of this object, of which at most the share `bad_lines` may be unreadable. Ask in the order of the sources' identifiers.
    pub fn standing(&mut self, source: &Source, bad_lines: f64) -> Standing {
        let owner = self.first_with.entry(source.content.clone()).or_insert_with(|| source.id.clone());
        if *owner != source.id {
            Standing::Repeated
        } else if source.bad_share() > bad_lines {
            Standing::Refused
        } else {
            Standing::Counted
        }
    }
}

impl IntakeSummary {
    fn note(&mut self, location: &str, reason: &str) {
        if self.notable.len() < MAX_NOTABLE || self.notable.contains_key(location) {
            self.notable.insert(location.to_owned(), reason.to_owned());
        }
    }
}

impl Source {
    /// Share of its lines that could not be read, blank ones aside; `0..=1`.
    #[must_use]
    pub fn bad_share(&self) -> f64 {
        let lines = self.lines.read - self.lines.blank.min(self.lines.read);
        if lines == 0 { 0.0 } else { self.lines.quarantined as f64 / lines as f64 }
    }
}

fn add_counts(mine: &mut BTreeMap<String, u64>, theirs: &BTreeMap<String, u64>) {
    for (name, count) in theirs {
        *mine.entry(name.clone()).or_default() += count;
    }
}

/// Adds counts cell by cell. Profiles of one anchor have equally many cells; an empty list counts as zeros.
fn add_cells(mine: &mut Vec<u64>, theirs: &[u64]) {
    if mine.len() < theirs.len() {
        mine.resize(theirs.len(), 0);
    }
    for (cell, more) in mine.iter_mut().zip(theirs) {
        *cell += more;
    }
}
