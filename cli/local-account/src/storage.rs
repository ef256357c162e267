//! S3 on a plain folder: `s3s` speaks the protocol, and each object is a file that a person can open.
//!
//! As in S3: writes and reads under conditions, of which one of two rivals loses; an object is there whole or not at all; a bucket
//! must be made before it is written to. Different, because objects are files: no key may be the folder of another key,
//! end in `/` or hold `.`, `..` or an empty part; the `ETag` is the MD5 of the content for objects uploaded in parts too;
//! there are no versions and no metadata. (`s3s-fs`, which was used before, made missing buckets, kept three files for each
//! object, and could not take keys above 160 bytes.)

use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CommonPrefix, CompleteMultipartUploadInput, CompleteMultipartUploadOutput,
    CompletedPart, CreateBucketInput, CreateBucketOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteObjectInput,
    DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, ETag, ETagCondition, GetObjectInput, GetObjectOutput,
    HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output, PutObjectInput,
    PutObjectOutput, StreamingBlob, Timestamp, UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

use crate::listing::{LIST_PAGE_KEYS, Page, Wanted, page};
use crate::spool::{Spool, Spooled};

/// Longest key, bytes (S3 user guide, *Naming objects*).
const KEY_MAX_BYTES: usize = 1024;

/// Longest name of a file on common file systems, bytes.
const FILE_NAME_MAX_BYTES: usize = 255;

/// Least size of each part of an upload but the last, bytes (S3 user guide, *Multipart upload limits*).
const PART_MIN_BYTES: u64 = 5 * 1024 * 1024;

/// How much of an object is in memory while it is read, bytes.
const CHUNK_BYTES: usize = 256 * 1024;

/// Name of the folder of unfinished files.
const UNFINISHED: &str = ".unfinished";

