//! The requests and responses of one object that have their other half elsewhere: a file for each hour in which they were logged.

use std::collections::BTreeMap;

use tidegate_lake::{Upload, keys};

use crate::CollectError;
use crate::outputs::Subject;
use crate::spill::{Extent, Spill};

/// Memory of all lines together; beyond it the hour with the most waits on disk.
const WAITING_BYTES: usize = 8 * 1024 * 1024;

/// The halves of one object by the hour, in the order of the object.
#[derive(Debug, Default)]
pub(crate) struct Halves {
    hours: BTreeMap<i64, Hour>,
    waiting: usize,
}

#[derive(Debug, Default)]
struct Hour {
    spilled: Vec<Extent>,
    waiting: Vec<u8>,
}

impl Halves {
    pub(crate) fn hours(&self) -> usize {
        self.hours.len()
    }

    pub(crate) fn knows(&self, hour_ms: i64) -> bool {
        self.hours.contains_key(&hour_ms)
    }

    pub(crate) fn each_hour(&self) -> impl Iterator<Item = i64> {
        self.hours.keys().copied()
    }

    pub(crate) fn push(
        &mut self,
        hour_ms: i64,
        line: &[u8],
        spill: &mut Spill,
        spool_mib: u64,
        location: &str,
    ) -> Result<(), CollectError> {
        self.hours.entry(hour_ms).or_default().waiting.extend_from_slice(line);
        self.waiting += line.len();
        while self.waiting > WAITING_BYTES {
            let Some(largest) = self.hours.values_mut().max_by_key(|hour| hour.waiting.len()) else { break };
            if spill.bytes() + largest.waiting.len() as u64 > spool_mib * 1024 * 1024 {
                return Err(CollectError::DiskLimit { location: location.to_owned(), limit_mib: spool_mib });
            }
            self.waiting -= largest.waiting.len();
            largest.spilled.push(spill.write(&std::mem::take(&mut largest.waiting)).map_err(CollectError::disk(location))?);
        }
        Ok(())
    }

    /// Writes every hour's file, one after the other: each is as large as what the object holds of it.
    pub(crate) async fn write(self, subject: &Subject<'_>, spill: &mut Spill) -> Result<(), CollectError> {
        let lake = CollectError::lake(&subject.location);
        for (hour_ms, hour) in self.hours {
            let key = keys::halves(&subject.model, hour_ms, &subject.source);
            let mut upload = Upload::new(&subject.lake.bucket, key, "application/x-ndjson");
            let written = async {
                for extent in &hour.spilled {
                    let bytes = spill.read(extent).map_err(CollectError::disk(&subject.location))?;
                    upload.push(&bytes).await.map_err(&lake)?;
                }
                upload.push(&hour.waiting).await.map_err(&lake)
            };
            if let Err(failure) = written.await {
                upload.abort().await;
                return Err(failure);
            }
            upload.finish().await.map_err(&lake)?;
        }
        Ok(())
    }
}
