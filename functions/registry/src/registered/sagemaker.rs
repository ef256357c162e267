//! SageMaker's event of a model package: `SageMaker Model Package State Change`, on the account's default bus.
//!
//! Every event describes the whole package. It is sent more than once for one change, and again when anything about the package is edited; what was edited
//! stands in `UpdatedModelPackageFields`, where that is there.

use std::collections::BTreeMap;

use serde_json::Value;

use super::said::{Decision, Heard, Origin, Outside, PREFIX, Said, Timed, clean, number, text, time_us};

pub(super) const KIND: &str = "SageMaker Model Package State Change";

/// Edits from which something may follow.
const HEEDED: [&str; 4] = ["ModelApprovalStatus", "CustomerMetadataProperties", "InferenceSpecification", "ModelPackageStatus"];

/// Most containers of a package (SageMaker API reference, *`InferenceSpecification`*).
const MAX_CONTAINERS: usize = 15;

pub(super) fn read(event: &Value) -> Result<Heard, String> {
    let detail = event.get("detail").filter(|detail| detail.is_object()).ok_or("found no detail, expected that of a model package")?;
    let (Some(name), Some(version)) = (text(detail, "/ModelPackageGroupName"), number(detail, "/ModelPackageVersion")) else {
        return Ok(Heard::Nothing("the model package is no version of a group".to_owned()));
    };
    let status = text(detail, "/ModelPackageStatus").unwrap_or_default();
    if status != "Completed" {
        return Ok(Heard::Nothing(format!("version {version} of {} is {} in SageMaker", clean(name), clean(status))));
    }
    let at_us = time_us(detail, "/LastModifiedTime").or_else(|| time_us(event, "/time"));
    let at_us = at_us.ok_or("found no time, expected LastModifiedTime")?;
    let edited = detail.get("UpdatedModelPackageFields").and_then(Value::as_array);
    let is_edited = |field: &str| edited.is_none_or(|fields| fields.iter().any(|edited| edited == field));
    if !HEEDED.into_iter().any(is_edited) {
        return Ok(Heard::Nothing(format!("nothing follows from what was edited of version {version} of {}", clean(name))));
    }
    let decision = decision(detail)?;
    let is_decided = is_edited("ModelApprovalStatus");
    if !is_decided && matches!(decision, Decision::Rejected { .. }) {
        return Ok(Heard::Nothing(format!("version {version} of {} was rejected before something else of it was edited", clean(name))));
    }
    let mut said = Said {
        registry: Outside::Sagemaker,
        name: clean(name),
        version,
        origin: Some(Timed { at_us, value: origin(detail) }),
        decision: is_decided.then_some(Timed { at_us, value: decision }),
        properties: BTreeMap::new(),
        is_whole: true,
    };
    let properties = detail.get("CustomerMetadataProperties").and_then(Value::as_object);
    for (name, value) in properties.into_iter().flatten().filter(|(name, _)| name.starts_with(PREFIX)) {
        said.with(name, value.as_str(), at_us);
    }
    Ok(Heard::Said(Box::new(said)))
}

fn decision(detail: &Value) -> Result<Decision, String> {
    match text(detail, "/ModelApprovalStatus") {
        Some("PendingManualApproval") | None => Ok(Decision::Pending),
        Some("Approved") => Ok(Decision::Approved),
        Some("Rejected") => Ok(Decision::Rejected {
            why: text(detail, "/ApprovalDescription").map(clean),
            by: principal(detail, "LastModifiedBy").map(clean),
        }),
        Some(other) => Err(format!("found the approval status \"{}\", expected Approved, Rejected or PendingManualApproval", clean(other))),
    }
}

