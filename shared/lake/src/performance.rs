//! What is kept of a window's quality: what was measured in it alone, and what that comes to beside other windows.

use bytes::Bytes;

use crate::{Condition, Lake, LakeError, keys};

/// A file of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PerformanceFile {
    /// `joined.json`: which files of truth were looked at for the window, and which of them spoke of it.
    Joined,
    /// `measured.json`: a function of the window's own predictions and their truth.
    Measured,
    /// `performance.json`: the judgement.
    Performance,
    /// `index.html`: the judgement, for people.
    Page,
}

/// A file of a window, as listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WindowFile {
    /// The window's end, milliseconds since 1970.
    pub end_ms: i64,
    /// Which file.
    pub file: PerformanceFile,
    /// Its entity tag.
    pub etag: String,
}

impl PerformanceFile {
    const ALL: [Self; 4] = [Self::Joined, Self::Measured, Self::Performance, Self::Page];

    fn name(self) -> &'static str {
        match self {
            Self::Joined => "joined.json",
            Self::Measured => "measured.json",
            Self::Performance => "performance.json",
            Self::Page => "index.html",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Joined | Self::Measured | Self::Performance => "application/json",
            Self::Page => "text/html; charset=utf-8",
        }
    }

    /// Its key.
    #[must_use]
    pub fn key(self, model: &str, length: &str, end_ms: i64) -> String {
        keys::performance(model, length, end_ms, self.name())
    }
}

impl Lake {
    /// The files of every window of a length (`1d`), in the order of their windows' ends. One call per thousand files.
    ///
    /// # Errors
    /// As a call fails.
    pub async fn list_performance(&self, model: &str, length: &str) -> Result<Vec<WindowFile>, LakeError> {
        let above = keys::performance_of(model, length);
        let listed = self.bucket.list(&above).await?;
        let mut files: Vec<WindowFile> = listed
            .into_iter()
            .filter_map(|object| {
                let (end_ms, name) = keys::parse_performance(&object.key, &above)?;
                let file = PerformanceFile::ALL.into_iter().find(|file| file.name() == name)?;
                Some(WindowFile { end_ms, file, etag: object.etag })
            })
            .collect();
        files.sort();
        Ok(files)
    }

    /// A file of a window and its entity tag, or `None` if there is none.
    ///
    /// # Errors
    /// As the call fails.
    pub async fn performance_file(
        &self,
        model: &str,
        length: &str,
        end_ms: i64,
        file: PerformanceFile,
    ) -> Result<Option<(Bytes, String)>, LakeError> {
        Ok(self.bucket.get(&file.key(model, length, end_ms)).await?.map(|stored| (stored.bytes, stored.etag)))
    }

    /// Writes a file of a window and returns its entity tag.
    ///
    /// # Errors
    /// As the call fails.
    pub async fn put_performance_file(
        &self,
        model: &str,
        length: &str,
        end_ms: i64,
        file: PerformanceFile,
        bytes: impl Into<Bytes>,
    ) -> Result<String, LakeError> {
        self.bucket.put(&file.key(model, length, end_ms), bytes, file.content_type(), Condition::Always).await
    }
}
