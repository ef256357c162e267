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

use csv_core::{ReadRecordResult, Reader};

use crate::json::{self, JsonError, Member, elements, members, scalar};
use crate::tree::Tree;
use crate::{Reason, ReasonKind};

/// Most bytes of the rows of one payload: columns side by side repeat their names in every row.
const MAX_ROWS_BYTES: usize = 16 * 1024 * 1024;
/// Longer names are no feature's.
const MAX_NAME_BYTES: usize = 200;
/// Keys around the rows of a request.
const INPUT_WRAPPERS: [&str; 6] = ["instances", "inputs", "dataframe_records", "records", "data", "input_data"];
/// Keys around the rows of a response.
const OUTPUT_WRAPPERS: [&str; 5] = ["predictions", "outputs", "results", "data", "output_data"];

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

impl Shape<'_> {
    fn json(&mut self, text: &str) -> Result<(), Reason> {
        if json::validate(text.as_bytes()).is_ok() {
            return self.value(text);
        }
        let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
        if lines().count() < 2 || !lines().all(|line| line.starts_with(['{', '['])) {
            let error = json::validate(text.as_bytes()).err();
            return Err(error.map_or_else(|| Reason::new(ReasonKind::Payload, "found no JSON"), |error| broken(&error)));
        }
        lines().try_for_each(|line| {
            json::validate(line.as_bytes()).map_err(|error| broken(&error))?;
            self.value(line)
        })?;
        self.rows.is_flat = false;
        Ok(())
    }

    /// A whole payload.
    fn value(&mut self, text: &str) -> Result<(), Reason> {
        if text.starts_with('[') {
            return self.list(text, false);
        }
        let found = members(text).map_err(|error| broken(&error))?;
        let get = |key: &str| found.iter().find(|member| member.key == key).filter(|member| !self.knows(&member.key));
        if let Some(split) = get("dataframe_split") {
            return self.value(split.value);
        }
        if let (Some(columns), Some(data)) = (get("columns"), get("data"))
            && columns.value.starts_with('[')
            && data.value.starts_with('[')
        {
            return self.split_frame(columns.value, data.value);
        }
        let wrappers: &[&str] = if self.side == Side::Input { &INPUT_WRAPPERS } else { &OUTPUT_WRAPPERS };
        if let Some(inner) = wrappers.iter().find_map(|key| get(key)) {
            return match inner.value.as_bytes().first() {
                Some(b'[') => self.list(inner.value, true),
                Some(b'{') => self.value(inner.value),
                _ => self.rows.push(&format!("[{}]", inner.value)),
            };
        }
        if self.are_columns(&found) {
            return self.side_by_side(&found);
        }
        self.row(text)
    }

    /// Whether the contract reads this key of a row.
    fn knows(&self, key: &str) -> bool {
        self.tree.nodes().first().is_some_and(|root| root.keys.contains_key(key.as_bytes()))
    }

    /// A list of rows, or of the values of one.
    fn list(&mut self, text: &str, is_wrapped: bool) -> Result<(), Reason> {
        let found = elements(text).map_err(|error| broken(&error))?;
        if found.iter().all(|element| is_scalar(element)) {
            if found.is_empty() {
                return Ok(());
            }
            self.rows.push(text)?;
            // `predictions` has one element for every instance.
            (self.rows.is_flat, self.rows.splits) = (true, is_wrapped && self.side == Side::Output);
            return Ok(());
        }
        if is_wrapped && let Some(tensors) = tensors(&found) {
            return self.tensors(&tensors);
        }
        found.into_iter().try_for_each(|element| self.row(element))
    }

    fn row(&mut self, text: &str) -> Result<(), Reason> {
        if is_scalar(text) {
            return self.rows.push(&format!("[{text}]"));
        }
        if text.starts_with('{')
            && let Ok([only]) = <[Member<'_>; 1]>::try_from(members(text).map_err(|error| broken(&error))?)
            && only.key == "features"
            && !is_scalar(only.value)
            && !self.knows("features")
        {
            return self.rows.push(only.value);
        }
        self.rows.push(text)
    }

    /// Whether every member is a list of as many values, and the contract reaches into none of them.
    fn are_columns(&self, found: &[Member<'_>]) -> bool {
        let mut rows = None;
        !found.is_empty()
            && found.iter().all(|member| {
                let reaches_in = self.tree.nodes().first().and_then(|root| root.keys.get(member.key.as_bytes())).and_then(|step| step.node);
                if !member.value.starts_with('[') || reaches_in.is_some() || member.key == "features" {
                    return false;
                }
                let Ok(values) = elements(member.value) else { return false };
                values.iter().all(|value| is_scalar(value)) && !values.is_empty() && *rows.get_or_insert(values.len()) == values.len()
            })
    }

    fn side_by_side(&mut self, found: &[Member<'_>]) -> Result<(), Reason> {
        let columns: Vec<(String, Vec<&str>)> = found
            .iter()
            .filter(|member| member.key.len() <= MAX_NAME_BYTES)
            .filter_map(|member| Some((quoted(&member.key), elements(member.value).ok()?)))
            .collect();
        let rows = columns.first().map_or(0, |(_, values)| values.len());
        (0..rows).try_for_each(|at| self.object(columns.iter().map(|(name, values)| (name.as_str(), values.get(at).copied()))))
    }

    fn split_frame(&mut self, columns: &str, data: &str) -> Result<(), Reason> {
        let names: Vec<String> = elements(columns).map_err(|error| broken(&error))?.into_iter().map(|name| quoted(&scalar(name))).collect();
        for row in elements(data).map_err(|error| broken(&error))? {
            let values = elements(row).map_err(|error| broken(&error))?;
            if values.len() != names.len() {
                return Err(width(values.len(), names.len(), "the columns beside the data"));
            }
            self.object(names.iter().zip(values).map(|(name, value)| (name.as_str(), Some(value))))?;
        }
        Ok(())
    }

    /// Adds a row of names (as JSON strings) and values.
    fn object<'v>(&mut self, members: impl Iterator<Item = (&'v str, Option<&'v str>)>) -> Result<(), Reason> {
        let rows = &mut *self.rows;
        rows.text.push('{');
        for (at, (name, value)) in members.enumerate() {
            if at > 0 {
                rows.text.push(',');
            }
            rows.text.extend([name, ":", value.unwrap_or("null")]);
        }
        rows.text.push('}');
        rows.end()
    }

    fn tensors(&mut self, tensors: &[Tensor<'_>]) -> Result<(), Reason> {
        let rows = tensors.first().map_or(0, |tensor| tensor.rows);
        if tensors.iter().any(|tensor| tensor.rows != rows) {
            return Err(Reason::new(ReasonKind::Payload, "found tensors of different first dimensions, expected as many rows in each"));
        }
        for at in 0..rows {
            if let [only] = tensors
                && only.width > 1
            {
                self.rows.text.push('[');
                for (place, value) in only.row(at).iter().enumerate() {
                    self.rows.text.extend([if place > 0 { "," } else { "" }, value]);
                }
                self.rows.text.push(']');
                self.rows.end()?;
                continue;
            }
            let named = tensors.iter().flat_map(|tensor| {
                tensor.row(at).iter().enumerate().map(|(place, value)| {
                    let name = if tensor.width == 1 { tensor.name.clone() } else { format!("{}[{place}]", tensor.name) };
                    (quoted(&name), *value)
                })
            });
            let named: Vec<(String, &str)> = named.collect();
            // A lone answer has whatever name its server gave it.
            if self.side == Side::Output
                && let [(name, value)] = named.as_slice()
                && !self.knows(&scalar(name))
            {
                self.rows.push(&format!("[{value}]"))?;
            } else {
                self.object(named.iter().map(|(name, value)| (name.as_str(), Some(*value))))?;
            }
        }
        Ok(())
    }

    /// CSV without a header line, or with one that has a name of the contract and no number.
    fn csv(&mut self, text: &str, names: &[String]) -> Result<(), Reason> {
        let lines = csv_rows(text)?;
        let is_header = |row: &Vec<String>| {
            lines.len() > 1
                && row.iter().any(|field| names.iter().any(|name| name == field.trim()))
                && !row.iter().any(|field| field.trim().parse::<f64>().is_ok())
        };
        let header: Option<Vec<String>> =
            lines.first().filter(|row| is_header(row)).map(|row| row.iter().map(|name| quoted(name.trim())).collect());
        for row in lines.iter().skip(usize::from(header.is_some())) {
            let values: Vec<String> = row.iter().map(|field| if field.is_empty() { "null".to_owned() } else { quoted(field) }).collect();
            match &header {
                Some(names) if names.len() != values.len() => return Err(width(values.len(), names.len(), "its header line")),
                Some(names) => self.object(names.iter().zip(&values).map(|(name, value)| (name.as_str(), Some(value.as_str()))))?,
                None => self.rows.push(&format!("[{}]", values.join(",")))?,
            }
        }
        self.rows.is_flat = self.rows.len() == 1 && header.is_none();
        Ok(())
    }
}

/// A tensor of the Open Inference Protocol.
struct Tensor<'a> {
    name: String,
    rows: usize,
    width: usize,
    values: Vec<&'a str>,
}

impl Tensor<'_> {
    fn row(&self, at: usize) -> &[&str] {
        self.values.get(at * self.width..(at + 1) * self.width).unwrap_or_default()
    }
}

