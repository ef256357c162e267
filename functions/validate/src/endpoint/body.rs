//! What is sent about a row, and what is read of the answer.

use bytes::Bytes;
use serde_json::{Map, Value, json};
use tidegate_contract::{Contract, EndpointBody, EndpointTest, FeatureKind};
use tidegate_validation::Labels;

use super::Came;
use crate::manifest::shown;
use crate::questioning::is_near;
use crate::rows::Rows;

/// The features' values of an evaluation set.
pub(crate) struct Features<'a> {
    columns: Vec<(&'a str, Values)>,
}

enum Values {
    Numbers(Vec<f64>),
    Names(Labels),
}

impl<'a> Features<'a> {
    pub(crate) fn of(contract: &'a Contract, rows: &Rows) -> Self {
        let columns = contract.features.iter().filter_map(|feature| {
            let values = match feature.kind {
                FeatureKind::Numeric => Values::Numbers(rows.numbers(&feature.name)?),
                FeatureKind::Categorical => Values::Names(rows.labels(&feature.name)?),
            };
            Some((feature.name.as_str(), values))
        });
        Self { columns: columns.collect() }
    }

    /// The request about a row.
    pub(crate) fn body(&self, body: EndpointBody, row: usize) -> Bytes {
        let text = match body {
            EndpointBody::Row => self.object(row).to_string(),
            EndpointBody::Instances => json!({ "instances": [self.object(row)] }).to_string(),
            EndpointBody::Csv => self.columns.iter().map(|(_, values)| values.field(row)).collect::<Vec<_>>().join(","),
        };
        text.into()
    }

    fn object(&self, row: usize) -> Value {
        Value::Object(self.columns.iter().map(|(name, values)| ((*name).to_owned(), values.value(row))).collect::<Map<_, _>>())
    }
}

impl Values {
    /// A missing value is null.
    fn value(&self, row: usize) -> Value {
        match self {
            Self::Numbers(numbers) => numbers.get(row).map_or(Value::Null, |number| json!(number)),
            Self::Names(names) => json!(names.name(row)),
        }
    }

    /// As a field of a line; a missing value is empty.
    fn field(&self, row: usize) -> String {
        match self {
            Self::Numbers(numbers) => numbers.get(row).filter(|number| number.is_finite()).map(ToString::to_string).unwrap_or_default(),
            Self::Names(names) => {
                let name = names.name(row).unwrap_or_default();
                if name.contains([',', '"', '\n', '\r']) { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.to_owned() }
            }
        }
    }
}

/// The MIME type of a request.
pub(crate) const fn content_type(body: EndpointBody) -> &'static str {
    match body {
        EndpointBody::Instances | EndpointBody::Row => "application/json",
        EndpointBody::Csv => "text/csv",
    }
}

/// What the candidate itself answered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Expected<'a> {
    Number(f64),
    Label(&'a str),
}

/// Where an answer says what was predicted.
pub(crate) struct Reading<'a> {
    /// The contract's own place for it, which must be there.
    place: Option<&'a str>,
    /// Places that are looked at otherwise, before the first value of all.
    usual: [&'a str; 2],
}

impl<'a> Reading<'a> {
    pub(crate) fn of(contract: &'a Contract, test: &'a EndpointTest) -> Self {
        Self { place: test.answer.as_deref(), usual: [&contract.record.score, &contract.record.prediction] }
    }

    /// Whether an answer is the candidate's.
    pub(crate) fn judge(&self, answer: &[u8], expected: Option<Expected<'_>>) -> Came {
        match self.read(answer) {
            None => Came::Failed(format!("no prediction found in {}", quoted(answer))),
            // The candidate has no answer for this row either, which is a rule of its own.
            Some(found) if expected.is_none_or(|expected| is_same(&found, expected)) => Came::Right,
            Some(found) => Came::Wrong(found.to_string()),
        }
    }

    /// A number or a text.
    fn read(&self, answer: &[u8]) -> Option<Value> {
        let Ok(answer) = serde_json::from_slice::<Value>(answer) else {
            let field = str::from_utf8(answer).ok()?.lines().next()?.split(',').next()?.trim().trim_matches('"');
            let number = field.parse::<f64>().ok().map(|number| json!(number));
            return number.or_else(|| (!field.is_empty() && !field.starts_with(['{', '<'])).then(|| json!(field)));
        };
        match self.place {
            Some(place) => first(at(&answer, place)?),
            None => self.usual.into_iter().find_map(|place| first(at(&answer, place)?)).or_else(|| first(&answer)),
        }
    }
}

