//! What is read from plain columns, and what is said where they are wrong.

#![expect(
    clippy::unwrap_used,
    clippy::unnecessary_wraps,
    reason = "a test stops at the first surprise; columns are written as a table holds them"
)]

use tidegate_contract::{Metric, Task};
use tidegate_validation::metrics::value;
use tidegate_validation::{Column, Evaluation, EvaluationError, Reading, Table, Undefined};

fn text(values: &[&str]) -> Option<Column> {
    Some(Column::Labels(values.iter().map(|value| Some(*value).filter(|value| !value.is_empty())).collect()))
}

fn numbers(values: &[f64]) -> Option<Column> {
    Some(Column::Numbers(values.to_vec()))
}

fn table(ids: &[&str]) -> Table {
    Table { ids: ids.iter().collect(), ..Table::default() }
}

fn read(task: Task, table: Table) -> Result<Evaluation, EvaluationError> {
    table.read(&Reading::new(task))
}

fn refusal(task: Task, table: Table) -> String {
    read(task, table).unwrap_err().to_string()
}

#[test]
fn outcomes_may_be_written_in_many_ways() {
    for (actual, prediction) in [
        (numbers(&[1.0, 0.0, 1.0]), numbers(&[1.0, 0.0, 0.0])),
        (text(&["true", "false", "true"]), text(&["true", "false", "false"])),
        (text(&["yes", "no", "yes"]), text(&["yes", "no", "no"])),
        (text(&["1", "0", "1"]), numbers(&[1.0, 0.0, 0.0])),
        (text(&["1", "-1", "1"]), numbers(&[1.0, -1.0, -1.0])),
    ] {
        let evaluation = read(Task::Binary, Table { actual, prediction, ..table(&["a", "b", "c"]) }).unwrap();
        assert_eq!(value(evaluation.outcomes(), Metric::Recall), Ok(0.5));
    }
    let named = Reading { positive: Some("late".to_owned()), ..Reading::new(Task::Binary) };
    let flights = Table { actual: text(&["late", "on time"]), prediction: text(&["late", "late"]), ..table(&["a", "b"]) };
    assert_eq!(value(flights.read(&named).unwrap().outcomes(), Metric::Precision), Ok(0.5));
}

#[test]
fn a_prediction_follows_from_the_score_and_the_threshold() {
    let scores = Table { actual: numbers(&[1.0, 0.0]), score: Some(vec![0.4, 0.2]), ..table(&["a", "b"]) };
    assert_eq!(value(read(Task::Binary, scores.clone()).unwrap().outcomes(), Metric::Recall), Ok(0.0));
    let lower = Reading { threshold: 0.3, ..Reading::new(Task::Binary) };
    assert_eq!(value(scores.read(&lower).unwrap().outcomes(), Metric::Recall), Ok(1.0));
}

#[test]
fn a_class_follows_from_the_probabilities() {
    let rows = Table {
        actual: text(&["cat", "dog", "cow"]),
        probabilities: vec![
            ("dog".to_owned(), vec![0.1, 0.6, 0.5]),
            ("cat".to_owned(), vec![0.8, 0.3, 0.2]),
            ("cow".to_owned(), vec![0.1, 0.1, 0.3]),
        ],
        ..table(&["a", "b", "c"])
    };
    let evaluation = read(Task::Multiclass, rows).unwrap();
    assert_eq!(value(evaluation.outcomes(), Metric::Accuracy), Ok(2.0 / 3.0));
    assert_eq!(value(evaluation.outcomes(), Metric::TopKAccuracy), Ok(1.0));
}

#[test]
fn what_has_no_value_says_why() {
    let labels =
        read(Task::Binary, Table { actual: numbers(&[1.0, 0.0]), prediction: numbers(&[1.0, 0.0]), ..table(&["a", "b"]) }).unwrap();
    assert_eq!(value(labels.outcomes(), Metric::RocAuc), Err(Undefined::NoScores));
    assert_eq!(value(labels.outcomes(), Metric::Rmse), Err(Undefined::OtherTask));
    let margins = read(Task::Binary, Table { actual: numbers(&[1.0, 0.0]), score: Some(vec![3.5, -2.0]), ..table(&["a", "b"]) }).unwrap();
    assert_eq!(value(margins.outcomes(), Metric::RocAuc), Ok(1.0));
    assert_eq!(value(margins.outcomes(), Metric::LogLoss), Err(Undefined::NotProbabilities));
    let negatives = read(Task::Binary, Table { actual: numbers(&[0.0, 0.0]), score: Some(vec![0.5, 0.1]), ..table(&["a", "b"]) }).unwrap();
    assert_eq!(value(negatives.outcomes(), Metric::AveragePrecision), Err(Undefined::NoPositives));
}

#[test]
fn wrong_columns_are_told_with_their_place() {
    let pair = || table(&["a", "b"]);
    assert_eq!(refusal(Task::Binary, Table::default()), "found no rows, expected at least one");
    assert_eq!(
        refusal(Task::Binary, Table { actual: numbers(&[1.0]), score: Some(vec![0.1, 0.2]), ..pair() }),
        "column actual: found 1 values, expected 2, as many as there are ids"
    );
    assert_eq!(
        refusal(Task::Binary, Table { actual: numbers(&[1.0, 0.0]), score: Some(vec![0.1, f64::NAN]), ..pair() }),
        "column score, row \"b\": found NaN, expected a finite number"
    );
    assert_eq!(
        refusal(Task::Binary, Table { actual: text(&["1", ""]), score: Some(vec![0.1, 0.2]), ..pair() }),
        "column actual, row \"b\": found nothing, expected a value"
    );
    assert_eq!(
        refusal(Task::Binary, Table { actual: numbers(&[1.0, 0.0]), score: Some(vec![0.1, 0.2]), ..table(&["a", "a"]) }),
        "found the id \"a\" a second time, expected every row once"
    );
    assert_eq!(
        refusal(Task::Binary, Table { actual: text(&["late", "early"]), score: Some(vec![0.1, 0.2]), ..pair() }),
        "found the outcomes \"early\", \"late\", expected one of them to be 1, true, yes or positive; or name it in the contract: validation.positive"
    );
    assert_eq!(
        refusal(Task::Binary, Table { actual: numbers(&[1.0, 0.0]), prediction: numbers(&[2.0, 1.0]), ..pair() }),
        "column actual: found the outcomes \"0\", \"1\", \"2\", expected two of them in a binary task"
    );
    assert_eq!(
        refusal(Task::Binary, Table { actual: numbers(&[1.0, 0.0]), ..pair() }),
        "found no predictions, expected a column of predicted classes or of scores"
    );
    assert_eq!(
        refusal(Task::Regression, Table { actual: numbers(&[1.0, 0.0]), prediction: text(&["2.5", "much"]), ..pair() }),
        "column prediction, row \"b\": found \"much\", expected a number"
    );
    let probabilities = vec![("x".to_owned(), vec![0.9, 0.9]), ("y".to_owned(), vec![0.1, 0.4])];
    assert_eq!(
        refusal(Task::Multiclass, Table { actual: text(&["x", "y"]), probabilities, ..pair() }),
        "row \"b\": found class probabilities that sum to 1.3, expected numbers from 0 to 1 that sum to 1"
    );
}
