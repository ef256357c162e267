//! Objects on their way from one bucket into another: streamed, and digested on the way.

use sha2::{Digest, Sha256};
use tidegate_lake::{Bucket, Condition, LakeError, Opened, Upload, keys};

/// Pours an opened object into an upload, and says the SHA-256 of what came.
///
/// # Errors
/// As reading or writing fails; then [`Upload::abort`].
pub(crate) async fn pour(mut object: Opened, from: &Bucket, key: &str, upload: &mut Upload) -> Result<String, LakeError> {
    let mut digest = Sha256::new();
    while let Some(chunk) = object.body.try_next().await.map_err(|source| LakeError::Call {
        operation: "read",
        bucket: from.name().to_owned(),
        key: key.to_owned(),
        retryable: true,
        source: Box::new(source),
    })? {
        digest.update(&chunk);
        upload.push(&chunk).await?;
    }
    Ok(keys::hex(&digest.finalize()))
}

/// Writes what is not there yet.
///
/// # Errors
/// As the call fails. What is there already is none.
pub(crate) async fn put_once(bucket: &Bucket, key: &str, bytes: impl Into<bytes::Bytes>) -> Result<(), LakeError> {
    match bucket.put(key, bytes, "application/octet-stream", Condition::Absent).await {
        Ok(_) | Err(LakeError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
