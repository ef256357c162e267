//! The lake's keys. A key says where something lies and nothing else: the same thing always has the same key.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

use crate::times;

/// What stands in a key as it is; everything else is percent-encoded. `~` marks a shortened value and is not among them.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// Longest value in a key, bytes: what is longer is cut and told apart by a digest. Keys stay far below S3's 1,024 bytes,
/// and each part of one below the 255 bytes that file systems take.
const MAX_VALUE_BYTES: usize = 180;

/// How a record's version stands in keys when the record does not say it.
const NO_VERSION: &str = "none";

/// Name of the directory of contracts in the models bucket.
pub const CONTRACTS: &str = "contracts/";

/// Name of the directory of training sets in the models bucket: `datasets/<model>/<file>`.
pub const TRAINING: &str = "datasets/";

/// A value as it stands in a key after `name=`: percent-encoded beyond letters, digits, `-`, `_` and `.`.
#[must_use]
pub fn hive(value: &str) -> String {
    let encoded = utf8_percent_encode(value, ENCODED).to_string();
    if encoded.len() <= MAX_VALUE_BYTES {
        return encoded;
    }
    // Cut between encoded characters, then say what was cut off by a digest of the whole.
    let kept: String = encoded.chars().take(MAX_VALUE_BYTES - 33).collect();
    let kept = match kept.rfind('%') {
        Some(at) if at + 3 > kept.len() => kept.get(..at).unwrap_or_default(),
        _ => &kept,
    };
    format!("{kept}~{}", digest(&[value.as_bytes()]))
}

/// What [`hive`] made, for people; a shortened value stays shortened.
#[must_use]
pub fn unhive(value: &str) -> String {
    percent_decode_str(value).decode_utf8_lossy().into_owned()
}

/// A version as it stands in a key; a version that is called `none` is not taken for none.
#[must_use]
pub fn version(version: &str) -> String {
    match version {
        "" => NO_VERSION.to_owned(),
        NO_VERSION => "%6Eone".to_owned(),
        other => hive(other),
    }
}

/// Identifies an object by where it lies: the first 32 hexadecimal digits of SHA-256 over bucket and decoded key, each
/// preceded by its length (8 bytes, big-endian).
#[must_use]
pub fn source_id(bucket: &str, key: &str) -> String {
    digest(&[bucket.as_bytes(), key.as_bytes()])
}

/// First 32 hexadecimal digits of SHA-256 over the pieces, each preceded by its length.
pub(crate) fn digest(pieces: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for piece in pieces {
        digest.update((piece.len() as u64).to_be_bytes());
        digest.update(piece);
    }
    let mut hex = hex(&digest.finalize());
    hex.truncate(32);
    hex
}

/// Lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

/// Where the records of one object, version and hour lie.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartKey {
    /// Start of the hour, milliseconds since 1970.
    pub hour_ms: i64,
    /// The version as it stands in the key ([`version`]).
    pub version: String,
    /// The object ([`source_id`]).
    pub source: String,
}

impl PartKey {
    /// The part of `source` that holds this version's records of this hour.
    #[must_use]
    pub fn new(hour_ms: i64, version_name: &str, source: &str) -> Self {
        Self { hour_ms: times::hour_start(hour_ms), version: version(version_name), source: source.to_owned() }
    }

    /// `records/model=M/version=V/dt=…/hour=…/<source>.parquet`.
    #[must_use]
    pub fn records(&self, model: &str) -> String {
        format!("records/{}.parquet", self.path(model))
    }

    /// `profiles/model=M/version=V/dt=…/hour=…/<source>.profile`.
    #[must_use]
    pub fn profile(&self, model: &str) -> String {
        format!("profiles/{}.profile", self.path(model))
    }

    fn path(&self, model: &str) -> String {
        let Self { hour_ms, version, source } = self;
        format!("model={}/version={version}/dt={}/hour={}/{source}", hive(model), times::day(*hour_ms), times::hour(*hour_ms))
    }

    /// Reads a profile's key back.
    pub(crate) fn parse(key: &str) -> Option<Self> {
        Self::parse_below("profiles", ".profile", key)
    }

    /// Reads the key of a file of records back.
    pub(crate) fn parse_records(key: &str) -> Option<Self> {
        Self::parse_below("records", ".parquet", key)
    }