/// The buckets below one folder, one subfolder each.
pub(crate) struct Folder {
    root: PathBuf,
    spool: Spool,
    /// Held by whoever changes an object or opens one: what is there cannot change between a condition's check and what follows.
    turn: tokio::sync::Mutex<()>,
    /// MD5 by file, for as long as the file has this time and length.
    digests: Mutex<HashMap<PathBuf, (SystemTime, u64, ETag)>>,
    uploads: Mutex<BTreeMap<String, BTreeMap<i32, Spooled>>>,
    /// Where every new object is noted.
    news: News,
}

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
    fn note(&self, created: Created) {
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

/// An object as it lies there.
struct Found {
    path: PathBuf,
    length: u64,
    modified: SystemTime,
}

impl Folder {
    /// The buckets below `root`, which must exist.
    pub(crate) fn open(root: &Path, news: News) -> std::io::Result<Self> {
        Ok(Self { spool: Spool::open(&root.join(UNFINISHED))?, news, ..Self::open_to_read(root) })
    }

    /// The same for somebody who only reads: nothing is made, and nothing of whoever writes is cleared away.
    pub(crate) fn open_to_read(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            spool: Spool::unopened(&root.join(UNFINISHED)),
            turn: tokio::sync::Mutex::default(),
            digests: Mutex::default(),
            uploads: Mutex::default(),
            news: News::default(),
        }
    }

    fn bucket(&self, bucket: &str) -> S3Result<PathBuf> {
        let path = self.root.join(bucket);
        if path.is_dir() { Ok(path) } else { Err(s3_error!(NoSuchBucket, "the bucket {bucket} does not exist")) }
    }

    /// Where an object may lie.
    fn place(&self, bucket: &str, key: &str) -> S3Result<PathBuf> {
        let folder = self.bucket(bucket)?;
        if key.len() > KEY_MAX_BYTES || key.split('/').any(|part| part.len() > FILE_NAME_MAX_BYTES) {
            return Err(s3_error!(KeyTooLongError, "the key {key} is too long"));
        }
        if key.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(s3_error!(InvalidArgument, "the key {key} has a part that cannot be a file's name, and here objects are files"));
        }
        Ok(folder.join(key))
    }

    fn find(&self, bucket: &str, key: &str) -> S3Result<Found> {
        let path = self.bucket(bucket)?.join(key);
        let about = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file);
        let about = about.ok_or_else(|| s3_error!(NoSuchKey, "the object {key} does not exist"))?;
        let modified = about.modified().map_err(broken)?;
        Ok(Found { path, length: about.len(), modified })
    }

    fn etag(&self, found: &Found) -> S3Result<ETag> {
        if let Some((modified, length, etag)) = locked(&self.digests).get(&found.path)
            && (*modified, *length) == (found.modified, found.length)
        {
            return Ok(etag.clone());
        }
        let etag = ETag::Strong(crate::spool::md5_of(&found.path).map_err(broken)?);
        locked(&self.digests).insert(found.path.clone(), (found.modified, found.length, etag.clone()));
        Ok(etag)
    }

    /// Finds an object and checks the conditions under which it is wanted.
    fn wanted(&self, bucket: &str, key: &str, matches: Option<&ETagCondition>, differs: Option<&ETagCondition>) -> S3Result<(Found, ETag)> {
        let found = self.find(bucket, key)?;
        let etag = self.etag(&found)?;
        if matches.is_some_and(|condition| !holds(condition, &etag)) {
            return Err(s3_error!(PreconditionFailed, "the object {key} is another one now"));
        }
        if differs.is_some_and(|condition| holds(condition, &etag)) {
            return Err(s3_error!(NotModified));
        }
        Ok((found, etag))
    }

    /// Puts what was spooled in its place, if the conditions hold, and notes that it is there.
    async fn settle(
        &self,
        object: Spooled,
        at: (String, String),
        matches: Option<ETagCondition>,
        absent: bool,
        by: &'static str,
    ) -> S3Result<ETag> {
        let (bucket, key) = at;
        let path = self.place(&bucket, &key)?;
        let _turn = self.turn.lock().await;
        if let Some(condition) = matches {
            // S3 answers 404 when there is nothing to match.
            self.wanted(&bucket, &key, Some(&condition), None)?;
        }
        if absent && path.exists() {
            return Err(s3_error!(PreconditionFailed, "the object {key} exists"));
        }
        let (size, etag) = (object.length, ETag::Strong(object.md5.clone()));
        object.move_to(&path).map_err(broken)?;
        if let Ok(found) = self.find(&bucket, &key) {
            locked(&self.digests).insert(path, (found.modified, size, etag.clone()));
        }
        self.news.note(Created { bucket, key, size, etag: etag.value().to_owned(), by });
        Ok(etag)
    }

    async fn remove(&self, bucket: &str, key: &str) -> S3Result<()> {
        let folder = self.bucket(bucket)?;
        let path = self.place(bucket, key)?;
        let _turn = self.turn.lock().await;
        locked(&self.digests).remove(&path);
        match std::fs::remove_file(&path) {
            Err(error) if !matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
                return Err(broken(error));
            }
            _ => {}
        }
        // Folders are not objects: empty ones go too.
        let mut above = path.parent();
        while let Some(empty) = above.filter(|above| *above != folder && std::fs::remove_dir(above).is_ok()) {
            above = empty.parent();
        }
        Ok(())
    }

    fn upload(&self, id: &str) -> S3Result<BTreeMap<i32, Spooled>> {
        locked(&self.uploads).remove(id).ok_or_else(|| s3_error!(NoSuchUpload, "the upload {id} does not exist"))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn broken(error: std::io::Error) -> s3s::S3Error {
    s3_error!(error, InternalError)
}

fn holds(condition: &ETagCondition, etag: &ETag) -> bool {
    condition.is_any() || condition.as_etag().is_some_and(|wanted| wanted.weak_cmp(etag))
}

#[async_trait::async_trait]
impl S3 for Folder {
    async fn create_bucket(&self, request: S3Request<CreateBucketInput>) -> S3Result<S3Response<CreateBucketOutput>> {
        match std::fs::create_dir(self.root.join(&request.input.bucket)) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(s3_error!(BucketAlreadyOwnedByYou)),
            Err(error) => Err(broken(error)),
            Ok(()) => Ok(S3Response::new(CreateBucketOutput::default())),
        }
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.bucket(&request.input.bucket).map(|_| S3Response::new(HeadBucketOutput::default()))
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let PutObjectInput { bucket, key, body, if_match, if_none_match, .. } = request.input;
        self.place(&bucket, &key)?;
        let object = self.spool.take(body).await?;
        let etag = self.settle(object, (bucket, key), if_match, if_none_match.is_some(), "Put").await?;
        Ok(S3Response::new(PutObjectOutput { e_tag: Some(etag), ..PutObjectOutput::default() }))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let _turn = self.turn.lock().await;
        let (found, etag) = self.wanted(&input.bucket, &input.key, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let range = input.range.map(|range| range.check(found.length)).transpose()?;
        let part = range.clone().unwrap_or(0..found.length);
        let mut file = std::fs::File::open(&found.path).map_err(broken)?;
        file.seek(SeekFrom::Start(part.start)).map_err(broken)?;
        let length = part.end - part.start;
        let output = GetObjectOutput {
            body: Some(StreamingBlob::wrap(futures::stream::iter(Chunks(file.take(length))))),
            content_length: i64::try_from(length).ok(),
            content_range: range.map(|range| format!("bytes {}-{}/{}", range.start, range.end - 1, found.length)),
            e_tag: Some(etag),
            last_modified: Some(Timestamp::from(found.modified)),
            ..GetObjectOutput::default()
        };
        Ok(S3Response::new(output))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        let _turn = self.turn.lock().await;
        let (found, etag) = self.wanted(&input.bucket, &input.key, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let output = HeadObjectOutput {
            content_length: i64::try_from(found.length).ok(),
            e_tag: Some(etag),
            last_modified: Some(Timestamp::from(found.modified)),
            ..HeadObjectOutput::default()
        };
        Ok(S3Response::new(output))
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.remove(&request.input.bucket, &request.input.key).await?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(&self, request: S3Request<DeleteObjectsInput>) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let mut deleted = Vec::new();
        for object in request.input.delete.objects {
            self.remove(&request.input.bucket, &object.key).await?;
            deleted.push(DeletedObject { key: Some(object.key), ..DeletedObject::default() });
        }
        Ok(S3Response::new(DeleteObjectsOutput { deleted: Some(deleted), ..DeleteObjectsOutput::default() }))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let CreateMultipartUploadInput { bucket, key, .. } = request.input;
        self.place(&bucket, &key)?;
        let id = self.spool.new_name();
        locked(&self.uploads).insert(id.clone(), BTreeMap::new());
        let output = CreateMultipartUploadOutput {
            bucket: Some(bucket),
            key: Some(key),
            upload_id: Some(id),
            ..CreateMultipartUploadOutput::default()
        };
        Ok(S3Response::new(output))
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let UploadPartInput { upload_id, part_number, body, .. } = request.input;
        let part = self.spool.take(body).await?;
        let etag = ETag::Strong(part.md5.clone());
        let mut uploads = locked(&self.uploads);
        let upload = uploads.get_mut(&upload_id).ok_or_else(|| s3_error!(NoSuchUpload, "the upload {upload_id} does not exist"))?;
        upload.insert(part_number, part);
        Ok(S3Response::new(UploadPartOutput { e_tag: Some(etag), ..UploadPartOutput::default() }))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let CompleteMultipartUploadInput { bucket, key, upload_id, multipart_upload, if_match, if_none_match, .. } = request.input;
        let named = multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let mut uploaded = self.upload(&upload_id)?;
        let mut parts = Vec::new();
        let count = named.len();
        for (index, CompletedPart { part_number, e_tag, .. }) in named.into_iter().enumerate() {
            let part = part_number.and_then(|number| uploaded.remove(&number)).ok_or_else(|| s3_error!(InvalidPart))?;
            if e_tag.is_some_and(|etag| etag.value() != part.md5) {
                return Err(s3_error!(InvalidPart));
            }
            if index + 1 < count && part.length < PART_MIN_BYTES {
                return Err(s3_error!(EntityTooSmall));
            }
            parts.push(part);
        }
        let object = self.spool.join(parts).map_err(broken)?;
        let etag = self.settle(object, (bucket.clone(), key.clone()), if_match, if_none_match.is_some(), "CompleteMultipartUpload").await?;
        let output = CompleteMultipartUploadOutput {
            bucket: Some(bucket),
            key: Some(key),
            e_tag: Some(etag),
            ..CompleteMultipartUploadOutput::default()
        };
        Ok(S3Response::new(output))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        self.upload(&request.input.upload_id)?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }

    async fn list_objects_v2(&self, request: S3Request<ListObjectsV2Input>) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let bucket = self.bucket(&input.bucket)?;
        let wanted = Wanted {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty()),
            after: input.continuation_token.as_deref().max(input.start_after.as_deref()).unwrap_or_default(),
            keys: input.max_keys.and_then(|keys| usize::try_from(keys).ok()).unwrap_or(LIST_PAGE_KEYS).min(LIST_PAGE_KEYS),
        };
        let Page { mut contents, prefixes, next } = page(&bucket, &wanted).map_err(broken)?;
        for object in &mut contents {
            // An object that was deleted since the folder was read is listed without.
            let found = self.find(&input.bucket, object.key.as_deref().unwrap_or_default());
            object.e_tag = found.and_then(|found| self.etag(&found)).ok();
        }
        let output = ListObjectsV2Output {
            key_count: i32::try_from(contents.len() + prefixes.len()).ok(),
            max_keys: i32::try_from(wanted.keys).ok(),
            is_truncated: Some(next.is_some()),
            next_continuation_token: next,
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

/// A file in pieces.
struct Chunks(std::io::Take<std::fs::File>);

impl Iterator for Chunks {
    type Item = std::io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        let size = usize::try_from(self.0.limit()).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
        let mut chunk = vec![0; size];
        match self.0.read(&mut chunk) {
            Ok(0) => None,
            Ok(length) => {
                chunk.truncate(length);
                Some(Ok(Bytes::from(chunk)))
            }
            Err(error) => Some(Err(error)),
        }
    }
}
