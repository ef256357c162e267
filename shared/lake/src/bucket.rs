//! One bucket: whole objects in and out, conditions, listings.

use aws_sdk_s3::{
    Client,
    primitives::{ByteStream, DateTime},
    types::{Delete, Object, ObjectIdentifier},
};
use bytes::{Bytes, BytesMut};
use serde::{Serialize, de::DeserializeOwned};

use crate::LakeError;

/// Largest object that is read into memory at once. Scoring logs and training sets are not: they are streamed.
pub const MAX_KEPT_BYTES: u64 = 128 * 1024 * 1024;

/// Most keys of one call (S3 API reference, *`DeleteObjects`*).
const DELETE_OBJECTS_MAX_KEYS: usize = 1_000;

/// A bucket, and the client to reach it.
#[derive(Debug, Clone)]
pub struct Bucket {
    pub(crate) s3: Client,
    pub(crate) name: String,
}

/// The bucket that everything is written to, with its typed reads and writes.
#[derive(Debug, Clone)]
pub struct Lake {
    /// The bucket.
    pub bucket: Bucket,
}

impl Lake {
    /// The lake in this bucket.
    #[must_use]
    pub fn new(s3: Client, bucket: &str) -> Self {
        Self { bucket: Bucket::new(s3, bucket) }
    }
}

/// An object that was read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its bytes.
    pub bytes: Bytes,
    /// Its entity tag.
    pub etag: String,
    /// When it was written, milliseconds since 1970.
    pub last_modified_ms: i64,
}

/// An object that is about to be read.
#[derive(Debug)]
pub struct Opened {
    /// Its bytes, as they arrive.
    pub body: ByteStream,
    /// Its entity tag.
    pub etag: String,
    /// When it was written, milliseconds since 1970.
    pub last_modified_ms: i64,
    /// Its size, bytes.
    pub bytes: u64,
}

/// An object of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Its entity tag.
    pub etag: String,
    /// Its size, bytes.
    pub bytes: u64,
}

/// Keys of a listing: those greater than `after`, up to but not including the first one from `until` on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    /// The key, or beginning of keys, before the first one.
    pub after: String,
    /// Where the range ends; `None` if it does not.
    pub until: Option<String>,
}

impl KeyRange {
    fn holds(&self, key: &str) -> bool {
        key > self.after.as_str() && self.until.as_ref().is_none_or(|until| key < until.as_str())
    }
}

/// Under which condition an object is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition<'a> {
    /// Whatever lies there.
    Always,
    /// Only if nothing lies there.
    Absent,
    /// Only over this entity tag.
    Matches(&'a str),
}

impl<'a> Condition<'a> {
    /// Over what was read before, or over nothing.
    #[must_use]
    pub fn over(etag: Option<&'a str>) -> Self {
        etag.map_or(Self::Absent, Self::Matches)
    }
}

impl Bucket {
    /// This bucket through this client.
    #[must_use]
    pub fn new(s3: Client, name: &str) -> Self {
        Self { s3, name: name.to_owned() }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Opens an object; only the version with this entity tag, when one is given.
    ///
    /// # Errors
    /// [`LakeError::Conflict`] if the object has another entity tag; others as the call fails. An absent object is `None`, an
    /// absent bucket [`LakeError::MissingBucket`].
    pub async fn open(&self, key: &str, etag: Option<&str>) -> Result<Option<Opened>, LakeError> {
        let call = self.s3.get_object().bucket(&self.name).key(key).set_if_match(etag.map(str::to_owned));
        match call.send().await {
            Ok(object) => Ok(Some(Opened {
                etag: object.e_tag.unwrap_or_default(),
                last_modified_ms: millis(object.last_modified),
                bytes: object.content_length.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default(),
                body: object.body,
            })),
            Err(error) if error.as_service_error().is_some_and(aws_sdk_s3::operation::get_object::GetObjectError::is_no_such_key) => {
                self.must_exist("read", key).await?;
                Ok(None)
            }
            Err(error) => Err(LakeError::call("read", &self.name, key, error)),
        }
    }

    /// Reads an object whole, or `None` if there is none.
    ///
    /// # Errors
    /// [`LakeError::TooLarge`] beyond [`MAX_KEPT_BYTES`]; others as the call fails.
    pub async fn get(&self, key: &str) -> Result<Option<Stored>, LakeError> {
        match self.open(key, None).await? {
            Some(object) => self.whole(key, object).await.map(Some),
            None => Ok(None),
        }
    }

    /// Hands the bytes of an opened object on as they arrive.
    ///
    /// # Errors
    /// As reading fails, or as `take` does.
    pub async fn stream(
        &self,
        key: &str,
        mut object: Opened,
        mut take: impl AsyncFnMut(&[u8]) -> Result<(), LakeError>,
    ) -> Result<(), LakeError> {
        while let Some(chunk) = object.body.try_next().await.map_err(|error| LakeError::body(&self.name, key, error))? {
            take(&chunk).await?;
        }
        Ok(())
    }

    /// Reads an opened object whole.
    ///
    /// # Errors
    /// As [`Bucket::get`].
    pub async fn whole(&self, key: &str, mut object: Opened) -> Result<Stored, LakeError> {
        let too_large = |found| LakeError::TooLarge { bucket: self.name.clone(), key: key.to_owned(), found, expected: MAX_KEPT_BYTES };
        if object.bytes > MAX_KEPT_BYTES {
            return Err(too_large(object.bytes));
        }
        let mut bytes = BytesMut::new();
        while let Some(chunk) = object.body.try_next().await.map_err(|error| LakeError::body(&self.name, key, error))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() as u64 > MAX_KEPT_BYTES {
                return Err(too_large(bytes.len() as u64));
            }
        }
        Ok(Stored { bytes: bytes.freeze(), etag: object.etag, last_modified_ms: object.last_modified_ms })
    }

