//! All that another registry said of one version, in whatever order and however often it was said.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidegate_lake::keys;

use super::said::{Decision, Origin, Outside, Said, Timed};

/// Version of a note's shape.
const FORMAT: &str = "tidegate.registered/1";

/// Most characters of a name in the name of a run.
const MAX_NAME: usize = 60;

/// What is known of a version of another registry. Of everything that was said the latest counts, so that notes are the same in whatever order events come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Note {
    format: String,
    pub(super) registry: Outside,
    /// The group or the registered model.
    pub(super) name: String,
    pub(super) version: u32,
    /// Where it comes from, once that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<Timed<Origin>>,
    /// What was decided there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) decision: Option<Timed<Decision>>,
    /// What Tidegate asks of a version, as it was said there.
    #[serde(default)]
    properties: BTreeMap<String, Timed<Option<String>>>,
}

impl Note {
    /// What one event says.
    pub(super) fn of(said: &Said) -> Self {
        Self {
            format: FORMAT.to_owned(),
            registry: said.registry,
            name: said.name.clone(),
            version: said.version,
            origin: said.origin.clone(),
            decision: said.decision.clone(),
            properties: said.properties.clone(),
        }
    }

    /// Reads a note about the version that an event speaks of.
    pub(super) fn read(bytes: &[u8], said: &Said) -> Result<Self, String> {
        let note: Self = serde_json::from_slice(bytes).map_err(|error| format!("found a note that cannot be read: {error}"))?;
        let is_it = note.format == FORMAT && (note.registry, &note.name, note.version) == (said.registry, &said.name, said.version);
        if is_it { Ok(note) } else { Err(format!("found a note of another version or format, expected {FORMAT} of {}", said.what())) }
    }

    /// Adds what another event says.
    pub(super) fn add(&mut self, said: &Said) {
        self.origin = self.origin.take().max(said.origin.clone());
        self.decision = self.decision.take().max(said.decision.clone());
        for (name, value) in &said.properties {
            let known = self.properties.entry(name.clone()).or_insert_with(|| value.clone());
            if *known < *value {
                known.clone_from(value);
            }
        }
    }

    /// The run as which the version is submitted: `sagemaker-flight-delay-3`.
    pub(super) fn run(&self) -> String {
        let is_plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
        let mut name: String =
            self.name.chars().map(|character| if is_plain(character) { character } else { '-' }).take(MAX_NAME).collect();
        if name != self.name {
            // Other names may look the same so.
            let digest: String = keys::sha256(&self.name).chars().take(8).collect();
            name = format!("{name}-{digest}");
        }
        format!("{}-{name}-{}", self.registry.name(), self.version)
    }

    /// A property that was said and not taken away.
    pub(super) fn property(&self, name: &str) -> Option<&str> {
        let said = self.properties.get(name).filter(|said| self.is_current(said))?;
        said.value.as_deref().filter(|value| !value.is_empty())
    }

    /// The names of all properties that were said and not taken away.
    pub(super) fn properties(&self) -> impl Iterator<Item = &str> {
        self.properties.keys().map(String::as_str).filter(|name| self.property(name).is_some())
    }

    /// SageMaker says all of a version every time, so that what the latest event lacks is there no more. Of MLflow's tags each stands for itself.
    fn is_current(&self, said: &Timed<Option<String>>) -> bool {
        self.registry == Outside::Mlflow || self.origin.as_ref().is_none_or(|origin| said.at_us >= origin.at_us)
    }

