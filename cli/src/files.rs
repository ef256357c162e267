//! The files that a command reads and writes, and how far it has come with them.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use indicatif::{ProgressBar, ProgressStyle};
use parquet::file::reader::{ChunkReader, Length};
use tidegate_contract::Contract;
use tidegate_intake::{Detected, SNIFF_BYTES, sniff};

use crate::check;
use crate::error::CliError;

/// So many bytes of a file of lines are looked at as a sample. Parquet needs its end too, and is read whole.
const SAMPLE_BYTES: u64 = 16 << 20;

/// The files that arguments name, each once, in the order of their names: paths, folders (every file below that is not hidden)
/// and patterns (`logs/**/*.jsonl.gz`), which the shell may have left to us.
pub(crate) fn expand(arguments: &[String]) -> Result<Vec<PathBuf>, CliError> {
    let mut files = BTreeSet::new();
    for argument in arguments {
        let path = Path::new(argument);
        let before = files.len();
        if path.is_dir() {
            below(path, &mut files)?;
        } else if path.exists() {
            files.insert(path.to_owned());
            continue;
        } else {
            let found = glob::glob(argument).map_err(|source| CliError::Pattern { pattern: argument.clone(), source })?;
            for file in found {
                let file = file.map_err(CliError::Folder)?;
                if file.is_file() {
                    files.insert(file);
                }
            }
        }
        if files.len() == before {
            return Err(CliError::NoFile { pattern: argument.clone() });
        }
    }
    Ok(files.into_iter().collect())
}

fn below(folder: &Path, files: &mut BTreeSet<PathBuf>) -> Result<(), CliError> {
    let unreadable = |source| CliError::Read { path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if is_hidden {
            continue;
        }
        // Links to folders are not followed: they may lead in circles.
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_dir() {
            below(&path, files)?;
        } else if path.is_file() {
            files.insert(path);
        }
    }
    Ok(())
}

/// The first records of a file, as many as a sample needs.
pub(crate) fn sample(path: &Path) -> Result<Vec<u8>, CliError> {
    let unreadable = |source| CliError::Read { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    (&mut file).take(SNIFF_BYTES as u64).read_to_end(&mut bytes).map_err(unreadable)?;
    let most = if sniff(&bytes) == Detected::Parquet { u64::MAX } else { SAMPLE_BYTES };
    file.take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// The contract in a file.
pub(crate) fn contract(path: &Path) -> Result<Contract, CliError> {
    let text = std::fs::read_to_string(path).map_err(|source| CliError::Read { path: path.to_owned(), source })?;
    Contract::parse(&text).map_err(|error| CliError::Contract { shown: check::show(path, &text, error.problems()) })
}

/// Writes a file.
pub(crate) fn write(path: &Path, content: &str) -> Result<(), CliError> {
    std::fs::write(path, content).map_err(|source| CliError::Write { path: path.to_owned(), source })
}

/// A bar on the terminal's standard error that moves with the bytes that were read; nothing where there is no terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Bytes of the files before the one that is open.
    before: Cell<u64>,
    /// Bytes that the open file counts for.
    open: Cell<u64>,
}

/// How many bytes a file counts for. Parquet is read twice: for its digest, and for its columns.
fn weight(path: &Path) -> u64 {
    let length = std::fs::metadata(path).map_or(0, |file| file.len());
    if path.extension().is_some_and(|extension| extension == "parquet") { length.saturating_mul(2) } else { length }
}

impl Progress {
    /// A bar for reading these files.
    pub(crate) fn over<'a>(what: &'static str, files: impl IntoIterator<Item = &'a PathBuf>) -> Self {
        let bar = ProgressBar::new(files.into_iter().map(|file| weight(file)).sum());
        if let Ok(style) = ProgressStyle::with_template("{msg:22} {wide_bar} {percent:>3} % {eta:>4}") {
            bar.set_style(style);
        }
        bar.set_message(what);
        Self { bar, before: Cell::new(0), open: Cell::new(0) }
    }

    /// Opens the next file; its reading moves the bar.
    pub(crate) fn open(&self, path: &Path) -> Result<Watched, CliError> {
        let unreadable = |source| CliError::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(unreadable)?;
        if file.metadata().map_err(unreadable)?.is_dir() {
            return Err(unreadable(std::io::Error::from(std::io::ErrorKind::IsADirectory)));
        }
        let start = self.before.get() + self.open.get();
        self.before.set(start);
        self.open.set(weight(path));
        self.bar.set_position(start);
        Ok(Watched { file, meter: Meter { bar: self.bar.clone(), end: start + weight(path) } })
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Moves a bar, never beyond the file that it measures.
#[derive(Debug, Clone)]
struct Meter {
    bar: ProgressBar,
    end: u64,
}

impl Meter {
    fn moved(&self, bytes: u64) {
        self.bar.inc(bytes.min(self.end.saturating_sub(self.bar.position())));
    }
}

/// A file that tells a progress bar what was read of it.
#[derive(Debug)]
pub(crate) struct Watched {
    file: File,
    meter: Meter,
}

impl Length for Watched {
    fn len(&self) -> u64 {
        Length::len(&self.file)
    }
}

impl ChunkReader for Watched {
    type T = WatchedRead;

    fn get_read(&self, start: u64) -> parquet::errors::Result<WatchedRead> {
        Ok(WatchedRead { read: self.file.get_read(start)?, meter: self.meter.clone() })
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        self.meter.moved(length as u64);
        self.file.get_bytes(start, length)
    }
}

/// One pass through a [`Watched`] file.
#[derive(Debug)]
pub(crate) struct WatchedRead {
    read: BufReader<File>,
    meter: Meter,
}

impl Read for WatchedRead {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.read.read(buffer)?;
        self.meter.moved(count as u64);
        Ok(count)
    }
}
