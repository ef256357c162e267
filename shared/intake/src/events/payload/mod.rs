//! A request or a response as a model server logged it, as rows of JSON: one text per record, an object or an array.
//!
//! What is declared about a payload is often wrong (`text/html` over JSON), so its content decides: JSON in the shapes that model servers
//! take and give, JSON lines, or CSV.
//!
//! | shape | rows |
//! |---|---|
//! | `{"age": 41, …}`, `[{…}, {…}]`, `[[…], […]]` | the objects or arrays |
//! | `{"instances": […]}`, `inputs`, `dataframe_records`, `data`; `predictions`, `outputs`, `results` | the elements, one below |
//! | `{"features": […]}` around a row | the array |
//! | `{"columns": […], "data": [[…]]}`, also below `dataframe_split` | named by the columns |
//! | `{"age": [41, 7], "sex": ["f", "m"]}` | one per place: the columns stand side by side |
//! | `{"inputs": [{"name": …, "shape": [2, 4], "data": […]}]}` (Open Inference Protocol, v2) | one per first place of the tensors |
//! | `[1, 2, 3]`, `1,2,3` | one, *flat*: several rows of one value where the other side has as many |
//!
//! A key that the contract reads is never taken for a wrapper.

mod csv;
mod shapes;
mod tensors;

use crate::json::{JsonError, elements};
use crate::tree::Tree;
use crate::{Reason, ReasonKind};

/// Most bytes of the rows of one payload: columns side by side repeat their names in every row.
const MAX_ROWS_BYTES: usize = 16 * 1024 * 1024;

/// Which of the two a payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Input,
    Output,
}

impl Side {
    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Input => "request",
            Self::Output => "response",
        }
    }
}

/// The rows of one payload, one text after the other.
#[derive(Debug, Default)]
pub(crate) struct RowTexts {
    text: String,
    ends: Vec<usize>,
    /// Whether the only row is an array whose values may be rows of one value each.
    is_flat: bool,
    /// Whether flat values are rows when nothing else tells.
    splits: bool,
}

impl RowTexts {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, at: usize) -> Option<&str> {
        let start = at.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.text.get(start..*self.ends.get(at)?)
    }

    /// How many values a flat row has; 0 when the only row is not flat.
    pub(crate) fn values(&self) -> usize {
        if self.is_flat { elements(&self.text).map_or(0, |values| values.len()) } else { 0 }
    }

    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        (self.is_flat, self.splits) = (false, false);
    }

    fn push(&mut self, row: &str) -> Result<(), Reason> {
        self.text.push_str(row);
        self.end()
    }

    fn end(&mut self) -> Result<(), Reason> {
        self.ends.push(self.text.len());
        if self.text.len() <= MAX_ROWS_BYTES {
            return Ok(());
        }
        Err(Reason::new(ReasonKind::Payload, format!("found rows of more than {MAX_ROWS_BYTES} bytes in one payload, expected fewer")))
    }

    /// Makes rows of one value each of a flat row, if it has this many values (any number for `None`).
    pub(crate) fn split(&mut self, wanted: Option<usize>) -> Result<(), Reason> {
        if !self.is_flat {
            return Ok(());
        }
        let flat = std::mem::take(&mut self.text);
        let values = elements(&flat).map_err(|error| broken(&error))?;
        let is_wanted = values.len() > 1 && wanted.map_or(self.splits, |wanted| wanted == values.len());
        if is_wanted {
            self.clear();
            values.into_iter().try_for_each(|value| self.push(&format!("[{value}]")))
        } else {
            self.text = flat;
            Ok(())
        }
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// [`ReasonKind::Payload`] or what is wrong with its JSON.
    pub(crate) fn read(&mut self, text: &str, side: Side, tree: &Tree, names: &[String]) -> Result<(), Reason> {
        self.clear();
        let text = text.trim_ascii();
        let mut shape = Shape { rows: self, side, tree };
        match text.as_bytes().first() {
            None => Ok(()),
            Some(b'{' | b'[') => shape.json(text),
            Some(_) => shape.csv(text, names),
        }
    }
}

struct Shape<'a> {
    rows: &'a mut RowTexts,
    side: Side,
    tree: &'a Tree,
}

/// A text as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn broken(error: &JsonError) -> Reason {
    Reason::new(error.reason.kind, format!("{}, at byte {} of the payload", error.reason.text, error.offset))
}

