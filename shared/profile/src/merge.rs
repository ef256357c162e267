//! Adding profiles up.

use crate::{Part, Profile, ProfileError, WindowProfile};

impl Profile {
    /// Adds another profile's records to this one. For equal bytes whatever the order of arrival, merge in a fixed order.
    ///
    /// # Errors
    /// [`ProfileError::Anchor`] if the two were counted against different baselines.
    pub fn merge(&mut self, _other: &Profile) -> Result<(), ProfileError> {
        todo!()
    }
}

impl WindowProfile {
    /// Adds up parts, in the order of their sources' identifiers whatever order they come in: content that several
    /// sources share counts once, and a source of which more than `bad_lines` (a share) could not be read is left out;
    /// both are said in the summary.
    ///
    /// # Errors
    /// As [`Profile::merge`].
    pub fn combine(_empty: Profile, _parts: Vec<Part>, _bad_lines: f64) -> Result<Self, ProfileError> {
        todo!()
    }

    /// Adds another span of time.
    ///
    /// # Errors
    /// As [`Profile::merge`].
    pub fn merge(&mut self, _other: &WindowProfile) -> Result<(), ProfileError> {
        todo!()
    }
}