    fn parse_below(top: &str, suffix: &str, key: &str) -> Option<Self> {
        let mut pieces = key.split('/');
        let mut next = |prefix: &str| pieces.next()?.strip_prefix(prefix).map(str::to_owned);
        next(top)?;
        next("model=")?;
        let (version, day, hour, file) = (next("version=")?, next("dt=")?, next("hour=")?, next("")?);
        let source = file.strip_suffix(suffix)?.to_owned();
        Some(Self { hour_ms: times::parse_hour(&day, &hour)?, version, source }).filter(|_| pieces.next().is_none())
    }
}

/// `records/model=M/`: all versions.
#[must_use]
pub fn records_of(model: &str) -> String {
    format!("records/model={}/", hive(model))
}

/// `profiles/model=M/`: all versions, and the roll-ups.
pub(crate) fn profiles_of(model: &str) -> String {
    format!("profiles/model={}/", hive(model))
}

/// Below a version's prefix: where the keys of an hour begin.
pub(crate) fn hour_prefix(version_prefix: &str, hour_ms: i64) -> String {
    format!("{version_prefix}dt={}/hour={}/", times::day(hour_ms), times::hour(hour_ms))
}

/// `profiles/model=M/rollup/dt=…/<digest>.profile`.
pub(crate) fn rollup(model: &str, day_ms: i64, digest: &str) -> String {
    format!("{}rollup/dt={}/{digest}.profile", profiles_of(model), times::day(day_ms))
}

/// `quarantine/model=M/dt=…/<source>.jsonl`.
#[must_use]
pub fn quarantine(model: &str, day_ms: i64, source: &str) -> String {
    format!("quarantine/model={}/dt={}/{source}.jsonl", hive(model), times::day(day_ms))
}

/// `quarantine/model=M/dataset=<version>.jsonl`: the rejected lines of a training set.
#[must_use]
pub fn dataset_quarantine(model: &str, version: &str) -> String {
    format!("quarantine/model={}/dataset={version}.jsonl", hive(model))
}

/// `halves/model=M/dt=…/hour=…/`: the requests and responses of an hour that were logged without each other.
#[must_use]
pub fn halves_of(model: &str, hour_ms: i64) -> String {
    format!("halves/model={}/dt={}/hour={}/", hive(model), times::day(hour_ms), times::hour(hour_ms))
}

/// `halves/model=M/dt=…/hour=…/<source>.jsonl`: those of one object.
#[must_use]
pub fn halves(model: &str, hour_ms: i64, source: &str) -> String {
    format!("{}{source}.jsonl", halves_of(model, hour_ms))
}

/// The hour of a key of [`halves`], milliseconds since 1970.
#[must_use]
pub fn hour_of_halves(key: &str) -> Option<i64> {
    let mut pieces = key.strip_prefix("halves/")?.split('/').skip(1);
    let (day, hour) = (pieces.next()?.strip_prefix("dt=")?, pieces.next()?.strip_prefix("hour=")?);
    times::parse_hour(day, hour)
}

/// `truth/model=M/`: all days.
pub(crate) fn truth_of(model: &str) -> String {
    format!("truth/model={}/", hive(model))
}

/// `truth/model=M/dt=…/`: where the keys of a day begin.
pub(crate) fn truth_day(model: &str, day_ms: i64) -> String {
    format!("{}dt={}/", truth_of(model), times::day(day_ms))
}

/// `truth/model=M/dt=…/<source>.parquet`: the outcomes of one object that became known on this day.
#[must_use]
pub fn truth(model: &str, day_ms: i64, source: &str) -> String {
    format!("{}{source}.parquet", truth_day(model, day_ms))
}

/// `performance/model=M/window=L/`: all windows of a length.
pub(crate) fn performance_of(model: &str, length: &str) -> String {
    format!("performance/model={}/window={}/", hive(model), hive(length))
}

/// `performance/model=M/window=L/end=YYYY-MM-DDTHH/<file>`.
#[must_use]
pub fn performance(model: &str, length: &str, end_ms: i64, file: &str) -> String {
    format!("{}end={}/{file}", performance_of(model, length), times::day_and_hour(end_ms))
}

