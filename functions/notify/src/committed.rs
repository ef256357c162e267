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

#[cfg(test)]
mod tests {
    use tidegate_registry::Record;

    use super::*;
    use crate::NotifyEvent;

    fn event(file: &str) -> NotifyEvent {
        let text = std::fs::read_to_string(format!("{}/../../events/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    fn batch() -> aws_lambda_events::dynamodb::Event {
        let NotifyEvent::Stream(batch) = event("dynamodb-registry-stream.json") else { panic!("a stream") };
        batch
    }

    #[test]
    fn the_two_events_are_told_apart() {
        assert!(matches!(event("scheduler-approvers.json"), NotifyEvent::Schedule(schedule) if schedule.schedule == "approvers"));
        assert_eq!(batch().records.len(), 3);
    }

    #[test]
    fn of_the_example_only_the_entry_that_breaks_off_cannot_be_read() {
        let read: Vec<_> = batch().records.iter().map(Committed::read).collect();
        let Ok(Committed::Entry(entry, hash)) = &read[0] else { panic!("an entry: {read:?}") };
        assert!(matches!(&entry.records[..], [Record::Dataset(dataset)] if dataset.records == 36_732));
        assert_eq!(*hash, entry.stored().unwrap().hash);
        let Ok(Committed::Judged(judged)) = &read[1] else { panic!("a window: {read:?}") };
        assert_eq!((judged.window_end.as_str(), judged.verdict_state), ("2013-07-02T00:00:00Z", State::Drift));
        let says = read[2].as_ref().unwrap_err().to_string();
        assert!(says.contains("expected an entry of an audit trail"), "{says}");
    }

    #[test]
    fn what_was_written_again_with_the_same_verdict_or_changed_later_is_no_news() {
        let mut batch = batch();
        batch.records[1].change.old_image = batch.records[1].change.new_image.clone();
        assert!(matches!(Committed::read(&batch.records[1]), Ok(Committed::Other)));
        batch.records[0].event_name = "MODIFY".to_owned();
        assert!(matches!(Committed::read(&batch.records[0]), Ok(Committed::Other)));
        batch.records[2].change.new_image = serde_dynamo::Item::default();
        assert!(matches!(Committed::read(&batch.records[2]), Ok(Committed::Other)));
    }
}
