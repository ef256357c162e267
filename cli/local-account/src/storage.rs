//! S3 on a plain folder: `s3s` speaks the protocol, `s3s-fs` keeps each object as a file that a person can open.
//!
//! What `s3s-fs` gets wrong is put right here: a write into a bucket that is not there is refused instead of making the
//! bucket; conditional writes take turns, so that of two writers with the same condition one loses; `If-Match` on a
//! missing object is a 404, as S3 says; listings look only below the prefix and name each `ETag`. What stays different from S3, because
//! objects are files: no key may be the folder of another key, end in `/` or hold `.`, `..` or an empty part; a key may
//! be about 160 bytes long; there are no versions.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CommonPrefix, CompleteMultipartUploadInput, CompleteMultipartUploadOutput,
    CopyObjectInput, CopyObjectOutput, CreateBucketInput, CreateBucketOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput,
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, ETag, ETagCondition, GetObjectInput, GetObjectOutput,
    HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output, Object, PutObjectInput,
    PutObjectOutput, Timestamp, UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;
use tokio::sync::Mutex;

/// Most keys in one page of a listing (`ListObjectsV2`).
const LIST_PAGE_KEYS: usize = 1000;

/// Longest name of a file on common file systems, bytes. `s3s-fs` keeps an object's attributes in a file whose name holds
/// bucket and key in Base64.
const FILE_NAME_MAX: usize = 255;

/// The buckets below one folder, one subfolder each.
pub(crate) struct Folder {
    root: PathBuf,
    files: FileSystem,
    /// Held by whoever writes, from the check of the condition to the last byte, and by whoever opens an object to read: `s3s-fs`
    /// keeps an object's bytes and its `ETag` in two files.
    turn: Mutex<()>,
    /// `ETag`s by bucket and key, so that a listing need not read a file for each object.
    etags: std::sync::Mutex<HashMap<(String, String), ETag>>,
    /// Where every new object is noted.
    news: News,
}

/// The objects that were made and not yet told of, oldest first, each with its place among all of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct News(Arc<std::sync::Mutex<Told>>);

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
    /// The call that made it, as S3 events name it: `Put`, `Copy`, `CompleteMultipartUpload`.
    pub(crate) by: &'static str,
}

impl News {
    fn note(&self, created: Created) {
        let mut news = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        news.sequence += 1;
        let sequence = news.sequence;
        news.waiting.push((sequence, created));
    }

    pub(crate) fn take(&self) -> Vec<(u64, Created)> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).waiting)
    }
}

impl Folder {
    /// The buckets below `root`, which must exist.
    pub(crate) fn open(root: &Path, news: News) -> Result<Self, s3s_fs::Error> {
        Ok(Self { root: root.to_owned(), files: FileSystem::new(root)?, turn: Mutex::new(()), etags: std::sync::Mutex::default(), news })
    }

    /// The `ETag` of an object that is there.
    async fn etag(&self, bucket: &str, key: &str) -> S3Result<Option<ETag>> {
        let name = (bucket.to_owned(), key.to_owned());
        let known = self.etags.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let input = HeadObjectInput { bucket: name.0.clone(), key: name.1.clone(), ..HeadObjectInput::default() };
        let read = self.files.head_object(request(input)).await?.output.e_tag;
        if let Some(etag) = &read {
            self.etags.lock().unwrap_or_else(PoisonError::into_inner).insert(name, etag.clone());
        }
        Ok(read)
    }

    fn forget_etag(&self, bucket: &str, key: &str) {
        self.etags.lock().unwrap_or_else(PoisonError::into_inner).remove(&(bucket.to_owned(), key.to_owned()));
    }

    /// Whether a read may go on under its conditions.
    async fn require_condition(
        &self,
        bucket: &str,
        key: &str,
        matches: Option<&ETagCondition>,
        differs: Option<&ETagCondition>,
    ) -> S3Result<()> {
        if matches.is_none() && differs.is_none() {
            return Ok(());
        }
        let etag = self.etag(bucket, key).await?;
        let is = |condition: &ETagCondition| {
            condition.is_any() || condition.as_etag().zip(etag.as_ref()).is_some_and(|(wanted, found)| wanted.weak_cmp(found))
        };
        if matches.is_some_and(|condition| !is(condition)) {
            return Err(s3_error!(PreconditionFailed, "the object {key} is another one now"));
        }
        if differs.is_some_and(is) {
            return Err(s3_error!(NotModified));
        }
        Ok(())
    }

