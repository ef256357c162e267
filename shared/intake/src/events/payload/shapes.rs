//! JSON in the shapes that model servers take and give, as rows.

use super::tensors::tensors;
use super::{Shape, Side, broken, quoted, width};
use crate::json::{self, Member, elements, members, scalar};
use crate::{Reason, ReasonKind};

/// Longer names are no feature's.
const MAX_NAME_BYTES: usize = 200;
/// Keys around the rows of a request.
const INPUT_WRAPPERS: [&str; 6] = ["instances", "inputs", "dataframe_records", "records", "data", "input_data"];
/// Keys around the rows of a response.
const OUTPUT_WRAPPERS: [&str; 5] = ["predictions", "outputs", "results", "data", "output_data"];

impl Shape<'_> {
    pub(super) fn json(&mut self, text: &str) -> Result<(), Reason> {
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
    pub(super) fn knows(&self, key: &str) -> bool {
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
    pub(super) fn object<'v>(&mut self, members: impl Iterator<Item = (&'v str, Option<&'v str>)>) -> Result<(), Reason> {
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
}

fn is_scalar(text: &str) -> bool {
    !text.starts_with(['{', '['])
}
