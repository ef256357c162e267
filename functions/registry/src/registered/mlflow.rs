//! MLflow's events of model versions, as `webhook` hands them on once their signature is verified.
//!
//! `model_version.created` describes a version; its tags may come one by one later. A tag `tidegate.decision` is a decision: `approved`, `rejected`, or
//! `rejected: why`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::said::{Decision, Heard, Origin, Outside, PREFIX, Said, Timed, clean, number, text, time_us};

/// How the kinds of its events begin.
pub(super) const KIND: &str = "MLflow ";

/// The tag that decides, without its prefix.
const DECISION: &str = "decision";

pub(super) fn read(kind: &str, event: &Value) -> Result<Heard, String> {
    let detail = event.get("detail").filter(|detail| detail.is_object()).ok_or("found no detail, expected that of a model version")?;
    let name = text(detail, "/name").ok_or("found no name, expected that of a registered model")?;
    let name = match text(detail, "/workspace").filter(|workspace| *workspace != "default") {
        Some(workspace) => format!("{workspace}/{name}"),
        None => name.to_owned(),
    };
    let version = number(detail, "/version").ok_or("found no version, expected a number")?;
    let at_us = time_us(event, "/time").ok_or("found no time, expected RFC 3339")?;
    let mut said = Said {
        registry: Outside::Mlflow,
        name: clean(&name),
        version,
        origin: None,
        decision: None,
        properties: BTreeMap::new(),
        is_whole: kind == "model_version.created",
    };
    match kind {
        "model_version.created" => {
            let kept = [("mlflow run", text(detail, "/run_id")), ("mlflow source", text(detail, "/source"))];
            said.origin = Some(Timed {
                at_us,
                value: Origin {
                    files: text(detail, "/source").map(clean).into_iter().collect(),
                    parameters: kept.into_iter().filter_map(|(name, value)| Some((name.to_owned(), clean(value?)))).collect(),
                    ..Origin::default()
                },
            });
            for (tag, value) in detail.get("tags").and_then(Value::as_object).into_iter().flatten() {
                said.tag(tag, value.as_str(), at_us)?;
            }
        }
        "model_version_tag.set" | "model_version_tag.deleted" => {
            let tag = text(detail, "/key").ok_or("found no key, expected that of a tag")?;
            if !tag.starts_with(PREFIX) {
                return Ok(Heard::Nothing(format!("a tag of {} is none of ours", said.what())));
            }
            said.tag(tag, text(detail, "/value").filter(|_| kind.ends_with("set")), at_us)?;
        }
        other => return Ok(Heard::Nothing(format!("nothing follows from an event {}", clean(other)))),
    }
    Ok(Heard::Said(Box::new(said)))
}

impl Said {
    fn tag(&mut self, tag: &str, value: Option<&str>, at_us: i64) -> Result<(), String> {
        if tag.strip_prefix(PREFIX) == Some(DECISION) {
            self.decision = Some(Timed { at_us, value: decision(value)? });
        } else {
            self.with(tag, value, at_us);
        }
        Ok(())
    }
}