fn origin(detail: &Value) -> Origin {
    let containers = detail.pointer("/InferenceSpecification/Containers").and_then(Value::as_array);
    let containers: Vec<&Value> = containers.into_iter().flatten().take(MAX_CONTAINERS).collect();
    let files = containers.iter().filter_map(|container| {
        text(container, "/ModelDataUrl").or_else(|| text(container, "/ModelDataSource/S3DataSource/S3Uri")).map(clean)
    });
    let first = containers.first();
    let of_first = |place: &str| first.and_then(|container| text(container, place)).map(clean);
    let framework = of_first("/Framework").map(|framework| match of_first("/FrameworkVersion") {
        Some(version) => format!("{framework} {version}"),
        None => framework,
    });
    let kept = [
        ("image", of_first("/Image")),
        ("image digest", of_first("/ImageDigest")),
        ("made by", text(detail, "/MetadataProperties/GeneratedBy").map(clean)),
        ("model package", text(detail, "/ModelPackageArn").map(clean)),
    ];
    Origin {
        files: files.collect(),
        // A pipeline that made it is who submits it, where no person is known.
        by: principal(detail, "CreatedBy").or_else(|| text(detail, "/MetadataProperties/GeneratedBy")).map(clean),
        code_revision: text(detail, "/MetadataProperties/CommitId").map(clean),
        framework,
        parameters: kept.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
    }
}

