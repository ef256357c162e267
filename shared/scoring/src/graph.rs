//! A graph as steps in order, each of which reads and writes numbered slots.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::error::{Fault, ScoringError};
use crate::limits::MAX_HELD_ELEMENTS;
use crate::operators::{Call, Kernel, kernel};
use crate::proto::{ModelProto, NodeProto};
use crate::tensor::Tensor;

pub(crate) struct Graph {
    steps: Vec<Step>,
    /// What lies in each slot before the first step.
    constants: Vec<Option<Arc<Tensor>>>,
    inputs: Vec<usize>,
    outputs: Vec<usize>,
}

struct Step {
    node: String,
    operator: String,
    kernel: Kernel,
    inputs: Vec<Option<usize>>,
    outputs: Vec<Option<usize>>,
    /// Slots that no later step reads.
    releases: Vec<usize>,
}

/// Domains whose operators are known.
const DOMAINS: [&str; 3] = ["", "ai.onnx", "ai.onnx.ml"];

impl Graph {
    /// `inputs` and `outputs` name what will be given and asked for.
    pub(crate) fn build(model: &ModelProto<'_>, inputs: &[&str], outputs: &[&str]) -> Result<Self, ScoringError> {
        let mut slots = HashMap::new();
        let mut constants = Vec::new();
        for (name, tensor) in &model.graph.initializers {
            slots.insert(*name, constants.len());
            constants.push(Some(Arc::new(tensor.clone())));
        }
        let mut open = |slots: &mut HashMap<_, _>, name| {
            let slot = constants.len();
            constants.push(None);
            slots.insert(name, slot);
            slot
        };
        let input_slots = inputs.iter().map(|name| open(&mut slots, *name)).collect();
        let mut steps = Vec::with_capacity(model.graph.nodes.len());
        for node in &model.graph.nodes {
            let read = |name: &&str| match slots.get(name) {
                _ if name.is_empty() => Ok(None),
                Some(slot) => Ok(Some(*slot)),
                None => Err(ScoringError::Graph(Fault::new(
                    format!("node {:?} that reads {name:?}", node.label()),
                    "that an input, an initializer or an earlier node gives it (a graph is sorted and has no circles)",
                ))),
            };
            let reads = node.inputs.iter().map(read).collect::<Result<Vec<_>, _>>()?;
            let mut writes = Vec::with_capacity(node.outputs.len());
            for name in &node.outputs {
                if !name.is_empty() && slots.contains_key(name) {
                    return Err(ScoringError::Graph(Fault::new(format!("{name:?}, which is given twice"), "once")));
                }
                writes.push(if name.is_empty() { None } else { Some(open(&mut slots, *name)) });
            }
            steps.push(Step {
                node: node.label().to_owned(),
                operator: node.operator.to_owned(),
                kernel: kernel_of(model, node)?,
                inputs: reads,
                outputs: writes,
                releases: Vec::new(),
            });
        }
        let output = |name: &&str| {
            slots
                .get(name)
                .copied()
                .ok_or_else(|| ScoringError::Graph(Fault::new(format!("output {name:?}, which no node gives"), "one that is given")))
        };
        let outputs = outputs.iter().map(output).collect::<Result<Vec<_>, _>>()?;
        let mut graph = Self { steps, constants, inputs: input_slots, outputs };
        graph.drop_unused();
        graph.fold_constants()?;
        graph.plan_releases();
        Ok(graph)
    }

    /// Leaves out steps that no output needs.
    fn drop_unused(&mut self) {
        let mut needed = vec![false; self.constants.len()];
        let need = |slot: usize, needed: &mut Vec<bool>| {
            if let Some(flag) = needed.get_mut(slot) {
                *flag = true;
            }
        };
        self.outputs.iter().for_each(|slot| need(*slot, &mut needed));
        let mut kept = Vec::with_capacity(self.steps.len());
        for step in self.steps.drain(..).rev() {
            if step.outputs.iter().flatten().any(|slot| needed.get(*slot) == Some(&true)) {
                step.inputs.iter().flatten().for_each(|slot| need(*slot, &mut needed));
                kept.push(step);
            }
        }
        kept.reverse();
        self.steps = kept;
    }

    /// Computes once what depends on no input.
    fn fold_constants(&mut self) -> Result<(), ScoringError> {
        let work = Cell::new(0);
        let mut held = 0;
        let mut kept = Vec::with_capacity(self.steps.len());
        for step in std::mem::take(&mut self.steps) {
            let is_constant = step.inputs.iter().flatten().all(|slot| self.constants.get(*slot).is_some_and(Option::is_some));
            if !is_constant {
                kept.push(step);
                continue;
            }
            held += step.run(&mut self.constants, &work)?;
            step.check_held(held)?;
        }
        self.steps = kept;
        Ok(())
    }

