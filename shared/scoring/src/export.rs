//! A logistic regression as an ONNX file, for trainers that are not Python.

use crate::error::{Fault, ScoringError};
use crate::tensor::single;
use crate::wire::Writer;

/// Version of the file format (2021), of the core operators and of those for machine learning: what every runtime of the last years reads.
const IR_VERSION: i64 = 8;
const CORE_VERSION: i64 = 15;
const ML_VERSION: i64 = 3;

/// A logistic regression over standardised numbers and one-hot names.
///
/// With two classes there is one score, the second class's, and `p = 1 / (1 + exp(−score))`; with more there is one for each class, and
/// `p = exp(scoreₖ) / Σ exp(scoreⱼ)`. A score is its intercept plus the terms of all features.
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticRegression {
    /// Terms of numeric features.
    pub numbers: Vec<NumberTerm>,
    /// Terms of categorical features.
    pub names: Vec<NameTerm>,
    /// What each score begins with.
    pub intercepts: Vec<f64>,
    /// The classes' names, at least two.
    pub classes: Vec<String>,
}

/// What a number adds: `(x − mean) / scale · weight`.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberTerm {
    /// The feature's name.
    pub feature: String,
    /// What stands for a missing value.
    pub fill: f64,
    /// What is subtracted.
    pub mean: f64,
    /// What is divided by; not 0.
    pub scale: f64,
    /// One for each score.
    pub weights: Vec<f64>,
}

/// What a name adds: its category's weight; nothing if it is none of them.
#[derive(Debug, Clone, PartialEq)]
pub struct NameTerm {
    /// The feature's name.
    pub feature: String,
    /// The categories, each once.
    pub categories: Vec<String>,
    /// For each category one weight for each score.
    pub weights: Vec<Vec<f64>>,
}

impl LogisticRegression {
    /// The model as the bytes of an ONNX file: one input for each feature, outputs `label` (text) and `probabilities`.
    ///
    /// # Errors
    /// [`ScoringError::Graph`] if there are no terms, if the numbers of classes, scores, categories and weights do not fit each other, or if a
    /// scale is 0 or a number not finite.
    pub fn to_onnx(&self) -> Result<Vec<u8>, ScoringError> {
        self.check().map_err(ScoringError::Graph)?;
        let mut model = Writer::default();
        model.int(1, IR_VERSION).put(2, b"tidegate").message(7, |graph| self.write_graph(graph));
        model.message(8, |set| _ = set.put(1, b"").int(2, CORE_VERSION));
        model.message(8, |set| _ = set.put(1, ML_DOMAIN).int(2, ML_VERSION));
        Ok(model.finish())
    }

    fn scores(&self) -> usize {
        if self.classes.len() == 2 { 1 } else { self.classes.len() }
    }

    fn check(&self) -> Result<(), Fault> {
        if self.classes.len() < 2 || self.numbers.is_empty() && self.names.is_empty() {
            let terms = self.numbers.len() + self.names.len();
            return Err(Fault::new(format!("{} classes and {terms} terms", self.classes.len()), "at least two classes and one term"));
        }
        let scores = self.scores();
        let expect = |name: &str, found: usize, expected: usize| {
            if found == expected { Ok(()) } else { Err(Fault::new(format!("{found} weights of {name:?}"), format!("{expected}"))) }
        };
        expect("(intercept)", self.intercepts.len(), scores)?;
        for term in &self.numbers {
            expect(&term.feature, term.weights.len(), scores)?;
            if term.scale == 0.0 || ![term.fill, term.mean, term.scale].iter().chain(&term.weights).all(|value| value.is_finite()) {
                return Err(Fault::new(format!("settings of {:?}", term.feature), "finite numbers, and a scale other than 0"));
            }
        }
        for term in &self.names {
            expect(&term.feature, term.weights.len(), term.categories.len())?;
            term.weights.iter().try_for_each(|weights| expect(&term.feature, weights.len(), scores))?;
            if !term.weights.iter().flatten().all(|weight| weight.is_finite()) {
                return Err(Fault::new(format!("weights of {:?}", term.feature), "finite numbers"));
            }
        }
        if !self.intercepts.iter().all(|value| value.is_finite()) {
            return Err(Fault::new("an intercept that is not finite", "finite numbers"));
        }
        Ok(())
    }

    /// Weights score by score: of the numbers, then of every category.
    fn coefficients(&self) -> (Vec<f32>, Vec<f32>) {
        let line = |score: usize, sign: f64| {
            let numbers = self.numbers.iter().map(|term| &term.weights);
            let names = self.names.iter().flat_map(|term| &term.weights);
            numbers.chain(names).filter_map(move |weights| weights.get(score)).map(move |weight| single(sign * weight)).collect::<Vec<_>>()
        };
        if self.classes.len() == 2 {
            // Both classes' scores, as scikit-learn's exporter writes them: runtimes differ in what they make of a single one.
            let intercept = self.intercepts.first().copied().unwrap_or(0.0);
            return ([line(0, -1.0), line(0, 1.0)].concat(), vec![single(-intercept), single(intercept)]);
        }
        let lines = (0..self.scores()).flat_map(|score| line(score, 1.0)).collect();
        (lines, self.intercepts.iter().map(|value| single(*value)).collect())
    }

