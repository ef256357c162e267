//! Writing an object that is made piece by piece: one PUT when it stays small, parts when it grows.
//!
//! Nothing can be seen at the key before [`Upload::finish`], whatever was sent before.

use aws_sdk_s3::{
    primitives::ByteStream,
    types::{CompletedMultipartUpload, CompletedPart},
};
use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};

use crate::{Bucket, Condition, LakeError, Opened, keys};

/// Size of a part, bytes. S3 wants at least 5 MiB for all but the last (user guide, *Multipart upload limits*).
pub const PART_BYTES: usize = 8 * 1024 * 1024;

/// Most parts of an upload (user guide, as above): 80 GB in parts of this size, far beyond what one object makes.
const MAX_PARTS: i32 = 10_000;

/// An object in the making. Holds at most one part in memory.
#[derive(Debug)]
pub struct Upload {
    bucket: Bucket,
    key: String,
    content_type: &'static str,
    pending: BytesMut,
    started: Option<String>,
    parts: Vec<CompletedPart>,
}

impl Upload {
    /// Begins an object. Nothing is sent before a part is full.
    #[must_use]
    pub fn new(bucket: &Bucket, key: String, content_type: &'static str) -> Self {
        Self { bucket: bucket.clone(), key, content_type, pending: BytesMut::new(), started: None, parts: Vec::new() }
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Adds bytes; full parts leave at once.
    ///
    /// # Errors
    /// As a call fails; then [`Upload::abort`] what was begun.
    pub async fn push(&mut self, mut bytes: &[u8]) -> Result<(), LakeError> {
        loop {
            let (now, later) = bytes.split_at(bytes.len().min(PART_BYTES.saturating_sub(self.pending.len())));
            self.pending.extend_from_slice(now);
            if self.pending.len() < PART_BYTES {
                return Ok(());
            }
            let part = self.pending.split().freeze();
            self.send_part(part).await?;
            bytes = later;
        }
    }

    /// Adds all of an opened object of a bucket, and says the SHA-256 of what came.
    ///
    /// # Errors
    /// As reading or writing fails; then [`Upload::abort`] what was begun.
    pub async fn pour(&mut self, from: &Bucket, key: &str, object: Opened) -> Result<String, LakeError> {
        let mut digest = Sha256::new();
        let add = async |chunk: &[u8]| {
            digest.update(chunk);
            self.push(chunk).await
        };
        from.stream(key, object, add).await?;
        Ok(keys::hex(&digest.finalize()))
    }

    async fn send_part(&mut self, part: Bytes) -> Result<(), LakeError> {
        let failed = |error| LakeError::Call {
            operation: "upload",
            bucket: self.bucket.name.clone(),
            key: self.key.clone(),
            retryable: false,
            source: error,
        };
        let number = i32::try_from(self.parts.len()).unwrap_or(MAX_PARTS).saturating_add(1);
        if number > MAX_PARTS {
            return Err(failed(format!("more than {MAX_PARTS} parts").into()));
        }
        let id = if let Some(id) = &self.started {
            id.clone()
        } else {
            let call = self.bucket.s3.create_multipart_upload().bucket(&self.bucket.name).key(&self.key).content_type(self.content_type);
            let begun = call.send().await.map_err(|error| LakeError::call("begin an upload of", &self.bucket.name, &self.key, error))?;
            let id = begun.upload_id.ok_or_else(|| failed("the answer has no upload id".into()))?;
            self.started.insert(id).clone()
        };
        let call = self
            .bucket
            .s3
            .upload_part()
            .bucket(&self.bucket.name)
            .key(&self.key)
            .upload_id(id)
            .part_number(number)
            .body(ByteStream::from(part));
        let sent = call.send().await.map_err(|error| LakeError::call("upload a part of", &self.bucket.name, &self.key, error))?;
        let done = CompletedPart::builder()
            .part_number(number)
            .set_e_tag(sent.e_tag)
            .set_checksum_crc32(sent.checksum_crc32)
            .set_checksum_crc64_nvme(sent.checksum_crc64_nvme)
            .build();
        self.parts.push(done);
        Ok(())
    }

    /// Sends what is left and makes the object visible. What was begun is taken back if that fails.
    ///
    /// # Errors
    /// As a call fails.
    pub async fn finish(mut self) -> Result<(), LakeError> {
        match self.complete().await {
            Ok(()) => Ok(()),
            Err(failure) => {
                self.abort().await;
                Err(failure)
            }
        }
    }

    async fn complete(&mut self) -> Result<(), LakeError> {
        let last = self.pending.split().freeze();
        if self.started.is_none() {
            return self.bucket.put(&self.key, last, self.content_type, Condition::Always).await.map(drop);
        }
        if !last.is_empty() {
            self.send_part(last).await?;
        }
        let parts = CompletedMultipartUpload::builder().set_parts(Some(std::mem::take(&mut self.parts))).build();
        let call = self.bucket.s3.complete_multipart_upload().bucket(&self.bucket.name).key(&self.key);
        let call = call.set_upload_id(self.started.clone()).multipart_upload(parts);
        call.send().await.map_err(|error| LakeError::call("complete the upload of", &self.bucket.name, &self.key, error))?;
        self.started = None;
        Ok(())
    }

    /// Takes back what was begun. Failing at that is no failure: the bucket's lifecycle rule removes uploads that were
    /// never completed, as it does after a crash.
    pub async fn abort(mut self) {
        if let Some(id) = self.started.take() {
            let call = self.bucket.s3.abort_multipart_upload().bucket(&self.bucket.name).key(&self.key).upload_id(id);
            drop(call.send().await);
        }
    }
}