    fn plan_releases(&mut self) {
        let mut last: HashMap<usize, usize> = HashMap::new();
        for (place, step) in self.steps.iter().enumerate() {
            for slot in step.inputs.iter().chain(&step.outputs).flatten() {
                last.insert(*slot, place);
            }
        }
        for (slot, place) in last {
            let is_constant = self.constants.get(slot).is_some_and(Option::is_some);
            if !is_constant
                && !self.outputs.contains(&slot)
                && let Some(step) = self.steps.get_mut(place)
            {
                step.releases.push(slot);
            }
        }
    }

    /// The outputs for these inputs, in the orders that [`Graph::build`] was given.
    pub(crate) fn run(&self, inputs: Vec<Tensor>) -> Result<Vec<Arc<Tensor>>, ScoringError> {
        let mut slots = self.constants.clone();
        let work = Cell::new(0);
        let mut held: usize = inputs.iter().map(Tensor::len).sum();
        for (slot, tensor) in self.inputs.iter().zip(inputs) {
            if let Some(place) = slots.get_mut(*slot) {
                *place = Some(Arc::new(tensor));
            }
        }
        for step in &self.steps {
            held += step.run(&mut slots, &work)?;
            step.check_held(held)?;
            for slot in &step.releases {
                held -= slots.get_mut(*slot).and_then(Option::take).map_or(0, |tensor| tensor.len());
            }
        }
        let output = |slot: &usize| {
            slots
                .get(*slot)
                .cloned()
                .flatten()
                .ok_or_else(|| ScoringError::Graph(Fault::new("an output that was not computed", "all of them")))
        };
        self.outputs.iter().map(output).collect()
    }
}

impl Step {
    /// Fills the slots of its outputs; returns how many values they have.
    fn run(&self, slots: &mut [Option<Arc<Tensor>>], work: &Cell<u64>) -> Result<usize, ScoringError> {
        let inputs = self.inputs.iter().map(|slot| slot.and_then(|slot| slots.get(slot)?.as_deref())).collect();
        let call = Call::new(inputs, work);
        let answers = call.spend(1).and_then(|()| (self.kernel)(&call)).map_err(|fault| self.fault(fault))?;
        if self.outputs.iter().skip(answers.len()).any(Option::is_some) {
            return Err(self.fault(Fault::new(format!("{} outputs", self.outputs.len()), format!("at most {}", answers.len()))));
        }
        let mut made = 0;
        for (slot, answer) in self.outputs.iter().zip(answers) {
            if let Some(place) = slot.and_then(|slot| slots.get_mut(slot)) {
                made += answer.len();
                *place = Some(Arc::new(answer));
            }
        }
        Ok(made)
    }

    fn check_held(&self, held: usize) -> Result<(), ScoringError> {
        if held > MAX_HELD_ELEMENTS {
            return Err(self.fault(Fault::new(format!("{held} values held at a time"), format!("at most {MAX_HELD_ELEMENTS}"))));
        }
        Ok(())
    }

    fn fault(&self, fault: Fault) -> ScoringError {
        ScoringError::Node { node: self.node.clone(), operator: self.operator.clone(), fault }
    }
}

fn kernel_of(model: &ModelProto<'_>, node: &NodeProto<'_>) -> Result<Kernel, ScoringError> {
    let is_core = |domain: &str| domain.is_empty() || domain == "ai.onnx";
    let version = model
        .operator_sets
        .iter()
        .filter(|(domain, _)| *domain == node.domain || (is_core(domain) && is_core(node.domain)))
        .map(|(_, version)| *version)
        .max();
    let operator = if is_core(node.domain) { node.operator.to_owned() } else { format!("{}.{}", node.domain, node.operator) };
    let unknown = |advice| ScoringError::Operator { node: node.label().to_owned(), operator: operator.clone(), advice };
    if !DOMAINS.contains(&node.domain) {
        return Err(unknown("it belongs to a set of operators of somebody's own; export the model with standard operators"));
    }
    let set = if is_core(node.domain) { "ai.onnx" } else { node.domain };
    let missing =
        || ScoringError::Graph(Fault::new(format!("no version of the operators of {set}"), "one: the file is cut off or was never valid"));
    let built = kernel(node, version.ok_or_else(missing)?).map_err(|fault| ScoringError::Node {
        node: node.label().to_owned(),
        operator: node.operator.to_owned(),
        fault,
    })?;
    built.ok_or_else(|| match node.operator {
        "If" | "Loop" | "Scan" => unknown("it has a program of its own; export the model without control flow"),
        "SVMClassifier" | "SVMRegressor" => unknown("of kernel machines only linear ones are computed (LinearSVC, LinearSVR)"),
        _ => unknown("models of tables are: linear models, trees and their ensembles, perceptrons, and the usual preparation of columns"),
    })
}