    fn write_graph(&self, graph: &mut Writer) {
        let mut parts = Vec::new();
        if !self.numbers.is_empty() {
            let inputs = self.numbers.iter().map(|term| term.feature.as_str()).collect::<Vec<_>>();
            let of = |value: fn(&NumberTerm) -> f64| self.numbers.iter().map(|term| single(value(term))).collect::<Vec<_>>();
            node(graph, "Concat", &inputs, &["numbers:joined"], |node| int(node, "axis", 1));
            node(graph, "Imputer", &["numbers:joined"], &["numbers:filled"], |node| {
                floats(node, "imputed_value_floats", &of(|term| term.fill));
                float(node, "replaced_value_float", f32::NAN);
            });
            node(graph, "Scaler", &["numbers:filled"], &["numbers:scaled"], |node| {
                floats(node, "offset", &of(|term| term.mean));
                floats(node, "scale", &of(|term| term.scale.recip()));
            });
            parts.push("numbers:scaled".to_owned());
        }
        for term in &self.names {
            let (hot, flat) = (format!("{}:hot", term.feature), format!("{}:flat", term.feature));
            node(graph, "OneHotEncoder", &[&term.feature], &[&hot], |node| {
                texts(node, "cats_strings", &term.categories);
                int(node, "zeros", 1);
            });
            node(graph, "Flatten", &[&hot], &[&flat], |node| int(node, "axis", 1));
            parts.push(flat);
        }
        let parts = parts.iter().map(String::as_str).collect::<Vec<_>>();
        node(graph, "Concat", &parts, &["terms"], |node| int(node, "axis", 1));
        let (coefficients, intercepts) = self.coefficients();
        node(graph, "LinearClassifier", &["terms"], &["label", "probabilities"], |node| {
            floats(node, "coefficients", &coefficients);
            floats(node, "intercepts", &intercepts);
            texts(node, "classlabels_strings", &self.classes);
            text(node, "post_transform", if self.classes.len() == 2 { "LOGISTIC" } else { "SOFTMAX" });
        });
        graph.put(2, b"logistic regression");
        let inputs = self.numbers.iter().map(|term| (&term.feature, FLOAT)).chain(self.names.iter().map(|term| (&term.feature, STRING)));
        inputs.for_each(|(name, data_type)| value(graph, 11, name, data_type, &[None, Some(1)]));
        value(graph, 12, "label", STRING, &[None]);
        value(graph, 12, "probabilities", FLOAT, &[None, i64::try_from(self.classes.len()).ok()]);
    }
}

const ML_DOMAIN: &[u8] = b"ai.onnx.ml";
/// `TensorProto.DataType` of the inputs.
const FLOAT: i64 = 1;
const STRING: i64 = 8;

fn node(graph: &mut Writer, operator: &str, inputs: &[&str], outputs: &[&str], attributes: impl FnOnce(&mut Writer)) {
    graph.message(1, |node| {
        for name in inputs {
            node.put(1, name.as_bytes());
        }
        for name in outputs {
            node.put(2, name.as_bytes());
        }
        node.put(4, operator.as_bytes());
        attributes(node);
        node.put(7, if matches!(operator, "Concat" | "Flatten") { b"" } else { ML_DOMAIN });
    });
}

/// An attribute: its name, its kind (`AttributeProto.AttributeType`), its value.
fn attribute(node: &mut Writer, name: &str, kind: i64, write: impl FnOnce(&mut Writer)) {
    node.message(5, |attribute| {
        attribute.put(1, name.as_bytes());
        write(attribute);
        attribute.int(20, kind);
    });
}

fn float(node: &mut Writer, name: &str, value: f32) {
    attribute(node, name, 1, |attribute| _ = attribute.float(2, value));
}

fn int(node: &mut Writer, name: &str, value: i64) {
    attribute(node, name, 2, |attribute| _ = attribute.int(3, value));
}

fn text(node: &mut Writer, name: &str, value: &str) {
    attribute(node, name, 3, |attribute| _ = attribute.put(4, value.as_bytes()));
}

fn floats(node: &mut Writer, name: &str, values: &[f32]) {
    attribute(node, name, 6, |attribute| values.iter().for_each(|value| _ = attribute.float(7, *value)));
}

fn texts(node: &mut Writer, name: &str, values: &[String]) {
    attribute(node, name, 8, |attribute| values.iter().for_each(|value| _ = attribute.put(9, value.as_bytes())));
}

/// An input (11) or output (12) of the graph; `None` is a size that is open.
fn value(graph: &mut Writer, number: u64, name: &str, data_type: i64, sizes: &[Option<i64>]) {
    graph.message(number, |value| {
        value.put(1, name.as_bytes()).message(2, |kind| {
            _ = kind.message(1, |tensor| {
                tensor.int(1, data_type).message(2, |shape| {
                    for size in sizes {
                        shape.message(1, |dimension| match size {
                            Some(size) => _ = dimension.int(1, *size),
                            None => _ = dimension.put(2, b"rows"),
                        });
                    }
                });
            });
        });
    });
}
