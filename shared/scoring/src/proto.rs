//! The messages of an ONNX file, as far as scoring needs them. Names are borrowed from the file.
//!
//! Source: `onnx/onnx.proto` of the ONNX project, whose field numbers stand here.

use std::sync::Arc;

use crate::error::{Fault, ScoringError};
use crate::limits::{MAX_ATTRIBUTES, MAX_NAMES, MAX_NODES};
use crate::tensor::{Data, Kind, Tensor, elements};
use crate::wire::{Fields, Wire};

#[derive(Debug, Default)]
pub(crate) struct ModelProto<'a> {
    pub(crate) producer: &'a str,
    /// Domain and version of every set of operators.
    pub(crate) operator_sets: Vec<(&'a str, i64)>,
    pub(crate) graph: GraphProto<'a>,
}

#[derive(Debug, Default)]
pub(crate) struct GraphProto<'a> {
    pub(crate) nodes: Vec<NodeProto<'a>>,
    pub(crate) initializers: Vec<(&'a str, Tensor)>,
    pub(crate) inputs: Vec<ValueProto<'a>>,
    pub(crate) outputs: Vec<ValueProto<'a>>,
}

#[derive(Debug, Default)]
pub(crate) struct NodeProto<'a> {
    pub(crate) name: &'a str,
    pub(crate) operator: &'a str,
    pub(crate) domain: &'a str,
    pub(crate) inputs: Vec<&'a str>,
    pub(crate) outputs: Vec<&'a str>,
    pub(crate) attributes: Vec<AttributeProto<'a>>,
}

#[derive(Debug, Default)]
pub(crate) struct AttributeProto<'a> {
    pub(crate) name: &'a str,
    pub(crate) float: f32,
    pub(crate) int: i64,
    pub(crate) bytes: &'a [u8],
    pub(crate) tensor: Option<Tensor>,
    pub(crate) floats: Vec<f32>,
    pub(crate) ints: Vec<i64>,
    pub(crate) texts: Vec<&'a [u8]>,
}

/// An input or output of the graph: its name and, for a tensor, element type and sizes (`None` where any size will do).
#[derive(Debug, Default)]
pub(crate) struct ValueProto<'a> {
    pub(crate) name: &'a str,
    pub(crate) data_type: Option<i64>,
    pub(crate) sizes: Option<Vec<Option<i64>>>,
}

type Read<T> = Result<T, ScoringError>;

fn malformed(place: &str) -> impl Fn(Fault) -> ScoringError + '_ {
    move |fault| ScoringError::Malformed { place: place.to_owned(), fault }
}

/// Keeps an item unless there are too many.
fn keep<T>(all: &mut Vec<T>, item: T, most: usize, what: &str) -> Result<(), Fault> {
    if all.len() >= most {
        return Err(Fault::new(format!("more than {most} {what}"), "at most as many"));
    }
    all.push(item);
    Ok(())
}

impl<'a> ModelProto<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Read<Self> {
        let bad = malformed("the file");
        let mut model = Self::default();
        let mut graph = None;
        for field in Fields::new(bytes) {
            match field.map_err(&bad)? {
                (2, value) => model.producer = value.text().map_err(&bad)?,
                (7, value) => graph = Some(value.bytes().map_err(&bad)?),
                (8, value) => {
                    let set = operator_set(value).map_err(malformed("the operator sets"))?;
                    keep(&mut model.operator_sets, set, MAX_NAMES, "operator sets").map_err(&bad)?;
                }
                (1..=25, _) => {}
                (number, _) => return Err(bad(Fault::new(format!("field {number}"), "the fields of an ONNX model"))),
            }
        }
        let graph = graph.ok_or_else(|| bad(Fault::new("no graph", "one")))?;
        model.graph = GraphProto::read(graph)?;
        Ok(model)
    }
}

fn operator_set(value: Wire<'_>) -> Result<(&str, i64), Fault> {
    let (mut domain, mut version) = ("", 0);
    for field in Fields::new(value.bytes()?) {
        match field? {
            (1, value) => domain = value.text()?,
            (2, value) => version = value.int()?,
            _ => {}
        }
    }
    Ok((domain, version))
}

impl<'a> GraphProto<'a> {
    fn read(bytes: &'a [u8]) -> Read<Self> {
        let bad = malformed("the graph");
        let mut graph = Self::default();
        for field in Fields::new(bytes) {
            let (number, value) = field.map_err(&bad)?;
            match number {
                1 => keep(&mut graph.nodes, NodeProto::read(value)?, MAX_NODES, "nodes").map_err(&bad)?,
                5 => keep(&mut graph.initializers, tensor(value)?, MAX_NAMES, "initializers").map_err(&bad)?,
                11 => {
                    keep(&mut graph.inputs, ValueProto::read(value).map_err(malformed("an input"))?, MAX_NAMES, "inputs").map_err(&bad)?;
                }
                12 => keep(&mut graph.outputs, ValueProto::read(value).map_err(malformed("an output"))?, MAX_NAMES, "outputs")
                    .map_err(&bad)?,
                15 => return Err(bad(Fault::new("a sparse initializer", "dense ones"))),
                _ => {}
            }
        }
        Ok(graph)
    }
}