/// A row has more or fewer values than there are names.
pub(crate) fn width(found: usize, expected: usize, names: &str) -> Reason {
    Reason::new(ReasonKind::FieldCount, format!("found {found} values in a row, expected the {expected} that {names} names"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, side: Side) -> Vec<String> {
        let mut tree = Tree::default();
        for path in ["age", "sex", "values[0]"] {
            tree.slot(path);
        }
        let mut rows = RowTexts::default();
        rows.read(text, side, &tree, &["age".to_owned(), "sex".to_owned()]).unwrap();
        (0..rows.len()).map(|at| rows.get(at).unwrap().to_owned()).collect()
    }

    #[test]
    fn every_shape_of_a_request_becomes_rows() {
        for (text, expected) in [
            (r#"{"age":41,"sex":"f"}"#, vec![r#"{"age":41,"sex":"f"}"#]),
            (r#"[{"age":41},{"age":7}]"#, vec![r#"{"age":41}"#, r#"{"age":7}"#]),
            ("[[1,2],[3,4]]", vec!["[1,2]", "[3,4]"]),
            (r#"{"instances":[1.0,2.0,5.0]}"#, vec!["[1.0,2.0,5.0]"]),
            (r#"{"instances":[{"features":[1,2]},{"features":[3,4]}]}"#, vec!["[1,2]", "[3,4]"]),
            (r#"{"age":[41,7],"sex":["f","m"]}"#, vec![r#"{"age":41,"sex":"f"}"#, r#"{"age":7,"sex":"m"}"#]),
            (r#"{"inputs":{"age":[41,7]}}"#, vec![r#"{"age":41}"#, r#"{"age":7}"#]),
            (r#"{"dataframe_split":{"index":[0],"columns":["age","sex"],"data":[[41,"f"]]}}"#, vec![r#"{"age":41,"sex":"f"}"#]),
            (r#"{"inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","data":[1,2,3,4]}]}"#, vec!["[1,2]", "[3,4]"]),
            (
                r#"{"inputs":[{"name":"age","shape":[2],"data":[41,7]},{"name":"sex","shape":[2,1],"data":[["f"],["m"]]}]}"#,
                vec![r#"{"age":41,"sex":"f"}"#, r#"{"age":7,"sex":"m"}"#],
            ),
            ("{\"age\":1}\n{\"age\":2}\n", vec![r#"{"age":1}"#, r#"{"age":2}"#]),
            (r#"{"values":[1,2,3]}"#, vec![r#"{"values":[1,2,3]}"#]),
            ("1,,\"a,b\"\n2,3,c\n", vec![r#"["1",null,"a,b"]"#, r#"["2","3","c"]"#]),
            ("age,sex\n41,f\n", vec![r#"{"age":"41","sex":"f"}"#]),
            ("", vec![]),
        ] {
            assert_eq!(rows(text, Side::Input), expected, "{text}");
        }
    }

    #[test]
    fn every_shape_of_a_response_becomes_rows() {
        for (text, expected) in [
            ("0.0107", vec![r#"["0.0107"]"#]),
            (r#"{"predictions":[{"score":0.4,"predicted_label":0}]}"#, vec![r#"{"score":0.4,"predicted_label":0}"#]),
            (r#"{"predictions":[[0.1,0.9],[0.8,0.2]]}"#, vec!["[0.1,0.9]", "[0.8,0.2]"]),
            (r#"{"outputs":[{"name":"probability","shape":[2],"datatype":"FP64","data":[0.1,0.2]}]}"#, vec!["[0.1]", "[0.2]"]),
            (r#"{"score":0.4}"#, vec![r#"{"score":0.4}"#]),
        ] {
            assert_eq!(rows(text, Side::Output), expected, "{text}");
        }
    }

    #[test]
    fn flat_values_are_rows_where_the_other_side_has_as_many() {
        let mut rows = RowTexts::default();
        for (text, wanted, expected) in
            [("[0.1,0.2]", Some(2), 2), ("[0.1,0.2]", Some(1), 1), ("[0.1,0.2]", None, 1), (r#"{"predictions":[0.1,0.2]}"#, None, 2)]
        {
            rows.read(text, Side::Output, &Tree::default(), &[]).unwrap();
            rows.split(wanted).unwrap();
            assert_eq!(rows.len(), expected, "{text} {wanted:?}");
        }
    }

    #[test]
    fn what_is_no_payload_is_refused_with_a_reason() {
        let read = |text: &str| RowTexts::default().read(text, Side::Input, &Tree::default(), &[]).unwrap_err().kind;
        assert_eq!(read(r#"{"a":1"#), ReasonKind::Json);
        assert_eq!(read(r#"{"a":1,"a":2}"#), ReasonKind::DuplicateKey);
        assert_eq!(read("1,\"a"), ReasonKind::Quoting);
        assert_eq!(read(r#"{"columns":["a","b"],"data":[[1]]}"#), ReasonKind::FieldCount);
    }
}