    /// SHA-256 of what a candidate is made from: the same, however often and when it was said.
    pub(super) fn digest(&self) -> String {
        let properties: BTreeMap<&str, Option<&str>> = self.properties().map(|name| (name, self.property(name))).collect();
        let origin = self.origin.as_ref().map(|origin| &origin.value);
        let text = serde_json::to_string(&(FORMAT, self.registry, &self.name, self.version, origin, properties));
        keys::sha256(text.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(at_us: i64, change: impl FnOnce(&mut Said)) -> Said {
        let mut said = Said {
            registry: Outside::Mlflow,
            name: "flight_delay".to_owned(),
            version: 3,
            origin: None,
            decision: None,
            properties: BTreeMap::new(),
            is_whole: false,
        };
        said.with("tidegate.seen", Some("yes"), at_us);
        change(&mut said);
        said
    }

    #[test]
    fn a_note_is_the_same_in_every_order_and_with_every_repeat() {
        let events = [
            said(1, |said| {
                said.origin = Some(Timed { at_us: 1, value: Origin { files: vec!["s3://b/a".to_owned()], ..Origin::default() } });
            }),
            said(2, |said| said.with("tidegate.training_set", Some("a"), 2)),
            said(3, |said| said.with("tidegate.training_set", Some("b"), 3)),
            said(3, |said| said.with("tidegate.training_set", None, 3)),
            said(4, |said| said.decision = Some(Timed { at_us: 4, value: Decision::Rejected { why: None, by: None } })),
            said(5, |said| said.decision = Some(Timed { at_us: 5, value: Decision::Approved })),
        ];
        let mut orders: Vec<Vec<usize>> = vec![vec![]];
        for _ in 0..events.len() {
            orders = orders
                .into_iter()
                .flat_map(|order| {
                    (0..events.len()).filter(|next| !order.contains(next)).map(|next| [&order[..], &[next]].concat()).collect::<Vec<_>>()
                })
                .collect();
        }
        assert_eq!(orders.len(), 720);
        let note = |order: &[usize]| {
            let mut note = Note::of(&events[order[0]]);
            for at in order {
                note.add(&events[*at]);
                note.add(&events[order[0]]);
            }
            note
        };
        let expected = note(&orders[0]);
        assert_eq!(expected.property("training_set"), Some("b"));
        assert_eq!(expected.decision.as_ref().unwrap().value, Decision::Approved);
        assert!(orders.iter().all(|order| note(order) == expected));
        let bytes = serde_json::to_vec(&expected).unwrap();
        assert_eq!(Note::read(&bytes, &events[0]).unwrap(), expected);
        let other = said(1, |said| said.version = 4);
        assert!(Note::read(&bytes, &other).unwrap_err().contains("another version"));
        assert!(Note::read(b"{}", &events[0]).is_err());
    }

    #[test]
    fn what_sagemaker_says_no_more_is_taken_away_in_whatever_order_that_is_heard() {
        let event = |at_us: i64, name: &str| {
            said(at_us, |said| {
                said.registry = Outside::Sagemaker;
                said.properties.clear();
                said.with(name, Some("x"), at_us);
                said.origin = Some(Timed { at_us, value: Origin::default() });
            })
        };
        let (old, new) = (event(1, "tidegate.artifact"), event(2, "tidegate.training_set"));
        for (first, second) in [(&old, &new), (&new, &old)] {
            let mut note = Note::of(first);
            note.add(second);
            assert_eq!(note.properties().collect::<Vec<_>>(), ["training_set"]);
        }
    }

    #[test]
    fn a_run_is_named_after_its_version_and_no_two_versions_share_one() {
        let run = |name: &str, version| {
            Note::of(&said(1, |said| {
                name.clone_into(&mut said.name);
                said.version = version;
            }))
            .run()
        };
        assert_eq!(run("flight_delay", 3), "mlflow-flight_delay-3");
        let names = ["a b", "a-b", "a/b", "a.b", "../..", "ä", &"x".repeat(400), &"x".repeat(401)];
        let runs: std::collections::BTreeSet<_> = names.iter().map(|name| run(name, 1)).collect();
        assert_eq!(runs.len(), names.len());
        assert!(runs.iter().all(|run| run.len() < 100 && tidegate_registry::is_file_name(run) && !run.contains('/')), "{runs:?}");
    }

    #[test]
    fn the_digest_is_that_of_what_counts() {
        let base = Note::of(&said(1, |_| {}));
        assert_eq!(base.digest(), Note::of(&said(9, |said| said.decision = Some(Timed { at_us: 1, value: Decision::Approved }))).digest());
        assert_ne!(base.digest(), Note::of(&said(1, |said| said.with("tidegate.training_set", Some("a"), 1))).digest());
        assert_ne!(base.digest(), Note::of(&said(1, |said| said.version = 4)).digest());
    }
}