impl<'a> NodeProto<'a> {
    fn read(value: Wire<'a>) -> Read<Self> {
        let bad = malformed("a node");
        let mut node = Self::default();
        for field in Fields::new(value.bytes().map_err(&bad)?) {
            let (number, value) = field.map_err(&bad)?;
            match number {
                1 => keep(&mut node.inputs, value.text().map_err(&bad)?, MAX_NAMES, "inputs").map_err(&bad)?,
                2 => keep(&mut node.outputs, value.text().map_err(&bad)?, MAX_NAMES, "outputs").map_err(&bad)?,
                3 => node.name = value.text().map_err(&bad)?,
                4 => node.operator = value.text().map_err(&bad)?,
                5 => keep(&mut node.attributes, AttributeProto::read(value)?, MAX_ATTRIBUTES, "attributes").map_err(&bad)?,
                7 => node.domain = value.text().map_err(&bad)?,
                _ => {}
            }
        }
        Ok(node)
    }

    /// What errors call it.
    pub(crate) fn label(&self) -> &'a str {
        if self.name.is_empty() { self.outputs.first().copied().unwrap_or_default() } else { self.name }
    }
}

impl<'a> AttributeProto<'a> {
    fn read(value: Wire<'a>) -> Read<Self> {
        let bad = malformed("an attribute");
        let mut attribute = Self::default();
        for field in Fields::new(value.bytes().map_err(&bad)?) {
            let (number, value) = field.map_err(&bad)?;
            match number {
                1 => attribute.name = value.text().map_err(&bad)?,
                2 => attribute.float = value.float().map_err(&bad)?,
                3 => attribute.int = value.int().map_err(&bad)?,
                4 => attribute.bytes = value.bytes().map_err(&bad)?,
                5 => attribute.tensor = Some(tensor(value)?.1),
                7 => value.floats_into(&mut attribute.floats).map_err(&bad)?,
                8 => value.ints_into(&mut attribute.ints).map_err(&bad)?,
                9 => attribute.texts.push(value.bytes().map_err(&bad)?),
                _ => {}
            }
        }
        Ok(attribute)
    }
}

