//! What the columns of a CSV file are: named by its header line, by the contract, or by what appended them.

use crate::events::{IsTruth, LogKind, Told};
use crate::row::Cell;
use crate::{Layout, Plan, Reason, ReasonKind, csv, plan, timestamp};

/// What the header line says.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) names: Vec<String>,
    /// The column of every target.
    pub(crate) columns: Vec<Option<usize>>,
    /// The columns that are unexpected features, with the feature's name.
    pub(crate) unexpected: Vec<(usize, String)>,
    /// Whether the line is no header but the first row: the names are the contract's.
    pub(crate) is_row: bool,
}

impl Header {
    pub(crate) fn new(names: Vec<String>, plan: &Plan, log: Option<LogKind>) -> Result<Self, Reason> {
        let wrong = |text: String| Err(Reason::new(ReasonKind::Header, text));
        if log == Some(LogKind::SagemakerTransform) {
            return Self::of_transform(names, plan);
        }
        if !plan.contract().record.columns.is_empty() {
            return Self::positional(names, &plan.columns(), plan);
        }
        let mut seen = hashbrown::HashSet::new();
        for name in &names {
            if name.chars().any(char::is_control) {
                return wrong(format!("found a control character in the column name {name:?}, expected none"));
            }
            if !seen.insert(name.as_str()) {
                return wrong(format!("found the column \"{}\" twice, expected every name once", crate::category(name)));
            }
        }
        drop(seen);
        let column = |wanted: &str| names.iter().position(|name| name == wanted);
        let columns: Vec<Option<usize>> =
            plan.targets().iter().map(|target| target.columns.iter().find_map(|wanted| column(wanted))).collect();
        if plan.layout() == Layout::Logs && columns.get(plan::TIMESTAMP).copied().flatten().is_none() {
            let path = plan.targets().first().map_or("timestamp", |target| target.path.as_str());
            return wrong(format!(
                "found no column \"{path}\" for the time of the prediction in the first line, expected a header line with one"
            ));
        }
        if columns.iter().skip(plan::FIELDS).all(Option::is_none) {
            let expected = plan.columns();
            let has_number = names.iter().any(|name| name.trim().parse::<f64>().is_ok());
            if plan.layout() == Layout::Dataset && has_number && expected.len() == names.len() {
                return Self::positional(names, &expected, plan);
            }
            return wrong("found no column of any field in the first line, expected a header line with their names".to_owned());
        }
        let known: hashbrown::HashSet<usize> = columns.iter().copied().flatten().collect();
        let unknown = names.iter().enumerate().filter(|(at, name)| !known.contains(at) && !name.is_empty());
        let unexpected = unknown.filter_map(|(at, name)| Some((at, plan.unexpected_column(name)?.to_owned()))).collect();
        Ok(Self { names, columns, unexpected, is_row: false })
    }

    /// A file without a header line: its columns are these targets, in their order.
    fn positional(first: Vec<String>, targets: &[Option<usize>], plan: &Plan) -> Result<Self, Reason> {
        if first.len() != targets.len() {
            let text = format!("found {} values in the first line, expected the {} that record.columns names", first.len(), targets.len());
            return Err(Reason::new(ReasonKind::Header, text));
        }
        let place = |target: usize| targets.iter().position(|known| *known == Some(target));
        let columns: Vec<Option<usize>> = (0..plan.targets().len()).map(place).collect();
        if plan.layout() == Layout::Logs && columns.first().copied().flatten().is_none() {
            let text = "found no name for the time of the prediction in record.columns, expected timestamp to be one of them";
            return Err(Reason::new(ReasonKind::Header, text));
        }
        Ok(Self { names: first, columns, unexpected: Vec::new(), is_row: true })
    }

    /// A batch transform's output: what the model answered (behind its input, when that was joined), the inference id and the time.
    fn of_transform(first: Vec<String>, plan: &Plan) -> Result<Self, Reason> {
        let record = &plan.contract().record;
        let of = |name: &String| plan::target_of(plan.fields(), name);
        let answer = plan.fields().iter().position(|field| plan::is_answer(plan.contract(), field)).map(|place| plan::FIELDS + place);
        let outputs: Vec<Option<usize>> = if record.outputs.is_empty() { vec![answer] } else { record.outputs.iter().map(of).collect() };
        let appended = [Some(plan::INFERENCE_ID), Some(plan::TIMESTAMP)];
        let alone: Vec<Option<usize>> = outputs.iter().copied().chain(appended).collect();
        let joined: Vec<Option<usize>> = plan.columns().into_iter().chain(alone.iter().copied()).collect();
        let targets = if first.len() == joined.len() { joined } else { alone };
        Self::positional(first, &targets, plan)
    }
}

/// Tells a log by the first line of a CSV text: by its header's names, or by an inference id and a time at its end.
pub(crate) fn told(sample: &[u8], is_enough: bool, is_truth: IsTruth<'_>) -> Told {
    let text = sample.trim_ascii_start();
    let Some(line) = text.split(|byte| *byte == b'\n').next().filter(|line| is_enough || line.len() < text.len()) else {
        return Told::More;
    };
    let Ok(names) = csv::header_names(line) else { return Told::Plain };
    let columns: Vec<&str> = names.iter().map(String::as_str).collect();
    if let Some(kind) = LogKind::of_names(&columns, "").or_else(|| is_truth(&columns).then_some(LogKind::GroundTruth)) {
        return Told::Kind(kind);
    }
    match names.as_slice() {
        [_, .., id, time] if is_uuid(id) && timestamp::read(Cell::Text(time)).is_some() => Told::Kind(LogKind::SagemakerTransform),
        _ => Told::Plain,
    }
}

/// Whether a text has the form of a UUID (RFC 9562).
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() })
}
