//! Bytes on their way into an object: kept in files of their own until they are whole.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use futures::StreamExt;
use s3s::crypto::{Checksum, Md5};
use s3s::dto::StreamingBlob;
use s3s::{S3Result, s3_error};

/// The folder of unfinished files.
#[derive(Debug)]
pub(super) struct Spool {
    folder: PathBuf,
    issued: AtomicU64,
}

/// A file that is whole but not yet in its place. Dropped, it is deleted.
#[derive(Debug)]
pub(super) struct Spooled {
    path: PathBuf,
    pub(super) length: u64,
    /// MD5 of its content, hex.
    pub(super) md5: String,
}

impl Spool {
    /// Opens the folder and deletes what an earlier process left in it.
    pub(super) fn open(folder: &Path) -> std::io::Result<Self> {
        match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => std::fs::create_dir_all(folder)?,
        }
        Ok(Self::unopened(folder))
    }

    /// The folder as it is, whether it is there or not: for somebody who writes nothing.
    pub(super) fn unopened(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), issued: AtomicU64::new(0) }
    }

    /// A name that was not given before.
    pub(super) fn new_name(&self) -> String {
        self.issued.fetch_add(1, Ordering::Relaxed).to_string()
    }

    /// Reads a body to its end.
    pub(super) async fn take(&self, body: Option<StreamingBlob>) -> S3Result<Spooled> {
        let mut body = body.ok_or_else(|| s3_error!(IncompleteBody))?;
        let mut writer = self.writer().map_err(|error| s3_error!(error, InternalError))?;
        while let Some(bytes) = body.next().await {
            let bytes = bytes.map_err(|_| s3_error!(IncompleteBody, "the body broke off"))?;
            writer.add(&bytes).map_err(|error| s3_error!(error, InternalError))?;
        }
        Ok(writer.finish())
    }

    /// Joins files in their order.
    pub(super) fn join(&self, parts: Vec<Spooled>) -> std::io::Result<Spooled> {
        let mut writer = self.writer()?;
        for part in parts {
            each_piece(&part.path, |bytes| writer.add(bytes))?;
        }
        Ok(writer.finish())
    }

    fn writer(&self) -> std::io::Result<Writer> {
        let path = self.folder.join(self.new_name());
        let file = File::create(&path)?;
        Ok(Writer { file, digest: Md5::new(), spooled: Spooled { path, length: 0, md5: String::new() } })
    }
}

struct Writer {
    file: File,
    digest: Md5,
    spooled: Spooled,
}

impl Writer {
    fn add(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.digest.update(bytes);
        self.spooled.length += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    fn finish(mut self) -> Spooled {
        self.spooled.md5 = hex(&self.digest.finalize());
        self.spooled
    }
}

impl Spooled {
    /// Moves the file to its place, over whatever lies there.
    pub(super) fn move_to(self, place: &Path) -> std::io::Result<()> {
        if let Some(folder) = place.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::rename(&self.path, place)
    }
}

impl Drop for Spooled {
    fn drop(&mut self) {
        // It may have been moved; and what stays is deleted when the spool is opened again.
        drop(std::fs::remove_file(&self.path));
    }
}

/// MD5 of a file, hex.
pub(super) fn md5_of(path: &Path) -> std::io::Result<String> {
    let mut digest = Md5::new();
    each_piece(path, |bytes| {
        digest.update(bytes);
        Ok(())
    })?;
    Ok(hex(&digest.finalize()))
}

fn each_piece(path: &Path, mut act: impl FnMut(&[u8]) -> std::io::Result<()>) -> std::io::Result<()> {
    let mut file = File::open(path)?;
    let mut piece = vec![0; 1 << 18];
    loop {
        let length = file.read(&mut piece)?;
        match piece.get(..length) {
            Some(bytes) if length > 0 => act(bytes)?,
            _ => return Ok(()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}