/// Who did something, as `DescribeModelPackage` says it.
fn principal<'e>(detail: &'e Value, what: &str) -> Option<&'e str> {
    ["IamIdentity/Arn", "UserProfileArn"].into_iter().find_map(|place| text(detail, &format!("/{what}/{place}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::said::hear;
    use super::*;

    fn example() -> String {
        std::fs::read_to_string(format!("{}/../../events/eventbridge-model-package.json", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    fn heard(change: impl FnOnce(&mut Value)) -> Heard {
        let mut event: Value = serde_json::from_str(&example()).unwrap();
        change(&mut event["detail"]);
        hear(&event.to_string()).unwrap()
    }

    fn said(change: impl FnOnce(&mut Value)) -> Said {
        match heard(change) {
            Heard::Said(said) => *said,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_event_is_read_though_it_has_a_key_twice_as_the_documented_one_has() {
        let example = example();
        assert_eq!(example.matches("\"source\":").count(), 2);
        let Heard::Said(said) = hear(&example).unwrap() else { panic!("it says something") };
        assert_eq!((said.registry, said.name.as_str(), said.version), (Outside::Sagemaker, "flight-delay", 2));
        assert_eq!(said.what(), "version 2 of flight-delay in SageMaker");
        assert_eq!(said.decision, Some(Timed { at_us: 1_372_723_502_000_000, value: Decision::Pending }));
        let origin = said.origin.unwrap().value;
        assert_eq!(origin.files, ["s3://sagemaker-eu-central-1-111122223333/flight-delay/run-7/output/model.onnx"]);
        assert_eq!((origin.code_revision.as_deref(), origin.framework.as_deref()), (Some("4f5c2a9"), Some("XGBOOST 1.7")));
        assert_eq!(origin.by.as_deref(), Some("arn:aws:sagemaker:eu-central-1:111122223333:pipeline/flight-delay/execution/4r83jejmhorv"));
        assert_eq!(said.properties.keys().collect::<Vec<_>>(), ["evaluation", "evaluation.actual", "training_set"]);
        assert!(said.is_whole);
    }

    #[test]
    fn who_made_and_who_rejected_it_is_told_where_it_is_known() {
        let person = |name: &str| json!({ "UserProfileArn": "arn:aws:sagemaker:…:user-profile/d/ada", "IamIdentity": { "Arn": name } });
        let said = said(|detail| {
            detail["CreatedBy"] = person("ada");
            detail["LastModifiedBy"] = person("bob");
            detail["ModelApprovalStatus"] = json!("Rejected");
            detail["ApprovalDescription"] = json!("leaks\nthe label");
            detail["InferenceSpecification"]["Containers"] = json!([
                { "ModelDataSource": { "S3DataSource": { "S3Uri": "s3://b/folder/", "S3DataType": "S3Prefix", "CompressionType": "None" } } },
                { "ModelDataUrl": "s3://b/other.tar.gz" },
                { "Image": "no model" }
            ]);
        });
        let rejected = Decision::Rejected { why: Some("leaks·the label".to_owned()), by: Some("bob".to_owned()) };
        assert_eq!(said.decision.unwrap().value, rejected);
        let origin = said.origin.unwrap().value;
        assert_eq!(
            (origin.by.as_deref(), origin.files),
            (Some("ada"), vec!["s3://b/folder/".to_owned(), "s3://b/other.tar.gz".to_owned()])
        );
    }

    #[test]
    fn our_properties_are_kept_and_nobody_elses() {
        let said = said(|detail| {
            detail["CustomerMetadataProperties"] = json!({ "tidegate.training_set": " ab\u{202E}c ", "team": "x", "tidegate.odd": 3 });
            detail["LastModifiedTime"] = json!(1_372_723_502_500_i64);
        });
        let at_us = 1_372_723_502_500_000;
        let value = Some("ab·c".to_owned());
        assert_eq!(said.properties.get("training_set"), Some(&Timed { at_us, value }), "milliseconds are a time, too");
        assert_eq!(said.properties.keys().collect::<Vec<_>>(), ["odd", "training_set"]);
        assert_eq!(said.properties["odd"].value, None, "no text is no value");
    }

    #[test]
    fn an_edit_counts_for_what_it_is_said_to_have_changed() {
        let edited = |fields: Value| move |detail: &mut Value| detail["UpdatedModelPackageFields"] = fields;
        let nothing = |change: &dyn Fn(&mut Value)| match heard(change) {
            Heard::Nothing(why) => why,
            other => panic!("{other:?}"),
        };
        assert!(said(edited(json!(["ModelApprovalStatus"]))).decision.is_some());
        for field in ["ModelLifeCycle", "ApprovalDescription", "ModelCard"] {
            assert!(nothing(&|detail| edited(json!([field]))(detail)).starts_with("nothing follows"));
        }
        let metadata = |status: &'static str| {
            move |detail: &mut Value| {
                detail["ModelApprovalStatus"] = json!(status);
                detail["UpdatedModelPackageFields"] = json!(["CustomerMetadataProperties"]);
            }
        };
        assert!(nothing(&metadata("Rejected")).contains("rejected before"));
        assert_eq!(said(metadata("Approved")).decision, None);
        for status in ["Pending", "InProgress", "Failed", "Deleting"] {
            assert!(nothing(&|detail| detail["ModelPackageStatus"] = json!(status)).ends_with(&format!("is {status} in SageMaker")));
        }
        assert!(nothing(&|detail| detail["ModelPackageGroupName"] = Value::Null).contains("no version of a group"));
    }

    #[test]
    fn a_hostile_event_is_an_error_or_nothing_and_never_more() {
        for field in ["ModelPackageVersion", "LastModifiedTime", "InferenceSpecification", "MetadataProperties", "ModelApprovalStatus"] {
            for value in [
                json!(null),
                json!(-1),
                json!(1e300),
                json!("\u{0}\u{202E}"),
                json!([[[]]]),
                json!({ "a": {} }),
                json!("9".repeat(100_000)),
            ] {
                let mut event: Value = serde_json::from_str(&example()).unwrap();
                event["detail"][field] = value;
                match hear(&event.to_string()) {
                    Ok(Heard::Said(said)) => assert!(said.version > 0 && said.origin.unwrap().value.files.len() <= MAX_CONTAINERS),
                    Ok(_) => {}
                    Err(says) => assert!(says.starts_with("found ") && says.len() < 2_000, "{says}"),
                }
            }
        }
        for body in ["", "null", "[]", "{\"detail-type\":1}", &"{\"a\":".repeat(10_000)] {
            assert!(matches!(hear(body), Ok(Heard::Else)));
        }
        let deep = format!("{{\"detail-type\":\"{KIND}\",\"detail\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
        assert!(matches!(hear(&deep), Ok(Heard::Else)), "too deep to be read at all");
        assert!(hear(&format!("{{\"detail-type\":\"{KIND}\"}}")).unwrap_err().contains("found no detail"));
    }
}
