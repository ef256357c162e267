//! What moved together is one incident with one cause; what did not is another.
//!
//! Fields belong together when the same fault explains them, or when no fault does, and when they began to move at the
//! same time as far as the trail tells. The main incident is the first: a data fault that matters before anything that
//! it may have caused, what the model relies on before what it hardly reads.

use std::collections::BTreeMap;

use tidegate_contract::FieldRole;

use crate::cause::{Facts, Moved, Suspicion, action, calm, calm_action, faults, novelty, of_move, of_side};
use crate::onset::{Course, When, began};
use crate::segments;
use crate::{Action, CarriedBy, Cause, CauseKind, Fault, Incident, State};

/// Courses as alike as this belong together although they seem to begin apart: a slow change has no one beginning.
const ALIKE: f64 = 0.7;

/// A fault of more of the records than this is none of a mix's making.
const BY_MIX: f64 = 0.5;

/// Nobody should train on a column that is broken in so many of the records, however little the model listens to it.
const WIDESPREAD: f64 = 0.9;

/// So much of a field's change lies between a segment's values when its mix made it.
const BETWEEN: f64 = 0.7;

/// What a window comes to, and why.
pub(crate) struct Explained {
    pub(crate) cause: Cause,
    pub(crate) action: Action,
    pub(crate) incidents: Vec<Incident>,
}

/// Explains a window, which comes to `state` when segments are looked at as well.
pub(crate) fn explain(facts: &Facts<'_>, state: State) -> Explained {
    let matters = |state| matches!(state, State::Warning | State::Drift);
    if !matters(state) {
        let cause = calm(facts);
        return Explained { action: calm_action(facts, &cause), cause, incidents: Vec::new() };
    }
    let mut incidents = if matters(facts.state) { Sorting::new(facts).incidents() } else { Vec::new() };
    if state != facts.state {
        // What moved within segments only is louder than all that the whole shows, but a fault of the data, however little the model listens
        // to the field, comes first: the model may have answered to it.
        let broken: Vec<String> =
            incidents.iter().filter(|incident| is_broken(facts, incident)).flat_map(|incident| incident.fields.clone()).collect();
        let place = incidents.iter().take_while(|incident| is_broken(facts, incident)).count();
        incidents.splice(place..place, within_segments(facts, state, &broken));
    }
    let main = incidents.first().cloned().unwrap_or_else(|| unexplained(facts, state));
    if incidents.is_empty() {
        incidents.push(main.clone());
    }
    Explained { cause: main.cause, action: main.action, incidents }
}

/// Whether an incident is a fault of the data that clearly shows in its fields.
fn is_broken(facts: &Facts<'_>, incident: &Incident) -> bool {
    incident.cause.kind == CauseKind::DataFault && incident.fields.iter().any(|name| facts.state_of(name) == State::Drift)
}

/// The incident of what moved within segments and nowhere else.
fn within_segments(facts: &Facts<'_>, state: State, mend_first: &[String]) -> Option<Incident> {
    let cause = segments::cause(facts.segments, facts.contract)?;
    let fields: Vec<String> = facts.segments.first().map(|finding| finding.field.clone()).into_iter().collect();
    let action = action(facts, state, &cause, &fields, mend_first);
    Some(Incident { state, cause, action, fields, began: None, segment: segments::carrier(facts.segments) })
}

/// An incident that no field carries: something new, or the data do not tell.
fn unexplained(facts: &Facts<'_>, state: State) -> Incident {
    let (cause, fields) = novelty(facts).unwrap_or_else(|| {
        let evidence = "something moved, and the data do not tell why".to_owned();
        (Cause { kind: CauseKind::Unknown, evidence, confidence: 1.0, fault: None }, Vec::new())
    });
    let action = action(facts, state, &cause, &fields, &[]);
    Incident { state, cause, action, fields, began: None, segment: None }
}

/// Whether a fault brings values that no sound record has, in whatever mix: text for numbers, another column's values, names cut off.
fn is_foreign(fault: Fault) -> bool {
    match fault {
        Fault::Missing | Fault::Range | Fault::Unit | Fault::Stuck => false,
        Fault::Type | Fault::Truncated | Fault::ShiftedColumns | Fault::Encoding | Fault::Renamed | Fault::Unreadable => true,
    }
}

/// Fields that belong together.
#[derive(Debug)]
struct Group {
    /// The fault that explains them; `None` for a real move.
    fault: Option<Suspicion>,
    fields: Vec<String>,
    began: When,
}

struct Sorting<'c, 'a> {
    facts: &'c Facts<'a>,
    courses: BTreeMap<String, Course>,
    step_ms: i64,
}

