//! News of objects that were made, for whoever tells the functions of them.

use std::sync::{Arc, Mutex};

use super::locked;

/// The objects that were made and not yet told of, oldest first, each with its place among all of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct News(Arc<Mutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    sequence: u64,
    waiting: Vec<(u64, Created)>,
}

/// One object that was made, or made again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Created {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) size: u64,
    pub(crate) etag: String,
    /// The call that made it, as S3 events name it: `Put`, `CompleteMultipartUpload`.
    pub(crate) by: &'static str,
}

impl News {
    pub(super) fn note(&self, created: Created) {
        let mut told = locked(&self.0);
        told.sequence += 1;
        let sequence = told.sequence;
        told.waiting.push((sequence, created));
    }

    /// Takes what is wanted, and leaves what somebody else is told of.
    pub(crate) fn take(&self, wanted: impl Fn(&Created) -> bool, told: impl Fn(&Created) -> bool) -> Vec<(u64, Created)> {
        let mut news = locked(&self.0);
        let (taken, others) = std::mem::take(&mut news.waiting).into_iter().partition(|(_, created)| wanted(created));
        let others: Vec<(u64, Created)> = others;
        news.waiting = others.into_iter().filter(|(_, created)| told(created)).collect();
        taken
    }
}