/// The window's end and the file that a key of [`performance`] names.
pub(crate) fn parse_performance<'k>(key: &'k str, above: &str) -> Option<(i64, &'k str)> {
    let (end, file) = key.strip_prefix(above)?.strip_prefix("end=")?.split_once('/')?;
    let (day, hour) = end.split_once('T')?;
    Some((times::parse_hour(day, hour)?, file))
}

/// `receipts/<source>.json`.
#[must_use]
pub fn receipt(source: &str) -> String {
    format!("receipts/{source}.json")
}

/// `datasets/model=M/<version>.json`.
#[must_use]
pub fn dataset(model: &str, version: &str) -> String {
    format!("{}{version}.json", datasets_of(model))
}

/// `datasets/model=M/`: all versions.
#[must_use]
pub fn datasets_of(model: &str) -> String {
    format!("datasets/model={}/", hive(model))
}

/// `datasets/model=M/<version>.checks.json`: what is known of a dataset version beside its bytes.
#[must_use]
pub fn publication(model: &str, version: &str) -> String {
    format!("{}{version}{PUBLICATION}", datasets_of(model))
}

/// How the key of a [`publication`] ends.
pub(crate) const PUBLICATION: &str = ".checks.json";

/// `datasets/model=M/files/<sha256>.parquet`: a file of collected records as it was when a window of them was published.
#[must_use]
pub fn dataset_file(model: &str, sha256: &str) -> String {
    format!("{}{FILES}{sha256}.parquet", datasets_of(model))
}

/// The folder of [`dataset_file`]s. Its name comes after that of every version, which are hexadecimal digits.
pub(crate) const FILES: &str = "files/";

/// `baselines/model=M/`: those of all versions, and the pointer.
pub(crate) fn baselines_of(model: &str) -> String {
    format!("baselines/model={}/", hive(model))
}

/// How the key of a [`baseline`] ends.
pub(crate) const PROFILE: &str = ".profile";

/// `baselines/model=M/<version>.profile`.
#[must_use]
pub fn baseline(model: &str, version: &str) -> String {
    format!("{}{version}{PROFILE}", baselines_of(model))
}

/// `baselines/model=M/current.json`.
#[must_use]
pub fn current_baseline(model: &str) -> String {
    format!("{}current.json", baselines_of(model))
}

/// `reports/model=M/window=L/end=YYYY-MM-DDTHH/<file>`; `length` as it is written in a contract (`6h`, `1d`).
#[must_use]
pub fn report(model: &str, length: &str, end_ms: i64, file: &str) -> String {
    format!("reports/model={}/window={}/end={}/{file}", hive(model), hive(length), times::day_and_hour(end_ms))
}

/// The model that a contract's key names: `contracts/<model>.yaml`.
pub(crate) fn model_of_contract(key: &str) -> Option<&str> {
    key.strip_prefix(CONTRACTS)?.strip_suffix(".yaml").filter(|model| !model.is_empty() && !model.contains('/'))
}

/// SHA-256 of bytes, hex: the name of whatever is kept under a digest of itself.
#[must_use]
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(bytes))
}

/// Where candidates are submitted in the models bucket: `candidates/<model>/<run>/manifest.json`.
pub const CANDIDATES: &str = "candidates/";

/// A file of a candidate, in the models bucket: `manifest.json`, what that names, or the note `registered.json` of what another registry says of it.
#[must_use]
pub fn candidate(model: &str, run: &str, file: &str) -> String {
    format!("{CANDIDATES}{model}/{run}/{file}")
}

/// A model's file, kept under the digest that names its artifact.
#[must_use]
pub fn artifact(model: &str, id: &str, name: &str) -> String {
    format!("artifacts/model={}/{id}/{name}", hive(model))
}

/// `models/<model>/champion.json`: which version serves, for whatever serves it.
#[must_use]
pub fn champion(model: &str) -> String {
    format!("models/{}/champion.json", hive(model))
}

/// An evaluation set, kept under the digest of its bytes.
#[must_use]
pub fn evaluation(model: &str, sha256: &str) -> String {
    format!("evaluations/model={}/{sha256}", hive(model))
}

