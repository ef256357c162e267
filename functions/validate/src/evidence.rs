//! From files to an evaluation: what really was, what the model answered, and to whom each row belongs.

use std::collections::HashMap;

use bytes::Bytes;
use tidegate_contract::{Contract, FeatureKind, Task};
use tidegate_validation::{Column, Evaluation, Ids, Labels, Reading, Table};

use crate::manifest::{EvaluationSet, Predictions};
use crate::rows::{Rows, with_columns};

/// The rows that models are judged by.
#[derive(Debug)]
pub(crate) struct Questions {
    pub(crate) rows: Rows,
    pub(crate) ids: Ids,
    actual: Column,
    groups: Vec<(String, Labels)>,
}

/// What a model answered.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    pub(crate) ids: Ids,
    pub(crate) prediction: Option<Column>,
    pub(crate) score: Option<Vec<f64>>,
    pub(crate) probabilities: Vec<(String, Vec<f64>)>,
}

/// The kind of column that outcomes of a task are.
const fn kind_of(task: Task) -> FeatureKind {
    match task {
        Task::Regression => FeatureKind::Numeric,
        Task::Binary | Task::Multiclass => FeatureKind::Categorical,
    }
}

impl Questions {
    /// Reads an evaluation set. What really was and the groups come from here, never from a candidate's own file.
    pub(crate) fn read(contract: &Contract, set: &EvaluationSet, file: Bytes) -> Result<Self, String> {
        let fault = |says: String| format!("{}: {says}", set.key);
        if contract.features.iter().any(|feature| feature.name == set.actual) {
            return Err(format!(
                "evaluation.actual: found {}, a feature that the model reads, expected the column of what really was",
                set.actual
            ));
        }
        let asked = with_columns(contract, set.id.as_ref(), &[(&set.actual, kind_of(contract.task))]);
        let rows = Rows::read(&asked, file).map_err(|error| fault(error.to_string()))?;
        if let Some(says) = rows.fault() {
            return Err(fault(says));
        }
        let actual = column(&rows, &set.actual, contract.task).filter(|_| rows.has(&set.actual));
        let actual = actual.ok_or_else(|| fault(format!("found no values in column {}, expected what really was", set.actual)))?;
        let features = contract.features.iter().filter(|feature| feature.protected).map(|feature| &feature.name);
        let mut named: Vec<&String> = contract.segments.iter().chain(features).collect();
        named.sort_unstable();
        named.dedup();
        let groups = named.into_iter().filter_map(|name| Some((name.clone(), rows.shown(name)?))).collect();
        Ok(Self { ids: rows.ids().map_err(fault)?, actual, groups, rows })
    }

    /// Puts answers beside the questions. A question without an answer is left out, and counted by the gate.
    pub(crate) fn evaluation(&self, contract: &Contract, answers: &Answers) -> Result<Evaluation, String> {
        let mut places: HashMap<&str, usize> = HashMap::with_capacity(answers.ids.len());
        for row in 0..answers.ids.len() {
            if places.insert(answers.ids.get(row), row).is_some() {
                return Err(format!("predictions: found the id \"{}\" a second time, expected every row once", answers.ids.get(row)));
            }
        }
        let answered = (0..self.ids.len()).filter_map(|row| Some((row, places.remove(self.ids.get(row))?)));
        let (asked, said): (Vec<usize>, Vec<usize>) = answered.unzip();
        if let Some(id) = places.keys().min() {
            let says = format!("predictions: found answers for {} rows that are not in the evaluation set, such as \"{id}\"", places.len());
            return Err(says);
        }
        let table = Table {
            ids: asked.iter().map(|row| self.ids.get(*row)).collect(),
            actual: Some(chosen(&self.actual, &asked)),
            prediction: answers.prediction.as_ref().map(|column| chosen(column, &said)),
            score: answers.score.as_ref().map(|numbers| picked(numbers, &said)),
            probabilities: answers.probabilities.iter().map(|(class, numbers)| (class.clone(), picked(numbers, &said))).collect(),
            groups: self.groups.iter().map(|(name, labels)| (name.clone(), of_rows(labels, &asked))).collect(),
        };
        table.read(&Reading::of(contract)).map_err(|error| error.to_string())
    }
}

impl Answers {
    /// Where each row's answer stands, by the row's id.
    pub(crate) fn places(&self) -> HashMap<&str, usize> {
        (0..self.ids.len()).map(|row| (self.ids.get(row), row)).collect()
    }