    fn note(&self, bucket: String, key: String, etag: Option<&ETag>, by: &'static str) {
        match etag {
            Some(etag) => {
                drop(self.etags.lock().unwrap_or_else(PoisonError::into_inner).insert((bucket.clone(), key.clone()), etag.clone()))
            }
            None => self.forget_etag(&bucket, &key),
        }
        let size = std::fs::metadata(self.root.join(&bucket).join(&key)).map_or(0, |about| about.len());
        let etag = etag.map(|etag| etag.value().to_owned()).unwrap_or_default();
        self.news.note(Created { bucket, key, size, etag, by });
    }

    fn require_bucket(&self, bucket: &str) -> S3Result<PathBuf> {
        let path = self.root.join(bucket);
        if path.is_dir() { Ok(path) } else { Err(s3_error!(NoSuchBucket, "the bucket {bucket} does not exist")) }
    }

    fn require_object(&self, bucket: &str, key: &str) -> S3Result<()> {
        let path = self.require_bucket(bucket)?.join(key);
        if path.is_file() { Ok(()) } else { Err(s3_error!(NoSuchKey, "the object {key} does not exist")) }
    }

    fn require_storable(&self, bucket: &str, key: &str, upload: &str) -> S3Result<()> {
        self.require_bucket(bucket)?;
        if key.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(s3_error!(InvalidArgument, "the key {key} has a part that cannot be a file's name, and here objects are files"));
        }
        // B and K in Base64 without padding
        let attributes = ".bucket-B.object-K.metadata.json".len() + upload.len() + base64_length(bucket) + base64_length(key);
        if attributes > FILE_NAME_MAX || key.split('/').any(|part| part.len() > FILE_NAME_MAX) {
            return Err(s3_error!(KeyTooLongError, "the key {key} is too long for a bucket that is a folder"));
        }
        Ok(())
    }

    /// S3 answers 404 to `If-Match` on an object that is not there; `s3s-fs` answers 412.
    fn require_match(&self, bucket: &str, key: &str, conditional: bool) -> S3Result<()> {
        if conditional { self.require_object(bucket, key) } else { Ok(()) }
    }
}

/// A request of our own to `s3s-fs`.
fn request<T>(input: T) -> S3Request<T> {
    S3Request {
        input,
        method: http::Method::GET,
        uri: http::Uri::default(),
        headers: http::HeaderMap::new(),
        extensions: http::Extensions::new(),
        credentials: None,
        region: None,
        service: None,
        trailing_headers: None,
    }
}

fn base64_length(text: &str) -> usize {
    (text.len() * 4).div_ceil(3)
}

#[async_trait::async_trait]
impl S3 for Folder {
    async fn create_bucket(&self, request: S3Request<CreateBucketInput>) -> S3Result<S3Response<CreateBucketOutput>> {
        self.files.create_bucket(request).await
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.files.head_bucket(request).await
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let _turn = self.turn.lock().await;
        let input = &request.input;
        self.require_storable(&input.bucket, &input.key, "")?;
        self.require_match(&input.bucket, &input.key, input.if_match.is_some())?;
        let (bucket, key) = (input.bucket.clone(), input.key.clone());
        let reply = self.files.put_object(request).await?;
        self.note(bucket, key, reply.output.e_tag.as_ref(), "Put");
        Ok(reply)
    }

    async fn copy_object(&self, request: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        let _turn = self.turn.lock().await;
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        self.require_storable(&bucket, &key, "")?;
        let reply = self.files.copy_object(request).await?;
        self.note(bucket, key, reply.output.copy_object_result.as_ref().and_then(|result| result.e_tag.as_ref()), "Copy");
        Ok(reply)
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let _turn = self.turn.lock().await;
        let input = &request.input;
        self.require_object(&input.bucket, &input.key)?;
        self.require_condition(&input.bucket, &input.key, input.if_match.as_ref(), input.if_none_match.as_ref()).await?;
        self.files.get_object(request).await
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let _turn = self.turn.lock().await;
        let input = &request.input;
        self.require_object(&input.bucket, &input.key)?;
        self.require_condition(&input.bucket, &input.key, input.if_match.as_ref(), input.if_none_match.as_ref()).await?;
        self.files.head_object(request).await
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        let _turn = self.turn.lock().await;
        self.forget_etag(&request.input.bucket, &request.input.key);
        self.files.delete_object(request).await
    }

