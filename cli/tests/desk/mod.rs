//! The built binary in a folder of its own, and small real files for it.

#![allow(dead_code, reason = "each test file uses its own part of it")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder of its own, and the binary at work in it.
pub(crate) struct Desk {
    folder: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap_or_else(|error| unreachable!("no folder for the test: {error}")) }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        let written = fs::create_dir_all(path.parent().unwrap_or(&path)).and_then(|()| fs::write(&path, content));
        assert!(written.is_ok(), "{name}: {written:?}");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_default()
    }

    pub(crate) fn tidegate(&self, arguments: &[&str]) -> Answer {
        let output = Command::new(env!("CARGO_BIN_EXE_tidegate")).args(arguments).current_dir(self.path()).output();
        Answer::from(output.unwrap_or_else(|error| unreachable!("the binary did not start: {error}")))
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

pub(crate) fn gzip(content: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content.as_bytes()).and_then(|()| encoder.finish()).unwrap_or_default()
}

pub(crate) const CONTRACT: &str = "\
model: late-trains
owners: { monitoring: on-call@example.com }
task: binary
features:
  - { name: delay, type: numeric, range: [-60, 1440] }
  - { name: line, type: categorical, allowed: [red, green, blue], protected: true }
  - { name: load_share, type: numeric, derived_from: [load], path: load.share }
segments: [line]
";

/// The numbers 0, 1, 2 … in an order without pattern, as shares: a low-discrepancy sequence, the same every time.
pub(crate) fn share(index: u32, seed: f64) -> f64 {
    (f64::from(index) * 0.618_033_988_749_895 + seed).fract()
}

pub(crate) fn colour(minute: u32) -> &'static str {
    match minute % 3 {
        0 => "red",
        1 => "green",
        _ => "blue",
    }
}

/// A day of records, one every minute; delays are moved by `shift` minutes.
pub(crate) fn log(day: u32, shift: f64) -> String {
    let record = |minute: u32| {
        let delay = share(minute, f64::from(day) * 0.1) * 60.0 + shift;
        let line = colour(minute);
        let late = if delay > 30.0 { "late" } else { "on-time" };
        format!(
            r#"{{"timestamp":"2024-03-{day:02}T{:02}:{:02}:00Z","inference_id":"{day}-{minute}","version":"1","latency_ms":{:.1},"features":{{"delay":{delay:.2},"line":"{line}","load":{{"share":{:.3}}}}},"prediction":"{late}","score":{:.4}}}"#,
            minute / 60,
            minute % 60,
            5.0 + share(minute, 0.3),
            share(minute, 0.7),
            share(minute, f64::from(day) * 0.1),
        )
    };
    (0..1_440).map(record).collect::<Vec<_>>().join("\n") + "\n"
}

/// The training set: four days, flat, as CSV.
pub(crate) fn training() -> String {
    let mut text = String::from("timestamp,delay,line,load_share,score,prediction\n");
    for day in 1..=4_u32 {
        for minute in 0..1_440_u32 {
            let delay = share(minute, f64::from(day) * 0.1) * 60.0;
            let line = colour(minute);
            let late = if delay > 30.0 { "late" } else { "on-time" };
            let row = format!(
                "2024-02-{day:02} {:02}:{:02}:00,{delay:.2},{line},{:.3},{:.4},{late}\n",
                minute / 60,
                minute % 60,
                share(minute, 0.7),
                share(minute, f64::from(day) * 0.1)
            );
            text.push_str(&row);
        }
    }
    text
}
