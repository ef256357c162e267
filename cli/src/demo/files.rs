//! The demo's files, as they were when the program was built.

use serde::Deserialize;

use crate::error::CliError;

/// Name below `cli/demo` and bytes of each file; `build.rs` writes the list.
static FILES: &[(&str, &[u8])] = &include!(concat!(env!("OUT_DIR"), "/demo_files.rs"));

/// The contract, and its key in the models bucket.
pub(super) const CONTRACT: (&str, &str) = ("flight-delay.yaml", "contracts/flight-delay.yaml");

/// The training set, and its key in the models bucket.
pub(super) const TRAINING_SET: (&str, &str) = ("training.parquet", "datasets/flight-delay/2013-january.parquet");

/// The bytes of a file.
pub(super) fn bytes(name: &str) -> Result<&'static [u8], CliError> {
    let place = FILES.binary_search_by(|(other, _)| (*other).cmp(name)).ok();
    place.and_then(|at| FILES.get(at)).map(|(_, bytes)| *bytes).ok_or_else(|| CliError::demo(format!("its own file {name} is missing")))
}

/// The files whose names begin so, sorted.
pub(super) fn below(prefix: &str) -> impl Iterator<Item = (&'static str, &'static [u8])> {
    FILES.iter().copied().filter(move |(name, _)| name.starts_with(prefix))
}

/// One object of the logs bucket.
#[derive(Debug, Deserialize)]
pub(super) struct Object {
    /// Its key: `flight-delay/YYYY/MM/DD/HH/…`.
    pub(super) key: String,
    /// The file that holds it, when that is not `logs/<key>`.
    path: Option<String>,
    /// What is special about it.
    pub(super) note: Option<String>,
}

impl Object {
    /// Its bytes.
    pub(super) fn bytes(&self) -> Result<&'static [u8], CliError> {
        match &self.path {
            Some(path) => bytes(path),
            None => bytes(&format!("logs/{}", self.key)),
        }
    }
}

/// The objects of the logs bucket, in the order in which they arrive.
pub(super) fn objects() -> Result<Vec<Object>, CliError> {
    #[derive(Deserialize)]
    struct Manifest {
        objects: Vec<Object>,
    }
    let manifest: Manifest = serde_json::from_slice(bytes("manifest.json")?).map_err(CliError::demo)?;
    Ok(manifest.objects)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_of_the_manifest_is_in_the_program() {
        let objects = objects().unwrap();
        assert!(objects.len() > 1_000);
        assert!(objects.iter().all(|object| object.bytes().is_ok()));
        assert!(bytes(CONTRACT.0).is_ok() && bytes(TRAINING_SET.0).is_ok());
        assert!(bytes("logs/absent").is_err());
    }
}
