//! Reports: the two files of one judged window.

use bytes::Bytes;

use crate::{Condition, Lake, LakeError, keys};

/// Entity tags of a report's two files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportEtags {
    /// Of `verdict.json`.
    pub verdict: String,
    /// Of `index.html`.
    pub page: String,
}

impl Lake {
    /// Writes a window's verdict and its page; `length` as in a contract (`1d`), `end_ms` the window's end.
    ///
    /// # Errors
    /// As a call fails.
    pub async fn put_report(
        &self,
        model: &str,
        length: &str,
        end_ms: i64,
        verdict: Vec<u8>,
        page: String,
    ) -> Result<ReportEtags, LakeError> {
        let put = async |file, bytes: Bytes, content_type| {
            self.bucket.put(&keys::report(model, length, end_ms, file), bytes, content_type, Condition::Always).await
        };
        Ok(ReportEtags {
            verdict: put("verdict.json", verdict.into(), "application/json").await?,
            page: put("index.html", page.into(), "text/html; charset=utf-8").await?,
        })
    }

    /// A window's `verdict.json` as it was written, or `None` if there is none.
    ///
    /// # Errors
    /// As the call fails.
    pub async fn verdict(&self, model: &str, length: &str, end_ms: i64) -> Result<Option<Bytes>, LakeError> {
        Ok(self.bucket.get(&keys::report(model, length, end_ms, "verdict.json")).await?.map(|stored| stored.bytes))
    }

    /// The entity tags of a window's report, or `None` if it is not complete.
    ///
    /// # Errors
    /// As a call fails.
    pub async fn report_etags(&self, model: &str, length: &str, end_ms: i64) -> Result<Option<ReportEtags>, LakeError> {
        let etag = async |file| self.bucket.etag(&keys::report(model, length, end_ms, file)).await;
        let (Some(verdict), Some(page)) = (etag("verdict.json").await?, etag("index.html").await?) else { return Ok(None) };
        Ok(Some(ReportEtags { verdict, page }))
    }

    /// The entity tag of another file beside a window's verdict, or `None` if there is none.
    ///
    /// # Errors
    /// As the call fails.
    pub async fn report_file_etag(&self, model: &str, length: &str, end_ms: i64, file: &str) -> Result<Option<String>, LakeError> {
        self.bucket.etag(&keys::report(model, length, end_ms, file)).await
    }

    /// Writes another JSON file beside a window's verdict, over the very one that was there before.
    ///
    /// # Errors
    /// [`LakeError::Conflict`] if somebody wrote it in the meantime; others as the call fails.
    pub async fn put_report_file(
        &self,
        model: &str,
        length: &str,
        end_ms: i64,
        (file, json): (&str, String),
        before: Option<&str>,
    ) -> Result<(), LakeError> {
        let key = keys::report(model, length, end_ms, file);
        self.bucket.put(&key, json, "application/json", Condition::over(before)).await.map(drop)
    }
}
