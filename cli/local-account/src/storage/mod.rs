//! S3 on a plain folder: `s3s` speaks the protocol, and each object is a file that a person can open.
//!
//! As in S3: writes and reads under conditions, of which one of two rivals loses; an object is there whole or not at all; a bucket
//! must be made before it is written to. Different, because objects are files: no key may be the folder of another key,
//! end in `/` or hold `.`, `..` or an empty part; the `ETag` is the MD5 of the content for objects uploaded in parts too;
//! there are no versions and no metadata. (`s3s-fs`, which was used before, made missing buckets, kept three files for each
//! object, and could not take keys above 160 bytes.)

mod listing;
mod news;
mod protocol;
mod spool;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use s3s::dto::{ETag, ETagCondition};
use s3s::{S3Result, s3_error};

pub(crate) use news::{Created, News};

use spool::{Spool, Spooled};

/// Longest key, bytes (S3 user guide, *Naming objects*).
const KEY_MAX_BYTES: usize = 1024;

/// Longest name of a file on common file systems, bytes.
const FILE_NAME_MAX_BYTES: usize = 255;

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
        let etag = ETag::Strong(spool::md5_of(&found.path).map_err(broken)?);
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