/// The value at a path: names joined by dots, places of arrays in brackets.
fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split(['.', '[']).map(|step| step.trim_end_matches(']')).filter(|step| !step.is_empty()).try_fold(value, |value, step| match value
    {
        Value::Array(values) => values.get(step.parse::<usize>().ok()?),
        value => value.get(step),
    })
}

/// The first number, text or truth value, however deep it lies.
fn first(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Array(values) => values.iter().find_map(first),
        Value::Object(fields) => fields.values().find_map(first),
        Value::Bool(is) => Some(json!(f64::from(u8::from(*is)))),
        value => Some(value.clone()),
    }
}

fn is_same(found: &Value, expected: Expected<'_>) -> bool {
    let number = found.as_f64().or_else(|| found.as_str()?.trim().parse().ok());
    match expected {
        Expected::Number(expected) => number.is_some_and(|found| is_near(found, expected)),
        Expected::Label(expected) => {
            found.as_str().is_some_and(|found| found.trim() == expected) || number.is_some_and(|found| expected.parse() == Ok(found))
        }
    }
}

/// The beginning of an answer, as it may be shown; bytes beyond the longest that is shown are not looked at.
pub(crate) fn quoted(answer: &[u8]) -> String {
    const LOOKED_AT: usize = 320;
    let beginning = answer.get(..LOOKED_AT).unwrap_or(answer);
    if answer.is_empty() { "an empty answer".to_owned() } else { shown(&String::from_utf8_lossy(beginning)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract() -> Contract {
        Contract::parse("model: m\ntask: binary\nfeatures:\n  - { name: x, type: numeric }\n  - { name: place, type: categorical }\n")
            .unwrap()
    }

    fn reading<'a>(contract: &'a Contract, test: &'a EndpointTest, answer: &str) -> Option<Value> {
        Reading::of(contract, test).read(answer.as_bytes())
    }

    #[test]
    fn a_row_is_sent_as_serving_systems_take_it() {
        let contract = contract();
        let rows = Rows::read(&contract, Bytes::from_static(b"x,place\n1.5,\"a,b\"\n,here\n")).unwrap();
        let features = Features::of(&contract, &rows);
        assert_eq!(features.body(EndpointBody::Row, 0), r#"{"place":"a,b","x":1.5}"#);
        assert_eq!(features.body(EndpointBody::Instances, 1), r#"{"instances":[{"place":"here","x":null}]}"#);
        assert_eq!(features.body(EndpointBody::Csv, 0), r#"1.5,"a,b""#);
        assert_eq!(features.body(EndpointBody::Csv, 1), ",here");
    }

    #[test]
    fn answers_of_serving_systems_are_read() {
        let (contract, test) = (contract(), EndpointTest::default());
        for answer in ["0.25", "0.25\n", "0.25,0.75", r#"{"predictions":[0.25]}"#, r#"{"score":0.25,"b":1}"#, "[[0.25,0.75]]", "\"0.25\""] {
            let found = reading(&contract, &test, answer).unwrap();
            assert!(is_same(&found, Expected::Number(0.2501)), "{answer}: {found}");
            assert!(!is_same(&found, Expected::Number(0.26)), "{answer}: {found}");
        }
        for answer in ["", "{}", "<html>Bad gateway", "{\"a\":", "null", "[]"] {
            assert_eq!(reading(&contract, &test, answer), None, "{answer}");
        }
        assert!(is_same(&reading(&contract, &test, "late").unwrap(), Expected::Label("late")));
        assert!(is_same(&reading(&contract, &test, r#"{"prediction":1}"#).unwrap(), Expected::Label("1")));
        assert!(!is_same(&reading(&contract, &test, r#"{"prediction":0}"#).unwrap(), Expected::Label("1")));
    }

    #[test]
    fn a_named_place_must_be_there() {
        let (contract, test) = (contract(), EndpointTest { answer: Some("out[1].p".to_owned()), ..EndpointTest::default() });
        assert_eq!(reading(&contract, &test, r#"{"out":[{"p":0.1},{"p":0.9}]}"#), Some(json!(0.9)));
        assert_eq!(reading(&contract, &test, r#"{"out":[{"p":0.1}]}"#), None);
    }
}
