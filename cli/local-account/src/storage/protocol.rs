//! What S3 is asked over its protocol, answered from the folder.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};

use bytes::Bytes;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CommonPrefix, CompleteMultipartUploadInput, CompleteMultipartUploadOutput,
    CompletedPart, CreateBucketInput, CreateBucketOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteObjectInput,
    DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, ETag, GetObjectInput, GetObjectOutput, HeadBucketInput,
    HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output, PutObjectInput, PutObjectOutput,
    StreamingBlob, Timestamp, UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

use super::listing::{LIST_PAGE_KEYS, Page, Wanted, page};
use super::{Folder, broken, locked};

/// Least size of each part of an upload but the last, bytes (S3 user guide, *Multipart upload limits*).
const PART_MIN_BYTES: u64 = 5 * 1024 * 1024;

/// How much of an object is in memory while it is read, bytes.
const CHUNK_BYTES: usize = 256 * 1024;

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
