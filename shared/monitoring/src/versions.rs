//! Which model versions answer for the first time along a trail.

use std::collections::BTreeSet;

use tidegate_profile::Profile;

use crate::NEW_VERSIONS;

/// The versions seen so far.
#[derive(Debug, Default)]
pub(crate) struct Versions<'a> {
    seen: BTreeSet<&'a str>,
}

impl<'a> Versions<'a> {
    /// The versions that answer in this hour or day and in none before, at most [`NEW_VERSIONS`]. Where no version answered
    /// before there is nothing to be new against; records that say none count for nothing.
    pub(crate) fn new_in(&mut self, profile: &'a Profile) -> Vec<String> {
        let compared = !self.seen.is_empty();
        let named = profile.versions.keys().map(String::as_str).filter(|version| !version.is_empty());
        let new: Vec<&str> = named.filter(|version| self.seen.insert(version)).collect();
        let shown = if compared { NEW_VERSIONS } else { 0 };
        new.into_iter().take(shown).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(versions: &[&str]) -> Profile {
        let versions = versions.iter().map(|version| ((*version).to_owned(), 9)).collect();
        Profile { versions, ..tidegate_profile::Profiler::new(&[], None).start() }
    }

    #[test]
    fn a_version_is_new_once_and_never_in_the_first_hour() {
        let hours = [hour(&[""]), hour(&["1.0"]), hour(&["", "1.0", "1.1"]), hour(&["1.1"]), hour(&["1.0", "a", "b", "c", "d", "e"])];
        let mut versions = Versions::default();
        let new: Vec<Vec<String>> = hours.iter().map(|hour| versions.new_in(hour)).collect();
        assert_eq!(new, [vec![], vec![], vec!["1.1".to_owned()], vec![], ["a", "b", "c", "d"].map(str::to_owned).to_vec()]);
    }
}
