//! Pages of a bucket's keys, in byte order, from the folder that holds them.

use std::io::ErrorKind;
use std::path::Path;

use s3s::dto::{Object, Timestamp};

/// Most keys in one page of a listing (`ListObjectsV2`).
pub(super) const LIST_PAGE_KEYS: usize = 1000;

/// What is asked for.
pub(super) struct Wanted<'a> {
    /// How the keys begin.
    pub(super) prefix: &'a str,
    /// Keys that go on behind the prefix up to this text are listed as one.
    pub(super) delimiter: Option<&'a str>,
    /// Only what comes after this key.
    pub(super) after: &'a str,
    /// Most keys and common prefixes.
    pub(super) keys: usize,
}

/// What was found.
#[derive(Default)]
pub(super) struct Page {
    pub(super) contents: Vec<Object>,
    pub(super) prefixes: Vec<String>,
    /// After which key the next page begins, if there is one.
    pub(super) next: Option<String>,
}

/// Lists one page of the bucket that lies in this folder.
pub(super) fn page(bucket: &Path, wanted: &Wanted<'_>) -> std::io::Result<Page> {
    let mut found = Vec::new();
    keys_below(bucket, wanted.prefix, &mut found)?;
    found.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    let mut page = Page::default();
    let mut last = None;
    for file in found {
        let group = wanted.delimiter.and_then(|delimiter| {
            let rest = file.key.get(wanted.prefix.len()..)?;
            let end = rest.find(delimiter)? + delimiter.len();
            file.key.get(..wanted.prefix.len() + end).map(str::to_owned)
        });
        let name = group.as_deref().unwrap_or(&file.key);
        if name <= wanted.after || page.prefixes.last().map(String::as_str) == Some(name) {
            continue;
        }
        if page.contents.len() + page.prefixes.len() == wanted.keys {
            page.next = last;
            break;
        }
        last = Some(name.to_owned());
        match group {
            Some(group) => page.prefixes.push(group),
            None => {
                page.contents.push(Object {
                    key: Some(file.key),
                    size: Some(file.size),
                    last_modified: file.modified,
                    ..Object::default()
                });
            }
        }
    }
    Ok(page)
}

struct Listed {
    key: String,
    size: i64,
    modified: Option<Timestamp>,
}

/// Every object of the bucket whose key begins with `prefix`, in no order. Looks only into folders that can hold one.
fn keys_below(bucket: &Path, prefix: &str, found: &mut Vec<Listed>) -> std::io::Result<()> {
    let (folder, _) = prefix.rsplit_once('/').unwrap_or(("", prefix));
    if folder.split('/').any(|part| matches!(part, "." | "..")) || folder.starts_with('/') {
        return Ok(());
    }
    let mut waiting = vec![(bucket.join(folder), if folder.is_empty() { String::new() } else { format!("{folder}/") })];
    while let Some((path, below)) = waiting.pop() {
        let entries = match std::fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let key = format!("{below}{name}");
            let may_match = key.starts_with(prefix) || prefix.starts_with(&key);
            if !may_match {
                continue;
            }
            if entry.file_type()?.is_dir() {
                waiting.push((entry.path(), format!("{key}/")));
            } else if key.starts_with(prefix) {
                let about = entry.metadata()?;
                found.push(Listed {
                    key,
                    size: i64::try_from(about.len()).unwrap_or(i64::MAX),
                    modified: about.modified().ok().map(Timestamp::from),
                });
            }
        }
    }
    Ok(())
}
