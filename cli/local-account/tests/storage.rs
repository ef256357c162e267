//! S3 on a folder, through the SDK, as functions use it.
#![expect(clippy::unwrap_used, reason = "tests")]

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier};
use tidegate_local_account::Services;

struct Bucket {
    folder: tempfile::TempDir,
    s3: Client,
}

async fn bucket() -> Bucket {
    let folder = tempfile::tempdir().unwrap();
    let s3 = Client::new(&Services::open(folder.path()).unwrap().sdk_config(None, 1));
    s3.create_bucket().bucket("lake").send().await.unwrap();
    Bucket { folder, s3 }
}

impl Bucket {
    async fn put(&self, key: &str, body: &str) -> String {
        let put = self.s3.put_object().bucket("lake").key(key).body(Vec::from(body).into());
        put.send().await.unwrap().e_tag.unwrap()
    }

    async fn get(&self, key: &str) -> Option<String> {
        let reply = self.s3.get_object().bucket("lake").key(key).send().await.ok()?;
        String::from_utf8(reply.body.collect().await.unwrap().to_vec()).ok()
    }

    async fn keys(&self, prefix: &str) -> Vec<String> {
        let mut pages = self.s3.list_objects_v2().bucket("lake").prefix(prefix).max_keys(2).into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            keys.extend(page.unwrap().contents().iter().map(|object| object.key().unwrap().to_owned()));
        }
        keys
    }
}

/// Code and HTTP status of the error that a call ended in.
fn code<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(outcome: Result<T, SdkError<E>>) -> (String, u16) {
    let error = outcome.unwrap_err();
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default();
    (code.to_owned(), error.raw_response().map_or(0, |raw| raw.status().as_u16()))
}

#[tokio::test]
async fn an_object_comes_back_as_it_was_put_and_lies_in_the_folder() {
    let bucket = bucket().await;
    let key = "records/model=café/dt=2013-07-01/ä b+c%.jsonl";
    bucket.put(key, "{\"a\":1}\n").await;
    assert_eq!(bucket.get(key).await.unwrap(), "{\"a\":1}\n");
    assert_eq!(std::fs::read_to_string(bucket.folder.path().join("s3/lake").join(key)).unwrap(), "{\"a\":1}\n");
    let head = bucket.s3.head_object().bucket("lake").key(key).send().await.unwrap();
    assert_eq!(head.content_length(), Some(8));
}

#[tokio::test]
async fn a_listing_pages_in_byte_order_below_a_prefix_with_odd_characters() {
    let bucket = bucket().await;
    for key in ["p/dt=1/b", "p/dt=1/a", "p/dt=1/é", "p/dt=1/a/deeper", "p/dt=10/x", "p/dt=2/x", "q/x", "p/dt=1!/x"] {
        if key != "p/dt=1/a/deeper" {
            bucket.put(key, "x").await;
        }
    }
    assert_eq!(bucket.keys("p/dt=1/").await, ["p/dt=1/a", "p/dt=1/b", "p/dt=1/é"]);
    assert_eq!(bucket.keys("p/dt=1").await, ["p/dt=1!/x", "p/dt=1/a", "p/dt=1/b", "p/dt=1/é", "p/dt=10/x"]);
    assert_eq!(bucket.keys("").await.len(), 7);
    assert_eq!(bucket.keys("absent/").await, Vec::<String>::new());
    let tree = bucket.s3.list_objects_v2().bucket("lake").prefix("p/").delimiter("/").send().await.unwrap();
    let folders: Vec<_> = tree.common_prefixes().iter().map(|prefix| prefix.prefix().unwrap()).collect();
    assert_eq!(folders, ["p/dt=1!/", "p/dt=1/", "p/dt=10/", "p/dt=2/"]);
    let after = bucket.s3.list_objects_v2().bucket("lake").start_after("p/dt=10/x").send().await.unwrap();
    assert_eq!(after.contents().len(), 2);
}