    /// Reads a file of predictions.
    pub(crate) fn read(contract: &Contract, named: &Predictions, id: Option<&String>, file: Bytes) -> Result<Self, String> {
        let fault = |says: String| format!("{}: {says}", named.file);
        let mut asked = Contract { features: Vec::new(), segments: Vec::new(), ..contract.clone() };
        let record = &mut asked.record;
        for (path, name) in [(&mut record.prediction, &named.prediction), (&mut record.score, &named.score)] {
            if let Some(name) = name {
                path.clone_from(name);
            }
        }
        let probabilities: Vec<(&str, FeatureKind)> =
            named.probabilities.values().map(|name| (name.as_str(), FeatureKind::Numeric)).collect();
        let asked = with_columns(&asked, named.id.as_ref().or(id), &probabilities);
        let rows = Rows::read(&asked, file).map_err(|error| fault(error.to_string()))?;
        if let Some(says) = rows.fault() {
            return Err(fault(says));
        }
        let probabilities = named.probabilities.iter().filter_map(|(class, name)| Some((class.clone(), rows.numbers(name)?))).collect();
        let prediction = if rows.has("prediction") { column(&rows, "prediction", contract.task) } else { None };
        let score = if rows.has("score") { rows.numbers("score") } else { None };
        Ok(Self { ids: rows.ids().map_err(fault)?, prediction, score, probabilities })
    }
}

fn column(rows: &Rows, name: &str, task: Task) -> Option<Column> {
    match task {
        Task::Regression => rows.numbers(name).map(Column::Numbers),
        Task::Binary | Task::Multiclass => rows.labels(name).map(Column::Labels),
    }
}

fn chosen(column: &Column, rows: &[usize]) -> Column {
    match column {
        Column::Labels(labels) => Column::Labels(of_rows(labels, rows)),
        Column::Numbers(numbers) => Column::Numbers(picked(numbers, rows)),
    }
}

fn of_rows(labels: &Labels, rows: &[usize]) -> Labels {
    rows.iter().map(|row| labels.name(*row)).collect()
}

fn picked(numbers: &[f64], rows: &[usize]) -> Vec<f64> {
    rows.iter().map(|row| numbers.get(*row).copied().unwrap_or(f64::NAN)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract() -> Contract {
        Contract::parse("model: m\ntask: binary\nfeatures:\n  - { name: x, type: numeric }\n  - { name: place, type: categorical, protected: true }\nsegments: [place]\n").unwrap()
    }

    fn set() -> EvaluationSet {
        EvaluationSet { key: "evaluations/m/a.csv".to_owned(), actual: "late".to_owned(), id: Some("row".to_owned()), sha256: None }
    }

    const ROWS: &str = "row,x,place,late\na,1.5,here,1\nb,2.5,there,0\nc,0.5,here,0\n";

    #[test]
    fn questions_and_answers_meet_by_id_whatever_their_order_and_format() {
        let (contract, named) =
            (contract(), Predictions { file: "p.jsonl".to_owned(), score: Some("p".to_owned()), ..Predictions::default() });
        let questions = Questions::read(&contract, &set(), Bytes::from_static(ROWS.as_bytes())).unwrap();
        let file = Bytes::from_static(b"{\"row\":\"c\",\"p\":0.1}\n{\"row\":\"a\",\"p\":0.9}\n{\"row\":\"b\",\"p\":0.2}\n");
        let answers = Answers::read(&contract, &named, Some(&"row".to_owned()), file).unwrap();
        let evaluation = questions.evaluation(&contract, &answers).unwrap();
        assert_eq!(evaluation.rows(), 3);
        assert_eq!(evaluation.group("place").unwrap().name(1), Some("there"));
        let auc = tidegate_validation::metrics::value(evaluation.outcomes(), tidegate_contract::Metric::RocAuc).unwrap();
        assert!((auc - 1.0).abs() < 1e-12, "{auc}");
    }

    #[test]
    fn what_cannot_be_used_is_said_with_its_place() {
        let contract = contract();
        let read = |rows: &'static str| Questions::read(&contract, &set(), Bytes::from_static(rows.as_bytes())).map(|_| ()).unwrap_err();
        assert!(read("row,x,place\na,1.5,here\n").contains("found no values in column late"), "{}", read("row,x,place\na,1.5,here\n"));
        assert!(read("row,x,place,late\na,1.5,here,1\n,2.5,here,0\n").contains("1 of 2 rows without an id"));
        let questions = Questions::read(&contract, &set(), Bytes::from_static(ROWS.as_bytes())).unwrap();
        let answers = |ids: &[&str]| Answers { ids: ids.iter().collect(), score: Some(vec![0.5; ids.len()]), ..Answers::default() };
        assert!(questions.evaluation(&contract, &answers(&["a", "a"])).unwrap_err().contains("\"a\" a second time"));
        assert!(questions.evaluation(&contract, &answers(&["a", "z"])).unwrap_err().contains("not in the evaluation set, such as \"z\""));
        assert_eq!(questions.evaluation(&contract, &answers(&["a", "b"])).unwrap().rows(), 2);
    }
}