impl<'a> ValueProto<'a> {
    fn read(value: Wire<'a>) -> Result<Self, Fault> {
        let mut read = Self::default();
        for field in Fields::new(value.bytes()?) {
            match field? {
                (1, value) => read.name = value.text()?,
                (2, value) => {
                    for field in Fields::new(value.bytes()?) {
                        if let (1, value) = field? {
                            read.tensor_type(value)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(read)
    }

    fn tensor_type(&mut self, value: Wire<'_>) -> Result<(), Fault> {
        for field in Fields::new(value.bytes()?) {
            match field? {
                (1, value) => self.data_type = Some(value.int()?),
                (2, value) => {
                    let mut sizes = Vec::new();
                    for field in Fields::new(value.bytes()?) {
                        let (1, value) = field? else { continue };
                        let mut size = None;
                        for field in Fields::new(value.bytes()?) {
                            if let (1, value) = field? {
                                // Exporters write 0 and -1 for "any".
                                size = Some(value.int()?).filter(|size| *size > 0);
                            }
                        }
                        keep(&mut sizes, size, crate::limits::MAX_RANK, "axes")?;
                    }
                    self.sizes = Some(sizes);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// A tensor and its name.
fn tensor(value: Wire<'_>) -> Read<(&str, Tensor)> {
    let bad = malformed("a tensor");
    let mut name = "";
    let mut external = None;
    let mut parts = Parts::default();
    for field in Fields::new(value.bytes().map_err(&bad)?) {
        let (number, value) = field.map_err(&bad)?;
        match number {
            8 => name = value.text().map_err(&bad)?,
            13 => external = external.or(Some(external_file(value).map_err(&bad)?)),
            14 if value.int().map_err(&bad)? != 0 => external = external.or(Some("")),
            _ => parts.add(number, value).map_err(&bad)?,
        }
    }
    if let Some(file) = external {
        return Err(ScoringError::External { tensor: name.to_owned(), file: file.to_owned() });
    }
    let place = format!("tensor {name:?}");
    Ok((name, parts.finish().map_err(malformed(&place))?))
}

/// The file that an entry of `external_data` names; empty if it is about something else.
fn external_file(value: Wire<'_>) -> Result<&str, Fault> {
    let (mut key, mut text) = ("", "");
    for field in Fields::new(value.bytes()?) {
        match field? {
            (1, value) => key = value.text()?,
            (2, value) => text = value.text()?,
            _ => {}
        }
    }
    Ok(if key == "location" { text } else { "" })
}

#[derive(Default)]
struct Parts<'a> {
    dims: Vec<i64>,
    data_type: i64,
    floats: Vec<f32>,
    ints: Vec<i64>,
    doubles: Vec<f64>,
    texts: Vec<&'a [u8]>,
    raw: Option<&'a [u8]>,
}

impl<'a> Parts<'a> {
    fn add(&mut self, number: u64, value: Wire<'a>) -> Result<(), Fault> {
        match number {
            1 => value.ints_into(&mut self.dims),
            2 => value.int().map(|data_type| self.data_type = data_type),
            4 => value.floats_into(&mut self.floats),
            5 | 7 | 11 => value.ints_into(&mut self.ints),
            6 => value.bytes().map(|text| self.texts.push(text)),
            9 => value.bytes().map(|raw| self.raw = Some(raw)),
            10 => value.doubles_into(&mut self.doubles),
            _ => Ok(()),
        }
    }

    fn finish(self) -> Result<Tensor, Fault> {
        let size = |size: &i64| usize::try_from(*size).map_err(|_| Fault::new(format!("an axis of {size}"), "0 or more"));
        let shape = self.dims.iter().map(size).collect::<Result<Vec<_>, _>>()?;
        elements(&shape)?;
        let kind = Kind::of(self.data_type)
            .ok_or_else(|| Fault::new(format!("element type {}", self.data_type), "float, double, a whole number, bool or string"))?;
        let data = match (kind, self.raw) {
            (Kind::Text, _) => Data::Text(self.texts.into_iter().map(text).collect::<Result<_, _>>()?),
            (_, Some(raw)) => raw_data(self.data_type, raw)?,
            (Kind::Float, None) => Data::Float(self.floats),
            (Kind::Double, None) => Data::Double(self.doubles),
            (Kind::Int, None) => Data::Int(self.ints),
            (Kind::Bool, None) => Data::Bool(self.ints.into_iter().map(|value| value != 0).collect()),
        };
        Tensor::new(shape, data)
    }
}

/// Bytes as text.
pub(crate) fn text(bytes: &[u8]) -> Result<Arc<str>, Fault> {
    std::str::from_utf8(bytes).map(Arc::from).map_err(|_| Fault::new("bytes that are not UTF-8", "text"))
}

fn raw_data(data_type: i64, raw: &[u8]) -> Result<Data, Fault> {
    fn values<const N: usize, T>(raw: &[u8], read: impl Fn([u8; N]) -> T) -> Result<Vec<T>, Fault> {
        let (values, rest) = raw.as_chunks::<N>();
        if !rest.is_empty() {
            return Err(Fault::new(format!("{} bytes", raw.len()), format!("a multiple of {N}")));
        }
        Ok(values.iter().map(|value| read(*value)).collect())
    }
    Ok(match data_type {
        1 => Data::Float(values(raw, f32::from_le_bytes)?),
        2 => Data::Int(values(raw, |value: [u8; 1]| i64::from(u8::from_le_bytes(value)))?),
        3 => Data::Int(values(raw, |value: [u8; 1]| i64::from(i8::from_le_bytes(value)))?),
        4 => Data::Int(values(raw, |value: [u8; 2]| i64::from(u16::from_le_bytes(value)))?),
        5 => Data::Int(values(raw, |value: [u8; 2]| i64::from(i16::from_le_bytes(value)))?),
        6 => Data::Int(values(raw, |value: [u8; 4]| i64::from(i32::from_le_bytes(value)))?),
        7 => Data::Int(values(raw, i64::from_le_bytes)?),
        9 => Data::Bool(values(raw, |value: [u8; 1]| value != [0])?),
        11 => Data::Double(values(raw, f64::from_le_bytes)?),
        12 => Data::Int(values(raw, |value: [u8; 4]| i64::from(u32::from_le_bytes(value)))?),
        other => return Err(Fault::new(format!("element type {other}"), "float, double, a whole number, bool or string")),
    })
}

impl AttributeProto<'_> {
    /// Its numbers, wherever they stand: 32-bit numbers, or a tensor of any.
    pub(crate) fn numbers(&self) -> Result<Vec<f64>, Fault> {
        match &self.tensor {
            Some(tensor) => Ok(tensor.numbers()?.into_owned()),
            None => Ok(self.floats.iter().map(|value| f64::from(*value)).collect()),
        }
    }
}
