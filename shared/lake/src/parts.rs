//! Parts: the hourly profiles that `collect` writes and `drift` adds up.

use bytes::Bytes;
use tidegate_profile::{Part, WindowProfile, decode, encode};

use crate::{Condition, KeyRange, Lake, LakeError, PartKey, keys};

/// A part of a listing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedPart {
    /// Which part it is.
    pub at: PartKey,
    /// Its entity tag.
    pub etag: String,
}

impl Lake {
    /// The parts of a model whose hours lie in one of these spans (whole hours, milliseconds since 1970, end excluded; in any order, and
    /// they may overlap), by hour, version and source. Costs one call for the versions, and for each version as many as
    /// [`Bucket::list_ranges`](crate::Bucket::list_ranges) says.
    ///
    /// # Errors
    /// As a call fails.
    pub async fn list_parts(&self, model: &str, spans: &[(i64, i64)]) -> Result<Vec<ListedPart>, LakeError> {
        self.list_below(keys::profiles_of(model), spans, PartKey::parse).await
    }

    /// The files of records of a model whose hours lie in one of these spans, as [`Lake::list_parts`] lists their profiles.
    ///
    /// # Errors
    /// As a call fails.
    pub async fn list_records(&self, model: &str, spans: &[(i64, i64)]) -> Result<Vec<ListedPart>, LakeError> {
        self.list_below(keys::records_of(model), spans, PartKey::parse_records).await
    }

    async fn list_below(
        &self,
        above: String,
        spans: &[(i64, i64)],
        parse: impl Fn(&str) -> Option<PartKey>,
    ) -> Result<Vec<ListedPart>, LakeError> {
        let mut parts = Vec::new();
        let spans = united(spans);
        let versions = self.bucket.list_directories(&above).await?;
        for version in versions.iter().filter(|directory| directory.strip_prefix(&above).is_some_and(|name| name.starts_with("version="))) {
            let range = |&(from_ms, until_ms): &(i64, i64)| KeyRange {
                after: keys::hour_prefix(version, from_ms),
                until: Some(keys::hour_prefix(version, until_ms)),
            };
            let listed = self.bucket.list_ranges(version, &spans.iter().map(range).collect::<Vec<_>>()).await?;
            parts.extend(listed.into_iter().filter_map(|object| Some(ListedPart { at: parse(&object.key)?, etag: object.etag })));
        }
        parts.sort();
        Ok(parts)
    }

    /// Reads a part and its entity tag, or `None` if it is gone.
    ///
    /// # Errors
    /// As the call fails, or [`LakeError::Profile`] if something else lies there.
    pub async fn part(&self, model: &str, at: &PartKey) -> Result<Option<(Part, String)>, LakeError> {
        let key = at.profile(model);
        let Some(stored) = self.bucket.get(&key).await? else { return Ok(None) };
        let part = decode(&stored.bytes).map_err(|source| LakeError::Profile { key, source })?;
        Ok(Some((part, stored.etag)))
    }

    /// Writes a part and returns its entity tag.
    ///
    /// # Errors
    /// [`LakeError::Conflict`] if the condition does not hold; others as the call fails.
    pub async fn put_part(&self, model: &str, at: &PartKey, part: &Part, condition: Condition<'_>) -> Result<String, LakeError> {
        let key = at.profile(model);
        let bytes = encode(part).map_err(|source| LakeError::Profile { key: key.clone(), source })?;
        self.bucket.put(&key, bytes, "application/zstd", condition).await
    }

    /// The stored records of a part, or `None` if they are gone.
    ///
    /// # Errors
    /// As the call fails.
    pub async fn part_records(&self, model: &str, at: &PartKey) -> Result<Option<Bytes>, LakeError> {
        Ok(self.bucket.get(&at.records(model)).await?.map(|stored| stored.bytes))
    }

    /// A day that was added up before from these inputs ([`rollup_digest`]). Something unreadable counts as absent.
    ///
    /// # Errors
    /// As the call fails.
    pub async fn rollup(&self, model: &str, day_ms: i64, digest: &str) -> Result<Option<WindowProfile>, LakeError> {
        let stored = self.bucket.get(&keys::rollup(model, day_ms, digest)).await?;
        Ok(stored.and_then(|stored| decode(&stored.bytes).ok()))
    }

    /// Keeps a day that was added up.
    ///
    /// # Errors
    /// As the call fails.
    pub async fn put_rollup(&self, model: &str, day_ms: i64, digest: &str, day: &WindowProfile) -> Result<(), LakeError> {
        let key = keys::rollup(model, day_ms, digest);
        let bytes = encode(day).map_err(|source| LakeError::Profile { key: key.clone(), source })?;
        self.bucket.put(&key, bytes, "application/zstd", Condition::Always).await.map(drop)
    }
}

/// Spans in order, those that touch or overlap made one.
fn united(spans: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut sorted: Vec<(i64, i64)> = spans.iter().copied().filter(|(from, until)| from < until).collect();
    sorted.sort_unstable();
    let mut united: Vec<(i64, i64)> = Vec::with_capacity(sorted.len());
    for (from, until) in sorted {
        match united.last_mut() {
            Some((_, end)) if from <= *end => *end = until.max(*end),
            _ => united.push((from, until)),
        }
    }
    united
}

/// Digest of what a profile is added up from: the parts as listed, and everything else that it depends on (`also`: the rule for
/// bad lines, the baseline, the program's own version). 32 hexadecimal digits.
#[must_use]
pub fn rollup_digest(parts: &[ListedPart], also: &[&str]) -> String {
    let mut pieces: Vec<Vec<u8>> = also.iter().map(|text| text.as_bytes().to_vec()).collect();
    for ListedPart { at, etag } in parts {
        pieces.push(at.hour_ms.to_be_bytes().to_vec());
        pieces.extend([&at.version, &at.source, etag].map(|text| text.as_bytes().to_vec()));
    }
    keys::digest(&pieces.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_that_touch_are_listed_as_one() {
        assert_eq!(united(&[(7, 9), (1, 3), (3, 4), (2, 3), (5, 5)]), [(1, 4), (7, 9)]);
    }

    #[test]
    fn the_digest_of_inputs_changes_with_each_of_them() {
        let part = |source: &str, etag: &str| ListedPart { at: PartKey::new(0, "7", source), etag: etag.to_owned() };
        let all = [
            rollup_digest(&[part("a", "1")], &["x"]),
            rollup_digest(&[part("a", "2")], &["x"]),
            rollup_digest(&[part("b", "1")], &["x"]),
            rollup_digest(&[part("a", "1"), part("b", "1")], &["x"]),
            rollup_digest(&[part("a", "1")], &["y"]),
            rollup_digest(&[part("a", "1")], &[]),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(all.first(), Some(&rollup_digest(&[part("a", "1")], &["x"])));
    }
}
