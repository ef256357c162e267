//! Tensors of the Open Inference Protocol, as rows.

use super::{Shape, Side, quoted};
use crate::json::{elements, members, scalar};
use crate::{Reason, ReasonKind};

impl Shape<'_> {
    pub(super) fn tensors(&mut self, tensors: &[Tensor<'_>]) -> Result<(), Reason> {
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
}

/// A tensor of the Open Inference Protocol.
pub(super) struct Tensor<'a> {
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
pub(super) fn tensors<'a>(found: &[&'a str]) -> Option<Vec<Tensor<'a>>> {
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
