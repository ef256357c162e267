//! What S3 tells of new objects, and which function it wakes.

use super::{Dispatcher, Function};
use crate::LocalAccountError;
use crate::account::{LOGS, LocalAccount, MODELS};
use crate::events;
use crate::storage::Created;

/// Which new objects wake whom, and the name of the notification. As in the template.
const NOTIFICATIONS: [Notification; 3] = [
    Notification { wakes: Function::Collect, bucket: LOGS, prefix: "", suffix: "", name: "collect-scoring-logs" },
    Notification { wakes: Function::Collect, bucket: MODELS, prefix: "datasets/", suffix: "", name: "collect-training-sets" },
    Notification { wakes: Function::Validate, bucket: MODELS, prefix: "candidates/", suffix: "manifest.json", name: "validate-candidates" },
];

/// A bucket's notification.
struct Notification {
    wakes: Function,
    bucket: &'static str,
    prefix: &'static str,
    suffix: &'static str,
    name: &'static str,
}

impl LocalAccount {
    /// What S3 would now say about objects made since the last call: bodies of messages for `collect`, oldest first. They are
    /// only returned; [`LocalAccount::send_to_collect`] sends one.
    ///
    /// # Errors
    /// [`LocalAccountError::Example`] if the examples in `events/` changed their shape.
    pub fn take_notifications(&self) -> Result<Vec<String>, LocalAccountError> {
        self.dispatcher.take_notifications(Function::Collect)
    }

    /// As [`LocalAccount::take_notifications`], for `validate`: candidates that were submitted since the last call.
    ///
    /// # Errors
    /// As there.
    pub fn take_submissions(&self) -> Result<Vec<String>, LocalAccountError> {
        self.dispatcher.take_notifications(Function::Validate)
    }
}

impl Dispatcher {
    fn take_notifications(&self, function: Function) -> Result<Vec<String>, LocalAccountError> {
        let is_for = |created: &Created| notification(created).is_some_and(|notification| notification.wakes == function);
        let created = self.services.take_created(is_for, |created| notification(created).is_some());
        let told = |(sequence, created): &(u64, Created)| Some(events::object_created(created, notification(created)?.name, *sequence));
        created.iter().filter_map(told).collect()
    }
}

/// The notification that a new object sets off, if any.
fn notification(created: &Created) -> Option<&'static Notification> {
    let is_of = |of: &&Notification| created.bucket == of.bucket && created.key.starts_with(of.prefix) && created.key.ends_with(of.suffix);
    NOTIFICATIONS.iter().find(is_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_objects_below_a_watched_prefix_set_off_a_notification() {
        let notification = |created: &Created| notification(created).map(|notification| notification.name);
        let created = |bucket: &str, key: &str| Created { bucket: bucket.into(), key: key.into(), ..Created::default() };
        assert_eq!(notification(&created(MODELS, "candidates/m/june/manifest.json")), Some("validate-candidates"));
        assert_eq!(notification(&created(MODELS, "candidates/m/june/model.onnx")), None);
        assert_eq!(notification(&created(LOGS, "any/thing.jsonl")), Some("collect-scoring-logs"));
        assert_eq!(notification(&created(MODELS, "datasets/m/2013.parquet")), Some("collect-training-sets"));
        assert_eq!(notification(&created(MODELS, "contracts/m.yaml")), None);
        assert_eq!(notification(&created("lake", "records/x.parquet")), None);
    }
}
