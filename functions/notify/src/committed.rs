//! What a record of the table's stream says.

use aws_lambda_events::dynamodb::EventRecord;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tidegate_monitoring::{ActionKind, CauseKind, State};
use tidegate_registry::audit::Entry;

use crate::NotifyError;

/// What was committed.
#[derive(Debug, Clone)]
pub(crate) enum Committed {
    /// An entry of an audit trail, and its digest.
    Entry(Box<Entry>, String),
    /// A window that was judged.
    Judged(Judged),
    /// Something that nobody is told of.
    Other,
}

/// A window that was judged, for drift or for the model's quality.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Judged {
    /// `window` or `performance`.
    pub(crate) item_kind: String,
    pub(crate) model_name: String,
    pub(crate) window_length: String,
    /// RFC 3339.
    pub(crate) window_end: String,
    pub(crate) verdict_state: State,
    pub(crate) verdict_cause: CauseKind,
    pub(crate) verdict_action: ActionKind,
    pub(crate) headline: String,
    pub(crate) report_key: String,
    pub(crate) verdict_digest: String,
}

#[derive(Deserialize)]
struct Kind {
    item_kind: Option<String>,
}

#[derive(Deserialize)]
struct EntryItem {
    audit_entry: String,
    audit_hash: String,
}

impl Committed {
    /// Reads a record.
    ///
    /// # Errors
    /// [`NotifyError::Record`] if an item of the registry holds something else than it should.
    pub(crate) fn read(record: &EventRecord) -> Result<Self, NotifyError> {
        let image = &record.change.new_image;
        if image.is_empty() {
            return Ok(Self::Other);
        }
        let kind: Kind = read(image.clone(), "an item of the registry")?;
        match kind.item_kind.as_deref() {
            // An entry is written once; what changes it later is no news, and `tidegate verify` finds it.
            Some("audit") if record.event_name == "INSERT" => {
                let item: EntryItem = read(image.clone(), "an entry of an audit trail")?;
                let entry = serde_json::from_str(&item.audit_entry)
                    .map_err(|error| NotifyError::Record { found: error.to_string(), expected: "an entry of an audit trail" })?;
                Ok(Self::Entry(Box::new(entry), item.audit_hash))
            }
            Some("window" | "performance") => {
                let judged: Judged = read(image.clone(), "a judged window")?;
                let old = &record.change.old_image;
                let before: Option<Judged> = if old.is_empty() { None } else { read(old.clone(), "a judged window").ok() };
                // Written again with the same verdict, it is no news.
                let is_same = before.is_some_and(|before| before.verdict_digest == judged.verdict_digest);
                Ok(if is_same { Self::Other } else { Self::Judged(judged) })
            }
            _ => Ok(Self::Other),
        }
    }
}

fn read<T: DeserializeOwned>(image: serde_dynamo::Item, expected: &'static str) -> Result<T, NotifyError> {
    serde_dynamo::from_item(image).map_err(|error| NotifyError::Record { found: error.to_string(), expected })
}