/// The tensors of a list, if that is what it holds.
fn tensors<'a>(found: &[&'a str]) -> Option<Vec<Tensor<'a>>> {
    let tensor = |text: &&'a str| {
        let found = members(text).ok()?;
        let get = |key: &str| found.iter().find(|member| member.key == key);
        let shape: Vec<usize> = elements(get("shape")?.value).ok()?.into_iter().map(|size| size.parse().ok()).collect::<Option<_>>()?;
        let mut values = Vec::new();
        leaves(get("data")?.value, &mut values)?;
        let rows = *shape.first()?;
        let width = shape.iter().skip(1).try_fold(1_usize, |width, size| width.checked_mul(*size))?;
        let name = scalar(get("name")?.value);
        (rows.checked_mul(width)? == values.len() && width > 0).then_some(Tensor { name, rows, width, values })
    };
    found.iter().map(tensor).collect()
}

/// The values of nested lists, in order.
fn leaves<'a>(text: &'a str, values: &mut Vec<&'a str>) -> Option<()> {
    for element in elements(text).ok()? {
        match element.as_bytes().first() {
            Some(b'[') => leaves(element, values)?,
            Some(b'{') => return None,
            _ => values.push(element),
        }
    }
    Some(())
}

fn is_scalar(text: &str) -> bool {
    !text.starts_with(['{', '['])
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

/// The rows of a CSV text.
fn csv_rows(text: &str) -> Result<Vec<Vec<String>>, Reason> {
    let (mut reader, mut rows) = (Reader::new(), Vec::new());
    let text = format!("{text}\n");
    let (mut out, mut ends) = (vec![0; text.len()], vec![0; text.len() + 1]);
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        let (result, read, _, fields) = reader.read_record(rest, &mut out, &mut ends);
        rest = rest.get(read..).unwrap_or_default();
        match result {
            ReadRecordResult::Record => {}
            ReadRecordResult::End => break,
            _ => return Err(Reason::new(ReasonKind::Quoting, "found a quote without its other half in the payload, expected one")),
        }
        let mut start = 0;
        let row = ends.get(..fields).unwrap_or_default().iter().map(|&end| {
            let field = out.get(std::mem::replace(&mut start, end)..end).unwrap_or_default();
            String::from_utf8_lossy(field).into_owned()
        });
        rows.push(row.collect());
    }
    Ok(rows)
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