    async fn delete_objects(&self, request: S3Request<DeleteObjectsInput>) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let _turn = self.turn.lock().await;
        for object in &request.input.delete.objects {
            self.forget_etag(&request.input.bucket, &object.key);
        }
        self.files.delete_objects(request).await
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        self.require_storable(&request.input.bucket, &request.input.key, ".upload-00000000-0000-0000-0000-000000000000")?;
        self.files.create_multipart_upload(request).await
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        self.files.upload_part(request).await
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let _turn = self.turn.lock().await;
        let input = &request.input;
        self.require_match(&input.bucket, &input.key, input.if_match.is_some())?;
        let (bucket, key) = (input.bucket.clone(), input.key.clone());
        let reply = self.files.complete_multipart_upload(request).await?;
        // The reply carries its ETag in a part that is sent later; the event of a multipart upload is read for its key only.
        self.note(bucket, key, reply.output.e_tag.as_ref(), "CompleteMultipartUpload");
        Ok(reply)
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        self.files.abort_multipart_upload(request).await
    }

    async fn list_objects_v2(&self, request: S3Request<ListObjectsV2Input>) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let bucket = self.require_bucket(&input.bucket)?;
        let prefix = input.prefix.clone().unwrap_or_default();
        let page_keys = input.max_keys.and_then(|keys| usize::try_from(keys).ok()).unwrap_or(LIST_PAGE_KEYS).min(LIST_PAGE_KEYS);
        let after = input.continuation_token.as_deref().max(input.start_after.as_deref()).unwrap_or_default();

        let mut found = Vec::new();
        keys_below(&bucket, &prefix, &mut found).map_err(|error| s3_error!(error, InternalError))?;
        found.sort_unstable_by(|a, b| a.key.cmp(&b.key));

        let mut contents: Vec<Object> = Vec::new();
        let mut prefixes: Vec<String> = Vec::new();
        let mut last = None;
        let mut is_truncated = false;
        for file in found {
            let group = input.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty()).and_then(|delimiter| {
                let rest = file.key.get(prefix.len()..)?;
                let end = rest.find(delimiter)? + delimiter.len();
                file.key.get(..prefix.len() + end).map(str::to_owned)
            });
            let name = group.as_deref().unwrap_or(&file.key);
            if name <= after || prefixes.last().map(String::as_str) == Some(name) {
                continue;
            }
            if contents.len() + prefixes.len() == page_keys {
                is_truncated = true;
                break;
            }
            last = Some(name.to_owned());
            match group {
                Some(group) => prefixes.push(group),
                None => {
                    contents.push(Object { key: Some(file.key), size: Some(file.size), last_modified: file.modified, ..Object::default() });
                }
            }
        }
        for object in &mut contents {
            // An object that was deleted since the folder was read is listed without.
            object.e_tag = self.etag(&input.bucket, object.key.as_deref().unwrap_or_default()).await.ok().flatten();
        }
        let output = ListObjectsV2Output {
            key_count: i32::try_from(contents.len() + prefixes.len()).ok(),
            max_keys: i32::try_from(page_keys).ok(),
            is_truncated: Some(is_truncated),
            next_continuation_token: last.filter(|_| is_truncated),
            contents: Some(contents),
            common_prefixes: Some(prefixes.into_iter().map(|prefix| CommonPrefix { prefix: Some(prefix) }).collect()),
            continuation_token: input.continuation_token,
            delimiter: input.delimiter,
            name: Some(input.bucket),
            prefix: input.prefix,
            start_after: input.start_after,
            ..ListObjectsV2Output::default()
        };
        Ok(S3Response::new(output))
    }
}

struct Found {
    key: String,
    size: i64,
    modified: Option<Timestamp>,
}

/// Every object of the bucket whose key begins with `prefix`, in no order. Looks only into folders that can hold one.
fn keys_below(bucket: &Path, prefix: &str, found: &mut Vec<Found>) -> std::io::Result<()> {
    let (folder, _) = prefix.rsplit_once('/').unwrap_or(("", prefix));
    if folder.split('/').any(|part| matches!(part, "." | "..")) || folder.starts_with('/') {
        return Ok(());
    }
    let mut waiting = vec![(bucket.join(folder), if folder.is_empty() { String::new() } else { format!("{folder}/") })];
    while let Some((path, below)) = waiting.pop() {
        let entries = match std::fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let key = format!("{below}{name}");
            let may_match = key.starts_with(prefix) || prefix.starts_with(&key);
            if !may_match {
                continue;
            }
            if entry.file_type()?.is_dir() {
                waiting.push((entry.path(), format!("{key}/")));
            } else if key.starts_with(prefix) {
                let about = entry.metadata()?;
                found.push(Found {
                    key,
                    size: i64::try_from(about.len()).unwrap_or(i64::MAX),
                    modified: about.modified().ok().map(Timestamp::from),
                });
            }
        }
    }
    Ok(())
}