fn decision(value: Option<&str>) -> Result<Decision, String> {
    let Some(value) = value else { return Ok(Decision::Pending) };
    let (word, why) = value.split_once(':').map_or((value, None), |(word, why)| (word, Some(clean(why)).filter(|why| !why.is_empty())));
    match word.trim().to_ascii_lowercase().as_str() {
        "approved" => Ok(Decision::Approved),
        "rejected" => Ok(Decision::Rejected { why, by: None }),
        "pending" => Ok(Decision::Pending),
        _ => Err(format!("tidegate.decision: found \"{}\", expected approved, or rejected: and why", clean(value))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::said::hear;
    use super::*;

    /// The event that `webhook` makes of the example's body.
    fn example() -> Value {
        let file = format!("{}/../../events/mlflow-model-version-created.json", env!("CARGO_MANIFEST_DIR"));
        let body: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        json!({ "id": "d", "source": "mlflow", "detail-type": "MLflow model_version.created", "time": body["timestamp"], "detail": body["data"] })
    }

    fn said(event: &Value) -> Said {
        match hear(&event.to_string()).unwrap() {
            Heard::Said(said) => *said,
            other => panic!("{other:?}"),
        }
    }

    fn tag(kind: &str, key: &str, value: &str) -> Value {
        let mut event = example();
        event["detail-type"] = json!(format!("MLflow model_version_tag.{kind}"));
        event["detail"] = json!({ "name": "flight_delay", "version": "3", "key": key, "value": value });
        event
    }

    #[test]
    fn a_version_is_read_with_its_source_its_run_and_our_tags() {
        let said = said(&example());
        assert_eq!(said.what(), "version 3 of flight_delay in MLflow");
        let Timed { at_us, value: origin } = said.origin.unwrap();
        assert_eq!(at_us, 1_372_723_502_123_456);
        assert_eq!(origin.files, ["s3://mlflow-artifacts-111122223333/1/models/m-0d6c7ad5a6f14b0f8f0a/artifacts"]);
        assert_eq!(origin.parameters["mlflow run"], "5f2d1c0b9a8e4d7c8b6a5f4e3d2c1b0a");
        assert_eq!(said.properties.keys().collect::<Vec<_>>(), ["submitted_by", "training_set"]);
        assert_eq!((said.is_whole, said.decision), (true, None));
    }

    #[test]
    fn a_workspace_is_part_of_the_name() {
        let mut event = example();
        event["detail"]["workspace"] = json!("team-a");
        assert_eq!(said(&event).name, "team-a/flight_delay");
        event["detail"]["workspace"] = json!("default");
        assert_eq!(said(&event).name, "flight_delay");
    }

    #[test]
    fn a_tag_is_a_property_a_decision_or_none_of_ours() {
        let set = said(&tag("set", "tidegate.training_set", "abc"));
        assert_eq!((set.is_whole, set.origin), (false, None));
        assert_eq!(set.properties["training_set"].value.as_deref(), Some("abc"));
        assert_eq!(said(&tag("deleted", "tidegate.training_set", "")).properties["training_set"].value, None);
        let decided = |value: &str| said(&tag("set", "tidegate.decision", value)).decision.unwrap().value;
        assert_eq!(decided("rejected"), Decision::Rejected { why: None, by: None });
        assert_eq!(decided("Rejected: leaks the label"), Decision::Rejected { why: Some("leaks the label".to_owned()), by: None });
        assert_eq!(decided("approved"), Decision::Approved);
        assert_eq!(said(&tag("deleted", "tidegate.decision", "")).decision.unwrap().value, Decision::Pending);
        assert!(hear(&tag("set", "tidegate.decision", "perhaps").to_string()).unwrap_err().contains("expected approved, or rejected"));
        assert!(matches!(hear(&tag("set", "stage", "rejected").to_string()), Ok(Heard::Nothing(_))));
    }

    #[test]
    fn a_hostile_event_is_an_error_or_nothing_and_never_more() {
        for place in ["/detail/name", "/detail/version", "/detail/source", "/detail/tags", "/detail/run_id", "/time"] {
            for value in [json!(null), json!(-1), json!(1e300), json!("\u{0}\u{202E}"), json!([[[]]]), json!("9".repeat(100_000))] {
                let mut event = example();
                *event.pointer_mut(place).unwrap() = value;
                match hear(&event.to_string()) {
                    Ok(Heard::Said(said)) => assert!(said.version > 0 && said.name.len() <= 1_000),
                    Ok(_) => {}
                    Err(says) => assert!(says.starts_with("found ") && says.len() < 2_000, "{says}"),
                }
            }
        }
        // Only what comes from `webhook` is MLflow's.
        let mut other = example();
        other["source"] = json!("elsewhere");
        assert!(matches!(hear(&other.to_string()), Ok(Heard::Else)));
    }
}
