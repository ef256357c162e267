//! What a candidate is made from, or what is missing or wrong.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tidegate_contract::Contract;
use tidegate_registry::is_digest;

use super::address::Address;
use super::note::Note;
use super::said::{Decision, Origin, PREFIX, Timed};

/// What may be said of a version. See the README.
const PROPERTIES: [&str; 12] = [
    "training_set",
    "submitted_by",
    "artifact",
    "predictions",
    "predictions.id",
    "predictions.prediction",
    "predictions.score",
    "evaluation",
    "evaluation.actual",
    "evaluation.id",
    "code_revision",
    "decision",
];

/// How the columns of a multiclass model's probabilities are said: `predictions.probability.<class>`.
const PROBABILITY: &str = "predictions.probability.";

/// How a version stands by what is known of it.
#[derive(Debug, PartialEq)]
pub(super) enum Standing {
    /// Where it comes from was not said yet.
    Unheard,
    /// It was rejected there.
    Rejected { why: Option<String>, by: Option<String> },
    /// Something is missing, in words.
    Incomplete(String),
    /// Something is wrong, in words.
    Faulty(String),
    /// A candidate can be made.
    Complete(Box<Plan>),
}

/// What a candidate is made from.
#[derive(Debug, PartialEq)]
pub(super) struct Plan {
    /// Where the artifact's files lie: objects, or folders of them.
    pub(super) files: Vec<Address>,
    /// Where the candidate's answers lie.
    pub(super) predictions: Option<Address>,
    /// The columns of those.
    columns: Map<String, Value>,
    pub(super) evaluation: Evaluation,
    actual: String,
    id: Option<String>,
    /// The rest of the manifest.
    said: Map<String, Value>,
}

/// Where the rows lie that a candidate is judged by.
#[derive(Debug, PartialEq)]
pub(super) enum Evaluation {
    /// In the models bucket, under this key.
    Here(String),
    /// Elsewhere.
    There(Address),
}

/// A file that was taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken {
    /// Its name in the candidate's folder.
    pub(super) name: String,
    /// SHA-256 of its bytes.
    pub(super) sha256: String,
}

impl Note {
    /// How the version stands, by a contract.
    pub(super) fn standing(&self, contract: &Contract) -> Standing {
        if let Some(Timed { value: Decision::Rejected { why, by }, .. }) = &self.decision {
            return Standing::Rejected { why: why.clone(), by: by.clone() };
        }
        let Some(Timed { value: origin, .. }) = &self.origin else { return Standing::Unheard };
        let missing = self.missing(origin, contract);
        if !missing.is_empty() {
            return Standing::Incomplete(format!(
                "found no {} {} on {}; set it there, and it is submitted",
                self.registry.properties(),
                missing.join(", no "),
                self.what()
            ));
        }
        match self.plan(origin, contract) {
            Ok(plan) => Standing::Complete(Box::new(plan)),
            Err(says) => Standing::Faulty(format!("{}: {says}", self.what())),
        }
    }

    /// `version 3 of flight-delay in SageMaker`.
    pub(super) fn what(&self) -> String {
        self.registry.what(&self.name, self.version)
    }

    fn missing(&self, origin: &Origin, contract: &Contract) -> Vec<String> {
        let mut missing = Vec::new();
        let mut lacks = |name: &str, what: &str| missing.push(format!("{PREFIX}{name} ({what})"));
        if self.property("training_set").is_none() {
            lacks("training_set", "the dataset version that it was trained on");
        }
        if self.submitter(origin).is_none() {
            lacks("submitted_by", "who submits it, and so may not approve it");
        }
        let own = contract.validation.evaluation.as_ref();
        if self.property("evaluation").or_else(|| own.map(|own| own.key.as_str())).is_none() {
            lacks("evaluation", "the rows that it is judged by, unless the contract's validation.evaluation names some");
        }
        if self.property("evaluation.actual").or_else(|| own.map(|own| own.actual.as_str())).is_none() {
            lacks("evaluation.actual", "their column of what really was");
        }
        let is_ours = |file: &String| file.starts_with("s3://");
        if self.property("artifact").is_none() && (origin.files.is_empty() || !origin.files.iter().all(is_ours)) {
            let named = origin.files.iter().find(|file| !is_ours(file)).map_or("nothing", String::as_str);
            lacks("artifact", &format!("the address of its files in S3, where found {named}"));
        }
        if let Some(odd) = self.properties().find(|name| !PROPERTIES.contains(name) && !name.starts_with(PROBABILITY))
            && let Some(last) = missing.last_mut()
        {
            *last = format!("{last}, though {PREFIX}{odd}, which means nothing here");
        }
        missing
    }

