//! CSV, as rows.

use csv_core::{ReadRecordResult, Reader};

use super::{Shape, quoted, width};
use crate::{Reason, ReasonKind};

impl Shape<'_> {
    /// CSV without a header line, or with one that has a name of the contract and no number.
    pub(super) fn csv(&mut self, text: &str, names: &[String]) -> Result<(), Reason> {
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