impl<'c, 'a> Sorting<'c, 'a> {
    fn new(facts: &'c Facts<'a>) -> Self {
        let trail = facts.history.trail;
        let course = |name: &'a str| {
            let both = facts.both(name)?;
            Some((name.to_owned(), Course::of_field(both.now, both.before, both.cells, trail)?))
        };
        let of_interest = facts.fields.iter().filter(|field| !trail.is_empty() && facts.state_of(&field.name) != State::Ok);
        Self {
            facts,
            courses: of_interest.filter_map(|field| course(&field.name)).collect(),
            step_ms: trail.last().map_or(0, |(window, _)| window.end_ms - window.start_ms),
        }
    }

    fn when(&self, fields: &[String]) -> When {
        let courses: Vec<&Course> = fields.iter().filter_map(|name| self.courses.get(name)).collect();
        began(&courses, self.facts.history.trail)
    }

    /// Every incident, the main one first.
    fn incidents(&self) -> Vec<Incident> {
        let (mixed, mut groups) = self.mixed(self.faults());
        let explained: Vec<String> = groups.iter().flat_map(|group| group.fields.iter().cloned()).collect();
        let moved = || self.facts.moved().filter(|field| !explained.contains(&field.name));
        let mut inputs = of_side(moved(), true);
        for name in mixed {
            if self.facts.raised_by(&name) == self.facts.state && !inputs.contains(&name) {
                inputs.push(name);
            }
        }
        let inputs = self.together(&inputs);
        groups.extend(inputs);
        self.give_outputs(&mut groups, of_side(moved(), false));
        // A data fault that matters, or that nearly all records have, stands before everything else that the same records show.
        let is_widespread = |group: &Group| group.fault.as_ref().is_some_and(|fault| fault.share >= WIDESPREAD);
        let is_heard = |group: &Group| self.facts.is_of_account(&group.fields) || is_widespread(group);
        let mend_first: Vec<String> = groups
            .iter()
            .filter(|group| group.fault.is_some() && self.state(group) == State::Drift && is_heard(group))
            .flat_map(|group| match group.fields.as_slice() {
                [] => vec!["the files that could not be read".to_owned()],
                fields => fields.iter().filter(|name| self.is_input(name)).cloned().collect(),
            })
            .collect();
        let a_fault_is_clear = groups.iter().any(|group| self.is_clear(group));
        let mut ranked: Vec<(Rank, Incident)> =
            groups.iter().map(|group| (self.rank(group, a_fault_is_clear), self.incident(group, &mend_first))).collect();
        ranked.sort_by(|a, b| b.0.partial_cmp(&a.0).unwrap_or(std::cmp::Ordering::Equal).then_with(|| a.1.fields.cmp(&b.1.fields)));
        ranked.into_iter().map(|(_, incident)| incident).collect()
    }

    fn is_input(&self, name: &str) -> bool {
        self.facts.role(name).is_none_or(|role| role == FieldRole::Feature)
    }

    /// Faults of one kind that began together are one.
    fn faults(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for fault in faults(self.facts) {
            let began = self.when(&fault.fields);
            let same = |group: &&mut Group| {
                let kind = group.fault.as_ref().map(|other| other.fault);
                kind == Some(fault.fault) && !fault.fields.is_empty() && group.began.agrees_with(began, self.step_ms)
            };
            match groups.iter_mut().find(same) {
                Some(group) => {
                    group.fields.extend(fault.fields);
                    group.began = self.when(&group.fields);
                }
                None => groups.push(Group { fields: fault.fields.clone(), fault: Some(fault), began }),
            }
        }
        groups
    }

    /// Parts from the faults what another mix of a segment makes of sound fields: a carrier whose planes' age nobody knows flies more,
    /// and more ages are missing.
    fn mixed(&self, groups: Vec<Group>) -> (Vec<String>, Vec<Group>) {
        let by_mix = |group: &Group| {
            let is_partial = |fault: &Suspicion| fault.share < BY_MIX && !is_foreign(fault.fault);
            group.fault.as_ref().is_some_and(is_partial)
                && !group.fields.is_empty()
                && group.fields.iter().all(|name| self.comes_of_a_mix(name))
        };
        let (mixed, faults): (Vec<Group>, Vec<Group>) = groups.into_iter().partition(by_mix);
        (mixed.into_iter().flat_map(|group| group.fields).collect(), faults)
    }

    /// Whether nearly all of a field's change lies between the values of a segment whose mix moved.
    fn comes_of_a_mix(&self, name: &str) -> bool {
        let Some(baseline) = self.facts.baseline else { return false };
        let moved = |segment: &str| self.facts.verdict(segment).is_some_and(|field| field.state == State::Drift);
        segments::decompose(name, self.facts.profile(), baseline)
            .iter()
            .any(|one| moved(&one.segment) && one.between_beyond_chance() >= BETWEEN)
    }

    /// The segment that carries what happened to these fields, told by the first of them.
    fn carrier(&self, fields: &[String]) -> Option<CarriedBy> {
        segments::carried_by(&segments::decompose(fields.first()?, self.facts.profile(), self.facts.baseline?))
    }

    /// Fields that no fault explains, put together by when they began.
    fn together(&self, names: &[String]) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for name in names {
            let began = self.when(std::slice::from_ref(name));
            let belongs = |group: &&mut Group| group.began.agrees_with(began, self.step_ms) || self.is_alike(name, &group.fields);
            match groups.iter_mut().find(belongs) {
                Some(group) => {
                    group.fields.push(name.clone());
                    group.began = self.when(&group.fields);
                }
                None => groups.push(Group { fault: None, fields: vec![name.clone()], began }),
            }
        }
        groups
    }

    fn is_alike(&self, name: &str, others: &[String]) -> bool {
        let likeness = |other: &String| self.courses.get(name)?.likeness(self.courses.get(other)?);
        others.iter().filter_map(likeness).any(|likeness| likeness >= ALIKE)
    }

    /// The model's outputs follow the inputs that moved at the same time, first of all those that it relies on; where there are none, they
    /// follow a fault that may have come at the same time, or inputs that surely did. Outputs that follow nothing are an incident of
    /// their own.
    fn give_outputs(&self, groups: &mut Vec<Group>, outputs: Vec<String>) {
        let began = self.when(&outputs);
        let closeness = |group: &Group| {
            let has_inputs = group.fields.iter().any(|name| self.is_input(name));
            let at_once = group.began.agrees_with(began, self.step_ms);
            let surely = at_once && group.began.onset().is_some() && began.onset().is_some();
            let alike = outputs.iter().any(|output| self.is_alike(output, &group.fields));
            let loud = self.facts.moved().any(|field| group.fields.contains(&field.name)) || self.state(group) == self.facts.state;
            match (has_inputs && loud, self.facts.is_of_account(&group.fields)) {
                (true, true) if at_once || alike => 2,
                (true, false) if surely || alike || (at_once && group.fault.is_some()) => 1,
                _ => 0,
            }
        };
        let rank = |group: &Group| (closeness(group), self.facts.importance(&group.fields));
        let best = groups.iter_mut().max_by(|a, b| rank(a).partial_cmp(&rank(b)).unwrap_or(std::cmp::Ordering::Equal));
        match best.filter(|group| closeness(group) > 0) {
            _ if outputs.is_empty() => {}
            Some(group) => group.fields.extend(outputs),
            None => groups.push(Group { fault: None, fields: outputs, began }),
        }
    }

    fn state(&self, group: &Group) -> State {
        match &group.fault {
            Some(fault) if fault.fault == Fault::Unreadable => self
                .facts
                .quality
                .iter()
                .find(|finding| finding.field.is_none() && finding.share >= fault.share)
                .map_or(State::Warning, |finding| finding.state),
            // A fault that clearly shows is one, however little the model listens to the field.
            Some(_) if self.is_clear(group) => self.facts.state,
            _ => group
                .fields
                .iter()
                .map(|name| self.facts.raised_by(name))
                .max()
                .filter(|state| *state != State::Ok)
                .unwrap_or(State::Warning),
        }
    }

    /// Whether the data are clearly at fault in a field.
    fn is_clear(&self, group: &Group) -> bool {
        group.fault.is_some() && group.fields.iter().any(|name| self.facts.state_of(name) == State::Drift)
    }

    /// Outputs that moved beside a clear fault come last, whenever they did: what came of it is seen when it is mended. Otherwise louder
    /// first; then what the model relies on; then faults; then by how much of the importance is in it.
    fn rank(&self, group: &Group, a_fault_is_clear: bool) -> Rank {
        let has_inputs = group.fields.is_empty() || group.fields.iter().any(|name| self.is_input(name));
        (
            has_inputs || !a_fault_is_clear,
            self.state(group),
            self.facts.is_of_account(&group.fields),
            group.fault.is_some(),
            self.facts.importance(&group.fields),
        )
    }

    fn incident(&self, group: &Group, mend_first: &[String]) -> Incident {
        let state = self.state(group);
        let (inputs, outputs): (Vec<String>, Vec<String>) = group.fields.iter().cloned().partition(|name| self.is_input(name));
        let cause = if let Some(fault) = &group.fault {
            self.of_fault(fault, &group.fields)
        } else {
            of_move(self.facts, &Moved { inputs: &inputs, outputs: &outputs, began: group.began, step_ms: self.step_ms })
        };
        let action = action(self.facts, state, &cause, if inputs.is_empty() { &group.fields } else { &inputs }, mend_first);
        Incident { state, cause, action, fields: group.fields.clone(), began: group.began.onset(), segment: self.carrier(&group.fields) }
    }

    /// A fault as a cause: the evidence of the clearest field, and which others have it too.
    fn of_fault(&self, fault: &Suspicion, fields: &[String]) -> Cause {
        let others: Vec<&str> =
            fields.iter().filter(|name| !fault.fields.contains(name) && self.is_input(name)).map(String::as_str).collect();
        let also = if others.is_empty() { String::new() } else { format!("; the same happened to {}", crate::words::list(&others)) };
        Cause {
            kind: CauseKind::DataFault,
            evidence: format!("{}{also}", fault.evidence),
            confidence: fault.confidence,
            fault: Some(fault.fault),
        }
    }
}

/// Order of incidents: whether it may be main, state, whether the model relies on it, whether it is a fault, importance.
type Rank = (bool, State, bool, bool, f64);
