//! Which serving system wrote a log, told from its first record, and where its events keep things.

use tidegate_contract::RecordFormat;

use crate::json;
use crate::row::Cell;

/// The system that wrote a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogKind {
    /// Amazon SageMaker data capture: request and response of each call in one line.
    SagemakerCapture,
    /// Output of an Amazon SageMaker batch transform, with inference ids appended.
    SagemakerTransform,
    /// Amazon SageMaker ground truth: labels for predictions made before. They are no records of predictions.
    SagemakerGroundTruth,
    /// Ground truth: an inference id and what really was, without a prediction.
    GroundTruth,
    /// The manifest of an Amazon SageMaker batch transform: it names files and has no records of its own.
    SagemakerManifest,
    /// Azure Machine Learning data collector: inputs and outputs as events of their own.
    Azureml,
    /// `KServe` logger: requests and responses as events of their own.
    Kserve,
    /// An inference table of `MLflow` or Databricks model serving.
    InferenceTable,
}

impl LogKind {
    /// Its name, as `record.format` of a contract has it where it holds records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SagemakerCapture => "sagemaker-capture",
            Self::SagemakerTransform => "sagemaker-transform",
            Self::SagemakerGroundTruth => "sagemaker-ground-truth",
            Self::GroundTruth => "ground-truth",
            Self::SagemakerManifest => "sagemaker-manifest",
            Self::Azureml => "azureml",
            Self::Kserve => "kserve",
            Self::InferenceTable => "inference-table",
        }
    }

    /// What it is, for people; of one without records, why it has none.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Self::SagemakerCapture => "Amazon SageMaker data capture",
            Self::SagemakerTransform => "Amazon SageMaker batch transform output",
            Self::SagemakerGroundTruth => "Amazon SageMaker ground truth: true labels, which hold no records of predictions",
            Self::GroundTruth => "ground truth: what really was, which holds no records of predictions",
            Self::SagemakerManifest => {
                "the manifest of an Amazon SageMaker batch transform: it names files and holds no records of its own"
            }
            Self::Azureml => "Azure Machine Learning data collector",
            Self::Kserve => "KServe logger",
            Self::InferenceTable => "an inference table of MLflow or Databricks model serving",
        }
    }

    /// Whether it holds records of predictions.
    #[must_use]
    pub fn holds_records(self) -> bool {
        self.format().is_some()
    }

    /// Whether it holds ground truth.
    #[must_use]
    pub fn is_truth(self) -> bool {
        matches!(self, Self::GroundTruth | Self::SagemakerGroundTruth)
    }

    /// The format by which its records are read.
    pub(crate) fn format(self) -> Option<RecordFormat> {
        match self {
            Self::SagemakerCapture => Some(RecordFormat::SagemakerCapture),
            Self::SagemakerTransform => Some(RecordFormat::SagemakerTransform),
            Self::Azureml => Some(RecordFormat::Azureml),
            Self::Kserve => Some(RecordFormat::Kserve),
            Self::InferenceTable => Some(RecordFormat::InferenceTable),
            Self::SagemakerGroundTruth | Self::GroundTruth | Self::SagemakerManifest => None,
        }
    }

    /// The kind that a contract names.
    pub(crate) fn named(format: RecordFormat) -> Option<Self> {
        [Self::SagemakerCapture, Self::SagemakerTransform, Self::Azureml, Self::Kserve, Self::InferenceTable]
            .into_iter()
            .find(|kind| kind.format() == Some(format))
    }

    /// Tells it from the names of columns, or of a record's keys, and the kind of the event that it says to be.
    pub(crate) fn of_names(names: &[&str], event_type: &str) -> Option<Self> {
        let has = |wanted: &str| names.contains(&wanted);
        let is_kserve = |text: &str| text.starts_with("org.kubeflow.serving.inference.");
        if has("captureData") {
            Some(Self::SagemakerCapture)
        } else if has("groundTruthData") {
            Some(Self::SagemakerGroundTruth)
        } else if has("SageMakerInferenceId") {
            Some(Self::SagemakerTransform)
        } else if has("specversion") && event_type.starts_with("azureml.inference.") {
            Some(Self::Azureml)
        } else if is_kserve(event_type) || (has("reqType") && has("bytes") && has("inferenceService")) {
            Some(Self::Kserve)
        } else if has("request") && has("response") && (has("databricks_request_id") || has("client_request_id")) {
            Some(Self::InferenceTable)
        } else {
            None
        }
    }
}