#[tokio::test]
async fn a_write_that_must_be_the_first_happens_once_however_many_try() {
    let bucket = bucket().await;
    let tries = (0..8).map(|i| {
        let s3 = bucket.s3.clone();
        tokio::spawn(async move { s3.put_object().bucket("lake").key("once").if_none_match("*").body(vec![b'0' + i].into()).send().await })
    });
    let mut won = 0;
    for one in tries.collect::<Vec<_>>() {
        match one.await.unwrap() {
            Ok(_) => won += 1,
            lost => assert_eq!(code(lost), ("PreconditionFailed".to_owned(), 412)),
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_write_over_a_known_version_fails_when_somebody_was_faster() {
    let bucket = bucket().await;
    let first = bucket.put("state", "1").await;
    let swap =
        |etag: &str, body: &str| bucket.s3.put_object().bucket("lake").key("state").if_match(etag).body(Vec::from(body).into()).send();
    swap(&first, "2").await.unwrap();
    assert_eq!(code(swap(&first, "3").await), ("PreconditionFailed".to_owned(), 412));
    assert_eq!(bucket.get("state").await.unwrap(), "2");
    let missing = bucket.s3.put_object().bucket("lake").key("absent").if_match(&first).body(Vec::new().into()).send().await;
    assert_eq!(code(missing), ("NoSuchKey".to_owned(), 404));
}

#[tokio::test]
async fn what_is_not_there_is_told_apart() {
    let bucket = bucket().await;
    bucket.put("folder/object", "x").await;
    let get = |name: &str, key: &str| bucket.s3.get_object().bucket(name).key(key).send();
    assert_eq!(code(get("lake", "absent").await), ("NoSuchKey".to_owned(), 404));
    assert_eq!(code(get("lake", "folder").await), ("NoSuchKey".to_owned(), 404));
    assert_eq!(code(get("lake", "folder/object/below").await), ("NoSuchKey".to_owned(), 404));
    assert_eq!(code(get("nowhere", "absent").await), ("NoSuchBucket".to_owned(), 404));
    let put = bucket.s3.put_object().bucket("nowhere").key("x").body(Vec::new().into()).send().await;
    assert_eq!(code(put), ("NoSuchBucket".to_owned(), 404));
    assert!(!bucket.folder.path().join("s3/nowhere").exists());
    let head = bucket.s3.head_object().bucket("lake").key("absent").send().await;
    assert!(head.unwrap_err().into_service_error().is_not_found());
    let list = bucket.s3.list_objects_v2().bucket("nowhere").send().await;
    assert_eq!(code(list), ("NoSuchBucket".to_owned(), 404));
}

#[tokio::test]
async fn a_key_that_cannot_be_a_file_is_refused_by_name() {
    let bucket = bucket().await;
    for key in ["a/../../escape", "a//b", "folder/"] {
        let put = bucket.s3.put_object().bucket("lake").key(key).body(Vec::new().into()).send().await;
        assert_eq!(code(put).0, "InvalidArgument", "{key}");
    }
    let put = bucket.s3.put_object().bucket("lake").key("k".repeat(300)).body(Vec::new().into()).send().await;
    assert_eq!(code(put).0, "KeyTooLongError");
}

#[tokio::test]
async fn ranges_and_deletes_work() {
    let bucket = bucket().await;
    bucket.put("ten", "0123456789").await;
    for (range, expected) in [("bytes=2-4", "234"), ("bytes=-3", "789"), ("bytes=7-", "789"), ("bytes=8-100", "89")] {
        let reply = bucket.s3.get_object().bucket("lake").key("ten").range(range).send().await.unwrap();
        assert_eq!(reply.body.collect().await.unwrap().to_vec(), expected.as_bytes(), "{range}");
    }
    let beyond = bucket.s3.get_object().bucket("lake").key("ten").range("bytes=10-").send().await;
    assert_eq!(code(beyond.map(|_| ())), ("InvalidRange".to_owned(), 416));
    bucket.put("two", "x").await;
    bucket.s3.delete_object().bucket("lake").key("ten").send().await.unwrap();
    bucket.s3.delete_object().bucket("lake").key("ten").send().await.unwrap();
    let identifier = ObjectIdentifier::builder().key("two").build().unwrap();
    let delete = Delete::builder().objects(identifier).build().unwrap();
    bucket.s3.delete_objects().bucket("lake").delete(delete).send().await.unwrap();
    assert_eq!(bucket.keys("").await, Vec::<String>::new());
}

#[tokio::test]
async fn an_upload_in_parts_is_whole_or_not_there() {
    const PART: usize = 5 * 1024 * 1024;
    let bucket = bucket().await;
    let upload = bucket.s3.create_multipart_upload().bucket("lake").key("big").send().await.unwrap().upload_id.unwrap();
    let mut parts = CompletedMultipartUpload::builder();
    for (number, bytes) in [(1, vec![b'a'; PART]), (2, vec![b'b'; 10])] {
        let part = bucket
            .s3
            .upload_part()
            .bucket("lake")
            .key("big")
            .upload_id(&upload)
            .part_number(number)
            .body(bytes.into())
            .send()
            .await
            .unwrap();
        parts = parts.parts(CompletedPart::builder().part_number(number).e_tag(part.e_tag.unwrap()).build());
        assert_eq!(bucket.keys("").await, Vec::<String>::new());
    }
    let complete = bucket.s3.complete_multipart_upload().bucket("lake").key("big").upload_id(&upload).multipart_upload(parts.build());
    let reply = complete.send().await.unwrap();
    let head = bucket.s3.head_object().bucket("lake").key("big").send().await.unwrap();
    assert_eq!(reply.e_tag(), head.e_tag());
    assert_eq!(bucket.get("big").await.unwrap().len(), PART + 10);

    let upload = bucket.s3.create_multipart_upload().bucket("lake").key("never").send().await.unwrap().upload_id.unwrap();
    bucket.s3.abort_multipart_upload().bucket("lake").key("never").upload_id(upload).send().await.unwrap();
    assert_eq!(bucket.get("never").await, None);
}

#[tokio::test]
async fn a_file_streams_in_and_out_without_being_held() {
    const CHUNKS: usize = 64;
    let bucket = bucket().await;
    let source = bucket.folder.path().join("source");
    std::fs::write(&source, vec![b'x'; CHUNKS * 1024 * 1024]).unwrap();
    let body = ByteStream::from_path(&source).await.unwrap();
    bucket.s3.put_object().bucket("lake").key("streamed").body(body).send().await.unwrap();
    let mut reply = bucket.s3.get_object().bucket("lake").key("streamed").send().await.unwrap();
    let (mut total, mut greatest) = (0, 0);
    while let Some(chunk) = reply.body.next().await {
        let length = chunk.unwrap().len();
        total += length;
        greatest = greatest.max(length);
    }
    assert_eq!(total, CHUNKS * 1024 * 1024);
    assert!(greatest <= 1024 * 1024, "a chunk of {greatest} bytes is no stream");
}

#[tokio::test]
async fn objects_outlive_the_account_that_made_them() {
    let bucket = bucket().await;
    let etag = bucket.put("kept", "x").await;
    let again = Client::new(&Services::open(bucket.folder.path()).unwrap().sdk_config(None, 1));
    let head = again.head_object().bucket("lake").key("kept").send().await.unwrap();
    assert_eq!(head.e_tag().unwrap(), etag);
}

#[tokio::test]
async fn a_listing_and_a_conditional_read_know_the_version_of_an_object() {
    let bucket = bucket().await;
    let first = bucket.put("state", "1").await;
    let listed = async || {
        let list = bucket.s3.list_objects_v2().bucket("lake").send().await.unwrap();
        list.contents().first().and_then(|object| object.e_tag().map(str::to_owned)).unwrap()
    };
    assert_eq!(listed().await, first);
    let second = bucket.put("state", "2").await;
    assert_eq!(listed().await, second);
    let get = |etag: &str| bucket.s3.get_object().bucket("lake").key("state").if_match(etag).send();
    assert!(get(&second).await.is_ok());
    assert_eq!(code(get(&first).await).1, 412);
    let unchanged = bucket.s3.get_object().bucket("lake").key("state").if_none_match(&second).send().await;
    assert_eq!(code(unchanged).1, 304);
    let again = Client::new(&Services::open(bucket.folder.path()).unwrap().sdk_config(None, 1));
    let list = again.list_objects_v2().bucket("lake").send().await.unwrap();
    assert_eq!(list.contents().first().and_then(|object| object.e_tag()), Some(second.as_str()));
}

#[tokio::test]
async fn whoever_opens_the_account_to_read_can_change_nothing() {
    let bucket = bucket().await;
    bucket.put("a", "one").await;
    let unfinished = bucket.folder.path().join("s3/.unfinished/another-process");
    std::fs::write(&unfinished, "its upload").unwrap();
    let config = Services::open_to_read(bucket.folder.path()).unwrap().sdk_config(None, 1);
    let (s3, dynamodb) = (Client::new(&config), aws_sdk_dynamodb::Client::new(&config));
    let read = s3.get_object().bucket("lake").key("a").send().await.unwrap();
    assert_eq!(read.body.collect().await.unwrap().to_vec(), b"one");
    let put = s3.put_object().bucket("lake").key("a").body(Vec::from("two").into()).send().await;
    assert_eq!(code(put), ("AccessDenied".to_owned(), 403));
    let deleted = s3.delete_object().bucket("lake").key("a").send().await;
    assert_eq!(code(deleted), ("AccessDenied".to_owned(), 403));
    let table = dynamodb.delete_table().table_name("tidegate-registry").send().await;
    assert_eq!(table.unwrap_err().raw_response().map_or(0, |raw| raw.status().as_u16()), 403);
    assert_eq!(bucket.get("a").await.unwrap(), "one");
    assert!(unfinished.exists(), "what another process is writing stays");

    let nothing = tempfile::tempdir().unwrap();
    assert!(Services::open_to_read(nothing.path()).is_err());
    assert!(std::fs::read_dir(nothing.path()).unwrap().next().is_none(), "nothing is made");
}