/// What was submitted, kept under the digest of the manifest's bytes: `file` is `manifest.json` or `predictions`.
#[must_use]
pub fn submitted(model: &str, manifest_sha256: &str, file: &str) -> String {
    format!("candidates/model={}/{manifest_sha256}/{file}", hive(model))
}

/// A gate's report, kept under its digest: `file` is `gate.json` or `index.html`.
#[must_use]
pub fn gate(model: &str, sha256: &str, file: &str) -> String {
    format!("gates/model={}/{sha256}/{file}", hive(model))
}

/// The model and the run whose manifest a key of the models bucket names; `None` for every other key.
#[must_use]
pub fn candidate_of(key: &str) -> Option<(&str, &str)> {
    let (model, rest) = key.strip_prefix(CANDIDATES)?.split_once('/')?;
    let run = rest.strip_suffix("/manifest.json")?;
    (!model.is_empty() && !run.is_empty() && !run.contains('/')).then_some((model, run))
}

/// What a key below `datasets/` in the models bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrainingKey<'k> {
    /// `datasets/<model>/<file>`: a training set of one file.
    File {
        /// The model.
        model: &'k str,
        /// The file.
        name: &'k str,
    },
    /// `datasets/<model>/<folder>/_SUCCESS` or `…/manifest.json`, written last: the training set of all files of the folder is complete.
    Complete {
        /// The model.
        model: &'k str,
        /// The folder.
        name: &'k str,
    },
    /// Anything else: a file of a folder that is not complete yet, or one that is none of the set's.
    Piece,
}

/// Files that say that a folder is complete.
const MARKERS: [&str; 2] = ["_SUCCESS", "manifest.json"];

/// What a key of the models bucket is to training sets; `None` if it does not lie below `datasets/<model>/`.
#[must_use]
pub fn training_key(key: &str) -> Option<TrainingKey<'_>> {
    let (model, file) = key.strip_prefix(TRAINING)?.split_once('/').filter(|(model, file)| !model.is_empty() && !file.is_empty())?;
    Some(match file.split_once('/') {
        None if is_hidden(file) => TrainingKey::Piece,
        None => TrainingKey::File { model, name: file },
        Some((name, marker)) if !name.is_empty() && MARKERS.contains(&marker) => TrainingKey::Complete { model, name },
        Some(_) => TrainingKey::Piece,
    })
}

/// `datasets/<model>/<name>`: where a file of a training set lies in the models bucket.
#[must_use]
pub fn training_file(model: &str, name: &str) -> String {
    format!("{TRAINING}{model}/{name}")
}

/// Whether a file below a training set's folder (its name from there on) is one of the set's: not a marker, nor hidden as Spark and Hive hide
/// theirs (`_…`, `.…`).
#[must_use]
pub fn is_of_training_set(below: &str) -> bool {
    !below.is_empty() && !below.ends_with('/') && !MARKERS.contains(&below) && !below.split('/').any(is_hidden)
}