/// What was told from a sample of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// It is a log of this kind.
    Kind(LogKind),
    /// It is none of them.
    Plain,
    /// More of it is needed.
    More,
}

/// Whether a record of these keys, which no serving system wrote, is one of ground truth.
pub(crate) type IsTruth<'a> = &'a dyn Fn(&[&str]) -> bool;

/// Tells a log by the first record of lines of JSON that can be read; `is_enough` says that there is no more to come.
pub(crate) fn of_lines(sample: &[u8], is_enough: bool, is_truth: IsTruth<'_>) -> Told {
    let mut rest = sample;
    loop {
        let (line, more) = match memchr::memchr(b'\n', rest) {
            Some(end) => (rest.get(..end).unwrap_or_default(), rest.get(end + 1..)),
            None if is_enough => (rest, None),
            None => return Told::More,
        };
        match of_record(line.trim_ascii(), more.is_none(), is_truth) {
            Some(told) => return told,
            None => match more {
                Some(more) => rest = more,
                None => return Told::Plain,
            },
        }
    }
}

/// Tells a log by the first of several records in a text: in an array, or one after the other.
pub(crate) fn of_document(sample: &[u8], is_enough: bool, is_truth: IsTruth<'_>) -> Told {
    let text = sample.trim_ascii_start();
    let first = text.strip_prefix(b"[").unwrap_or(text);
    let told = json::first_value(first).and_then(|value| {
        if is_manifest(value) && text.first() == Some(&b'[') {
            Some(Told::Kind(LogKind::SagemakerManifest))
        } else {
            of_record(value, true, is_truth)
        }
    });
    told.unwrap_or_else(|| if is_enough { of_record(first, true, is_truth).unwrap_or(Told::Plain) } else { Told::More })
}

fn is_manifest(value: &[u8]) -> bool {
    let text = str::from_utf8(value).unwrap_or_default();
    matches!(json::members(text).as_deref(), Ok([only]) if only.key == "prefix" && only.value.starts_with("\"s3://"))
}

/// Tells a log by one record; `None` if it cannot be read. Of a record that is cut off, the keys that are there count.
fn of_record(record: &[u8], may_be_cut: bool, is_truth: IsTruth<'_>) -> Option<Told> {
    if record.first() != Some(&b'{') {
        return None;
    }
    let (members, is_whole) = json::leading_members(record);
    if !is_whole && !may_be_cut {
        return None;
    }
    let value = |key: &str| members.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str()).unwrap_or_default();
    let event_type = if value("reqType").is_empty() { value("type") } else { value("reqType") };
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    // Of a record that is cut off it cannot be said what it lacks.
    let truth = || (is_whole && is_truth(&names)).then_some(LogKind::GroundTruth);
    Some(LogKind::of_names(&names, event_type).or_else(truth).map_or(Told::Plain, Told::Kind))
}

/// What an event says, by its place among the targets of the plan that reads it.
pub(crate) mod place {
    pub(crate) const TIME: usize = 0;
    pub(crate) const ID: usize = 1;
    pub(crate) const VERSION: usize = 2;
    pub(crate) const LATENCY: usize = 3;
    pub(crate) const INPUT: usize = 4;
    pub(crate) const OUTPUT: usize = 5;
    pub(crate) const INPUT_ENCODING: usize = 6;
    pub(crate) const OUTPUT_ENCODING: usize = 7;
    /// Which side an event of one side is.
    pub(crate) const TYPE: usize = 8;
    /// An id that stands in for one that is missing.
    pub(crate) const OTHER_ID: usize = 9;
    /// Something that tells whether the payload is one: a flag or a status.
    pub(crate) const STATUS: usize = 10;
    /// The first of the places that a contract asks for.
    pub(crate) const OWN: usize = 11;
}