    fn submitter<'n>(&'n self, origin: &'n Origin) -> Option<&'n str> {
        self.property("submitted_by").or(origin.by.as_deref())
    }

    fn plan(&self, origin: &Origin, contract: &Contract) -> Result<Plan, String> {
        let address = |name: &str, text: &str| text.parse::<Address>().map_err(|says| format!("{PREFIX}{name}: {says}"));
        let files = match self.property("artifact") {
            Some(artifact) => vec![address("artifact", artifact)?],
            None => origin.files.iter().map(|file| address("artifact", file)).collect::<Result<_, _>>()?,
        };
        let training_set = self.property("training_set").unwrap_or_default();
        if !is_digest(training_set) {
            let expected = "expected a dataset version of 64 hexadecimal digits, as `tidegate dataset list` names it";
            return Err(format!("{PREFIX}training_set: found \"{training_set}\", {expected}"));
        }
        let own = contract.validation.evaluation.as_ref();
        let named = self.property("evaluation");
        let evaluation = match named.or_else(|| own.map(|own| own.key.as_str())) {
            Some(text) if text.contains("://") => Evaluation::There(address("evaluation", text)?),
            text => Evaluation::Here(text.unwrap_or_default().to_owned()),
        };
        // What the contract says of its own rows need not hold for others.
        let own_id = own.filter(|_| named.is_none()).and_then(|own| own.id.as_deref());
        let actual = self.property("evaluation.actual").or_else(|| own.map(|own| own.actual.as_str()));
        let submitter = self.submitter(origin).unwrap_or_default();
        let texts = [
            ("submitted_by", Some(submitter)),
            ("written_by", origin.by.as_deref().filter(|by| *by != submitter)),
            ("training_set", Some(training_set)),
            ("code_revision", self.property("code_revision").or(origin.code_revision.as_deref())),
            ("framework", origin.framework.as_deref()),
        ];
        let mut said: Map<String, Value> = texts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))).collect();
        let mut parameters = origin.parameters.clone();
        parameters.insert("registered as".to_owned(), self.what());
        said.insert("parameters".to_owned(), json!(parameters));
        Ok(Plan {
            files,
            predictions: self.property("predictions").map(|text| address("predictions", text)).transpose()?,
            columns: self.columns(),
            evaluation,
            actual: actual.unwrap_or_default().to_owned(),
            id: self.property("evaluation.id").or(own_id).map(str::to_owned),
            said,
        })
    }

    /// Which columns of the predictions are which.
    fn columns(&self) -> Map<String, Value> {
        let plain = ["id", "prediction", "score"].into_iter();
        let mut columns: Map<String, Value> =
            plain.filter_map(|name| Some((name.to_owned(), json!(self.property(&format!("predictions.{name}"))?)))).collect();
        let classes = self.properties().filter_map(|name| Some((name.strip_prefix(PROBABILITY)?, self.property(name)?)));
        let classes: BTreeMap<&str, &str> = classes.collect();
        if !classes.is_empty() {
            columns.insert("probabilities".to_owned(), json!(classes));
        }
        columns
    }
}

impl Plan {
    /// The candidate's manifest, once its files are taken over.
    pub(super) fn manifest(
        &self,
        model: &str,
        run: &str,
        files: &[Taken],
        predictions: Option<&Taken>,
        evaluation: Option<(String, &Taken)>,
    ) -> Value {
        let mut manifest = self.said.clone();
        let artifact: Vec<Value> = files.iter().map(|file| json!({ "file": file.name, "sha256": file.sha256 })).collect();
        let mut rows = json!({ "actual": self.actual });
        let mut set = |name: &str, value: &str| {
            if let Some(rows) = rows.as_object_mut() {
                rows.insert(name.to_owned(), json!(value));
            }
        };
        match (evaluation, &self.evaluation) {
            (Some((key, taken)), _) => {
                set("key", &key);
                set("sha256", &taken.sha256);
            }
            (None, Evaluation::Here(key)) => set("key", key),
            (None, Evaluation::There(_)) => {}
        }
        if let Some(id) = &self.id {
            set("id", id);
        }
        let parts = [
            ("format", json!("tidegate.candidate/1")),
            ("model", json!(model)),
            ("run", json!(run)),
            ("artifact", json!(artifact)),
            ("evaluation", rows),
        ];
        manifest.extend(parts.map(|(name, value)| (name.to_owned(), value)));
        if let Some(taken) = predictions {
            let mut columns = self.columns.clone();
            columns.insert("file".to_owned(), json!(taken.name));
            manifest.insert("predictions".to_owned(), Value::Object(columns));
        }
        Value::Object(manifest)
    }
}