fn is_hidden(name: &str) -> bool {
    name.starts_with(['_', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 1_372_687_200_000; // 2013-07-01T14:00:00Z

    #[test]
    fn values_that_would_break_a_key_are_encoded() {
        assert_eq!(hive("v1.2_b-3"), "v1.2_b-3");
        assert_eq!(hive("a/b=c ~é"), "a%2Fb%3Dc%20%7E%C3%A9");
        assert_eq!(unhive(&hive("a/b=c ~é")), "a/b=c ~é");
    }

    #[test]
    fn long_values_are_cut_and_still_told_apart() {
        let (one, other) = ("é".repeat(500) + "1", "é".repeat(500) + "2");
        assert_ne!(hive(&one), hive(&other));
        assert!(hive(&one).len() <= MAX_VALUE_BYTES);
        assert_eq!(hive(&one), hive(&one));
        let cut = hive(&one);
        let kept = cut.split('~').next().unwrap();
        assert_eq!(kept.len() % 3, 0, "an encoded character is never cut in two");
    }

    #[test]
    fn a_version_called_none_is_not_taken_for_a_missing_one() {
        assert_eq!(version(""), "none");
        assert_eq!(version("none"), "%6Eone");
        assert_eq!(unhive(&version("none")), "none");
    }

    #[test]
    fn a_source_is_told_by_bucket_and_key_and_by_where_one_ends() {
        assert_eq!(source_id("logs", "a.jsonl").len(), 32);
        assert_ne!(source_id("logs", "a.jsonl"), source_id("log", "sa.jsonl"));
        assert_eq!(source_id("logs", "a.jsonl"), source_id("logs", "a.jsonl"));
    }

    #[test]
    fn keys_are_those_of_the_design() {
        let part = PartKey::new(HOUR + 5, "7", "abc");
        assert_eq!(part.records("flight-delay"), "records/model=flight-delay/version=7/dt=2013-07-01/hour=14/abc.parquet");
        assert_eq!(part.profile("flight-delay"), "profiles/model=flight-delay/version=7/dt=2013-07-01/hour=14/abc.profile");
        assert_eq!(quarantine("m", HOUR, "abc"), "quarantine/model=m/dt=2013-07-01/abc.jsonl");
        assert_eq!(report("m", "1d", HOUR, "verdict.json"), "reports/model=m/window=1d/end=2013-07-01T14/verdict.json");
        let halves = halves("m", HOUR + 5, "abc");
        assert_eq!(halves, "halves/model=m/dt=2013-07-01/hour=14/abc.jsonl");
        assert_eq!(hour_of_halves(&halves), Some(HOUR));
        assert_eq!(truth("m", HOUR + 5, "abc"), "truth/model=m/dt=2013-07-01/abc.parquet");
        let performance = performance("m", "1d", HOUR, "performance.json");
        assert_eq!(performance, "performance/model=m/window=1d/end=2013-07-01T14/performance.json");
        assert_eq!(parse_performance(&performance, &performance_of("m", "1d")), Some((HOUR, "performance.json")));
        assert_eq!(rollup("m", HOUR, "d"), "profiles/model=m/rollup/dt=2013-07-01/d.profile");
    }

    #[test]
    fn the_key_of_a_profile_comes_back_and_other_keys_do_not() {
        for version in ["", "none", "7", "a/b"] {
            let part = PartKey::new(HOUR, version, "abc");
            assert_eq!(PartKey::parse_records(&part.records("m")), Some(part.clone()));
            assert_eq!(PartKey::parse(&part.profile("m")), Some(part));
        }
        for key in [
            rollup("m", HOUR, "d"),
            PartKey::new(HOUR, "7", "abc").records("m"),
            "profiles/model=m/version=7/dt=x/hour=y/abc.profile".to_owned(),
        ] {
            assert_eq!(PartKey::parse(&key), None, "{key}");
        }
    }

    #[test]
    fn training_sets_and_contracts_are_told_by_their_keys() {
        let model = "flight-delay";
        assert_eq!(training_key("datasets/flight-delay/2013.parquet"), Some(TrainingKey::File { model, name: "2013.parquet" }));
        for marker in ["_SUCCESS", "manifest.json"] {
            let key = format!("datasets/flight-delay/2013/{marker}");
            assert_eq!(training_key(&key), Some(TrainingKey::Complete { model, name: "2013" }));
        }
        for piece in ["2013/part-0.parquet", "2013/m=1/_SUCCESS", "2013/", "_SUCCESS", ".part-0.parquet.crc"] {
            assert_eq!(training_key(&format!("datasets/flight-delay/{piece}")), Some(TrainingKey::Piece), "{piece}");
        }
        for other in ["datasets/flight-delay/", "datasets/readme.txt", "contracts/flight-delay.yaml"] {
            assert_eq!(training_key(other), None, "{other}");
        }
        let of_set: Vec<&str> = ["part-0.parquet", "m=1/part-0.csv.gz", "_SUCCESS", "manifest.json", "m=1/_temporary/0", ".crc", "m=1/"]
            .into_iter()
            .filter(|below| is_of_training_set(below))
            .collect();
        assert_eq!(of_set, ["part-0.parquet", "m=1/part-0.csv.gz"]);
        assert_eq!(model_of_contract("contracts/flight-delay.yaml"), Some("flight-delay"));
        assert_eq!(model_of_contract("contracts/old/flight-delay.yaml"), None);
        assert_eq!(model_of_contract("contracts/README.md"), None);
    }
}
