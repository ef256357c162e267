//! What can go wrong in `drift`.

/// What can go wrong in `drift`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DriftError {}