/// Where the events of a format keep things, by [`place`]; several paths where versions differ.
pub(crate) fn paths(format: RecordFormat) -> [&'static [&'static str]; place::OWN] {
    match format {
        RecordFormat::SagemakerCapture => [
            &["eventMetadata.inferenceTime"],
            &["eventMetadata.inferenceId"],
            &[],
            &[],
            &["captureData.endpointInput.data", "captureData.batchTransformInput.data"],
            &["captureData.endpointOutput.data", "captureData.batchTransformOutput.data"],
            &["captureData.endpointInput.encoding", "captureData.batchTransformInput.encoding"],
            &["captureData.endpointOutput.encoding", "captureData.batchTransformOutput.encoding"],
            &[],
            &["eventMetadata.eventId"],
            &[],
        ],
        RecordFormat::Azureml => {
            [&["time"], &["correlationid"], &["modelversion"], &[], &["data"], &[], &[], &[], &["type"], &["xrequestid"], &["datainblob"]]
        }
        RecordFormat::Kserve => [
            &["occurrenceTime", "time"],
            &["id"],
            &[],
            &[],
            &["bytes", "data_base64", "data"],
            &[],
            &[],
            &[],
            &["reqType", "type"],
            &[],
            &[],
        ],
        // What Databricks serves itself, and what its gateway and MLflow's server call the same things.
        _ => [
            &["timestamp_ms", "request_time", "timestamp"],
            &["client_request_id"],
            &["request_metadata.model_version", "model_version", "served_entity_id"],
            &["execution_time_ms", "execution_duration_ms"],
            &["request"],
            &["response"],
            &[],
            &[],
            &[],
            &["databricks_request_id", "request_id"],
            &["status_code"],
        ],
    }
}

/// Which sides an event of this kind holds, by what it says of itself.
pub(crate) fn side_of(event_type: Cell<'_>) -> Option<super::Side> {
    let Cell::Text(text) = event_type else { return None };
    let last = text.rsplit(['.', ':']).next().unwrap_or_default();
    match last {
        "request" | "model_inputs" => Some(super::Side::Input),
        "response" | "model_outputs" => Some(super::Side::Output),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_told_by_its_first_record_that_can_be_read() {
        let capture = br#"{"captureData":{},"eventMetadata":{}}"#;
        assert_eq!(of_lines(capture, true, &|_| false), Told::Kind(LogKind::SagemakerCapture));
        assert_eq!(of_lines(capture, false, &|_| false), Told::More, "the line may go on");
        assert_eq!(of_lines(&[b"{\"broken\n" as &[u8], capture, b"\n"].concat(), false, &|_| false), Told::Kind(LogKind::SagemakerCapture));
        assert_eq!(of_lines(b"{\"timestamp\":1}\n{\"captureData\":{}}\n", true, &|_| false), Told::Plain);
        assert_eq!(of_lines(br#"{"captureData":{"endpointInput":{"data":"1,2,"#, true, &|_| false), Told::Kind(LogKind::SagemakerCapture));
    }

    #[test]
    fn a_document_is_told_by_its_first_element() {
        let manifest = br#"[{"prefix":"s3://bucket/key/"},"dummy_0.csv"]"#;
        assert_eq!(of_document(manifest, true, &|_| false), Told::Kind(LogKind::SagemakerManifest));
        assert_eq!(of_document(br#"[{"prefix":"s3:/"#, false, &|_| false), Told::More);
        assert_eq!(of_document(br#"[{"a":1}]"#, true, &|_| false), Told::Plain);
        let event = br#"[{"url":"u","bytes":"e30=","reqType":"org.kubeflow.serving.inference.request","inferenceService":"s"}]"#;
        assert_eq!(of_document(event, true, &|_| false), Told::Kind(LogKind::Kserve));
    }

    #[test]
    fn ground_truth_is_told_by_what_its_first_record_has_and_lacks() {
        let is_truth: IsTruth<'_> = &|names| names.contains(&"actual") && !names.contains(&"score");
        let told = |text: &str| of_lines(text.as_bytes(), true, is_truth);
        assert_eq!(told(r#"{"inference_id":"a","actual":1}"#), Told::Kind(LogKind::GroundTruth));
        assert_eq!(told(r#"{"inference_id":"a","actual":1,"score":0.5}"#), Told::Plain);
        assert_eq!(told(r#"{"inference_id":"a","actual":1,"sc"#), Told::Plain, "it may go on");
    }
}