    /// The entity tag of an object, or `None` if there is none.
    ///
    /// # Errors
    /// As the call fails.
    pub async fn etag(&self, key: &str) -> Result<Option<String>, LakeError> {
        match self.s3.head_object().bucket(&self.name).key(key).send().await {
            Ok(head) => Ok(head.e_tag),
            Err(error) if error.as_service_error().is_some_and(aws_sdk_s3::operation::head_object::HeadObjectError::is_not_found) => {
                Ok(None)
            }
            Err(error) => Err(LakeError::call("look for", &self.name, key, error)),
        }
    }

    /// Another bucket, reached with the same credentials.
    #[must_use]
    pub fn beside(&self, name: &str) -> Self {
        Self::new(self.s3.clone(), name)
    }

    /// Writes what is not there yet. What is there already is left as it is, and is no error.
    ///
    /// # Errors
    /// As the call fails.
    pub async fn put_once(&self, key: &str, bytes: impl Into<Bytes>, content_type: &str) -> Result<(), LakeError> {
        match self.put(key, bytes, content_type, Condition::Absent).await {
            Ok(_) | Err(LakeError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Writes an object whole and returns its entity tag.
    ///
    /// # Errors
    /// [`LakeError::Conflict`] if the condition does not hold; others as the call fails.
    pub async fn put(&self, key: &str, bytes: impl Into<Bytes>, content_type: &str, condition: Condition<'_>) -> Result<String, LakeError> {
        let call = self.s3.put_object().bucket(&self.name).key(key).content_type(content_type).body(ByteStream::from(bytes.into()));
        let call = match condition {
            Condition::Always => call,
            Condition::Absent => call.if_none_match("*"),
            Condition::Matches(etag) => call.if_match(etag),
        };
        match call.send().await {
            Ok(put) => Ok(put.e_tag.unwrap_or_default()),
            Err(error) => {
                let failure = LakeError::call("write", &self.name, key, error);
                // A conditional write over an object that is gone is answered 404.
                let gone = matches!(&failure, LakeError::Call { source, .. } if status(source.as_ref()) == Some(404));
                Err(if gone && matches!(condition, Condition::Matches(_)) {
                    LakeError::Conflict { bucket: self.name.clone(), key: key.to_owned() }
                } else {
                    failure
                })
            }
        }
    }

    /// Deletes objects; those that are not there are no error.
    ///
    /// # Errors
    /// As a call fails, or the first key that was not deleted.
    pub async fn delete(&self, keys: &[String]) -> Result<(), LakeError> {
        for keys in keys.chunks(DELETE_OBJECTS_MAX_KEYS) {
            let first = keys.first().map_or("", String::as_str);
            let call =
                |source| LakeError::Call { operation: "delete", bucket: self.name.clone(), key: first.to_owned(), retryable: true, source };
            let objects: Result<Vec<_>, _> = keys.iter().map(|key| ObjectIdentifier::builder().key(key).build()).collect();
            let delete = objects.and_then(|objects| Delete::builder().set_objects(Some(objects)).quiet(true).build());
            let delete = delete.map_err(|error| call(Box::new(error)))?;
            let answer = self.s3.delete_objects().bucket(&self.name).delete(delete).send().await;
            let answer = answer.map_err(|error| LakeError::call("delete", &self.name, first, error))?;
            if let Some(failed) = answer.errors().first() {
                let text = |text: Option<&str>| text.unwrap_or("nothing").to_owned();
                let says = format!("{} at \"{}\": {}", text(failed.code()), text(failed.key()), text(failed.message()));
                return Err(call(says.into()));
            }
        }
        Ok(())
    }

    /// The objects below a prefix in the order of their keys. One call per thousand objects.
    ///
    /// # Errors
    /// As a call fails.
    pub async fn list(&self, prefix: &str) -> Result<Vec<Listed>, LakeError> {
        self.list_ranges(prefix, &[KeyRange { after: prefix.to_owned(), until: None }]).await
    }

    /// The first objects below a prefix in the order of their keys, at most so many (a thousand): one call, however many there are.
    ///
    /// # Errors
    /// As the call fails.
    pub async fn first(&self, prefix: &str, most: u16) -> Result<Vec<Listed>, LakeError> {
        let call = self.s3.list_objects_v2().bucket(&self.name).prefix(prefix).max_keys(i32::from(most));
        let page = call.send().await.map_err(|error| LakeError::call("list", &self.name, prefix, error))?;
        Ok(page.contents.unwrap_or_default().into_iter().filter_map(listed).collect())
    }

    /// The objects below a prefix that lie in one of these ranges, which are in order and do not overlap; in the order of their keys.
    ///
    /// One call answers with a thousand keys: those of a gap between two ranges are read over as far as a page reaches, and leapt over beyond it.
    /// So there are never more calls than listing everything from the first range to the last would take, nor than listing
    /// each range for itself.
    ///
    /// # Errors
    /// As a call fails.
    pub async fn list_ranges(&self, prefix: &str, ranges: &[KeyRange]) -> Result<Vec<Listed>, LakeError> {
        let mut found = Vec::new();
        let mut after = ranges.first().map(|range| range.after.clone());
        while let Some(start) = after {
            let call = self.s3.list_objects_v2().bucket(&self.name).prefix(prefix).start_after(start);
            let page = call.send().await.map_err(|error| LakeError::call("list", &self.name, prefix, error))?;
            let objects = page.contents.unwrap_or_default();
            let last = objects.last().and_then(|object| object.key.clone()).filter(|_| page.next_continuation_token.is_some());
            found.extend(objects.into_iter().filter_map(listed).filter(|object| ranges.iter().any(|range| range.holds(&object.key))));
            after = last.and_then(|last| {
                let next = ranges.iter().find(|range| range.until.as_ref().is_none_or(|until| last < *until))?;
                Some(next.after.clone().max(last))
            });
        }
        Ok(found)
    }

    /// The directories right below a prefix, in the order of their names.
    ///
    /// # Errors
    /// As a call fails.
    pub async fn list_directories(&self, prefix: &str) -> Result<Vec<String>, LakeError> {
        let mut found = Vec::new();
        let mut token = None;
        loop {
            let call = self.s3.list_objects_v2().bucket(&self.name).prefix(prefix).delimiter("/").set_continuation_token(token);
            let page = call.send().await.map_err(|error| LakeError::call("list", &self.name, prefix, error))?;
            found.extend(page.common_prefixes.unwrap_or_default().into_iter().filter_map(|directory| directory.prefix));
            token = page.next_continuation_token;
            if token.is_none() {
                return Ok(found);
            }
        }
    }

    /// Reads a JSON object and its entity tag, or `None` if there is none.
    pub(crate) async fn get_json<T: DeserializeOwned>(&self, key: &str) -> Result<Option<(T, String)>, LakeError> {
        let Some(stored) = self.get(key).await? else { return Ok(None) };
        let value = serde_json::from_slice(&stored.bytes).map_err(|source| LakeError::Json { key: key.to_owned(), source })?;
        Ok(Some((value, stored.etag)))
    }

    /// Writes a value as JSON on one line, for Athena reads files of JSON line by line, and returns the entity tag.
    pub(crate) async fn put_json<T: Serialize>(&self, key: &str, value: &T, condition: Condition<'_>) -> Result<String, LakeError> {
        let mut text = serde_json::to_vec(value).map_err(|source| LakeError::Json { key: key.to_owned(), source })?;
        text.push(b'\n');
        self.put(key, text, "application/json", condition).await
    }

    /// Tells a missing object from a missing bucket.
    async fn must_exist(&self, operation: &'static str, key: &str) -> Result<(), LakeError> {
        match self.s3.head_bucket().bucket(&self.name).send().await {
            Err(error) if error.raw_response().is_some_and(|response| response.status().as_u16() == 404) => {
                Err(LakeError::MissingBucket { bucket: self.name.clone(), operation, key: key.to_owned() })
            }
            // Whatever else this says, the object's own answer was clear.
            _ => Ok(()),
        }
    }
}

fn listed(object: Object) -> Option<Listed> {
    let bytes = object.size.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default();
    Some(Listed { key: object.key?, etag: object.e_tag.unwrap_or_default(), bytes })
}

fn status(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<u16> {
    type PutError = aws_sdk_s3::error::SdkError<aws_sdk_s3::operation::put_object::PutObjectError>;
    error.downcast_ref::<PutError>()?.raw_response().map(|response| response.status().as_u16())
}

fn millis(time: Option<DateTime>) -> i64 {
    time.and_then(|time| time.to_millis().ok()).unwrap_or_default()
}
