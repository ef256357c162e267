//! How often verdicts alarm falsely, and what they see: simulated windows, other tools' default rules beside the engine.

mod peers;
mod samples;
mod shapes;
mod tables;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tidegate_contract::Contract;
use tidegate_monitoring::{State, Verdict};
use tidegate_profile::Baseline;

use self::peers::{RULES, Reference, Said};
use self::shapes::{FEATURES, Shape, names};
use crate::engine::{self, Feature, UNTIMED};
use crate::random::Random;

/// Records of every baseline.
const BASELINE: usize = 10_000;

/// Window sizes, with the number of windows per shape and size.
const SIZES: [(usize, u32); 10] =
    [(50, 400), (100, 400), (200, 400), (500, 400), (1_000, 300), (2_000, 200), (5_000, 100), (10_000, 60), (100_000, 12), (1_000_000, 2)];

/// A baseline is drawn anew after so many windows: its own chance is part of what is asked.
const WINDOWS_PER_BASELINE: u32 = 20;

/// Window sizes at which power is measured, with the number of windows per shape and shift.
const POWER_SIZES: [(usize, u32); 2] = [(1_000, 200), (10_000, 60)];

/// Shifts of one feature in thirty, in standard deviations (names: Cohen's w).
const SHIFTS: [f64; 8] = [0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5];

/// False alarms and power, the engine beside other tools' default rules, as tables and plots
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What chance begins with
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Share of the windows to simulate, at least one of each kind
    #[arg(long, default_value_t = 1.0)]
    share: f64,
    /// Where the tables and plots are written
    #[arg(long, value_name = "FOLDER", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/results"))]
    out: PathBuf,
    /// Write samples and what the restated rules say of them into this file instead, for `power_peers.py`
    #[arg(long, value_name = "FILE")]
    samples: Option<PathBuf>,
}

/// One kind of window: windows of it are drawn and counted together.
#[derive(Debug, Clone, Copy)]
struct Kind {
    shape: Shape,
    rows: usize,
    shift: f64,
    windows: u32,
}

/// The engine's two loud states and the rules, in the order of the tables: drift, warning or drift, then [`RULES`].
const JUDGES: usize = OF_ENGINE + RULES.len();

/// How many of them are the engine's.
const OF_ENGINE: usize = 2;

/// Who alarms, in that order.
type Alarms = [bool; JUDGES];

/// Alarms of each, in that order, and how often each was asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    asked: u32,
    alarms: [u32; JUDGES],
}

impl Tally {
    fn add(&mut self, alarms: Option<&Alarms>) {
        let Some(alarms) = alarms else { return };
        self.asked += 1;
        self.alarms.iter_mut().zip(alarms).for_each(|(sum, alarm)| *sum += u32::from(*alarm));
    }

    /// Percentage of alarms of one judge.
    fn percent(&self, judge: usize) -> f64 {
        100.0 * self.alarms.get(judge).map_or(0.0, |alarms| f64::from(*alarms)) / f64::from(self.asked.max(1))
    }
}

/// What was counted over the windows of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counted {
    /// Features, each judged as if it were its model's only one.
    alone: Tally,
    /// Windows of thirty features: alarms on any of them.
    any: Tally,
    /// Windows of thirty features: alarms on the first.
    first: Tally,
}

/// Simulates and writes the tables and plots.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<String> {
    if let Some(file) = &arguments.samples {
        return samples::write(file, arguments.seed);
    }
    let null = SIZES.iter().map(|&(rows, windows)| (rows, 0.0, windows));
    let shifted = POWER_SIZES.iter().flat_map(|&(rows, windows)| SHIFTS.iter().map(move |&shift| (rows, shift, windows)));
    let of_shape: Vec<(usize, f64, u32)> = null.chain(shifted).collect();
    let kinds = Shape::ALL.iter().flat_map(|&shape| {
        of_shape.iter().map(move |&(rows, shift, windows)| Kind { shape, rows, shift, windows: thinned(windows, arguments.share) })
    });
    let counted = simulate(arguments.seed, &kinds.collect::<Vec<_>>())?;
    tables::write(&arguments.out, arguments.seed, arguments.share, &counted)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small count")]
fn thinned(windows: u32, share: f64) -> u32 {
    (f64::from(windows) * share).ceil().max(1.0) as u32
}

/// Counts every kind; the order in which threads take them changes nothing.
fn simulate(seed: u64, kinds: &[Kind]) -> anyhow::Result<Vec<(Kind, Counted)>> {
    // The largest first, so that no thread is left alone with it at the end.
    let mut order: Vec<usize> = (0..kinds.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(kinds.get(index).map_or(0, |kind| kind.rows * kind.windows as usize)));
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let work = || {
        while let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Some(&kind) = kinds.get(index) else { continue };
            let counted = count(seed, kind);
            if let Ok(mut done) = done.lock() {
                done.push((index, kind, counted));
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let mut done = done.into_inner().map_err(|_| anyhow::anyhow!("a thread of the study panicked"))?;
    done.sort_by_key(|(index, _, _)| *index);
    done.into_iter().map(|(_, kind, counted)| Ok((kind, counted?))).collect()
}

/// Draws the windows of one kind, and counts who alarms.
fn count(seed: u64, kind: Kind) -> anyhow::Result<Counted> {
    let features: Vec<Feature> = names().map(|name| Feature { path: name.clone(), name, kind: kind.shape.kind() }).collect();
    let contract = engine::contract(&features)?;
    let alone: Vec<Contract> =
        features.iter().map(|feature| engine::contract(std::slice::from_ref(feature))).collect::<anyhow::Result<_>>()?;
    let mut random = Random::new(seed, &[kind.shape as u64, kind.rows as u64, kind.shift.to_bits()]);
    let mut counted = Counted::default();
    let mut against: Option<(Baseline, Vec<Reference>)> = None;
    for window in 0..kind.windows {
        let (baseline, references) = match &mut against {
            Some(against) if !window.is_multiple_of(WINDOWS_PER_BASELINE) => against,
            _ => {
                let table = kind.shape.table(&mut random, BASELINE, 0.0);
                let references = table.columns.iter().map(|(_, column)| Reference::new(column)).collect();
                against.insert((table.baseline(&contract)?, references))
            }
        };
        let table = kind.shape.table(&mut random, kind.rows, kind.shift);
        let profile = table.profile(&contract, baseline)?;
        let verdict = engine::judge(&contract, baseline, UNTIMED, profile.clone());
        let said: Vec<Said> = references.iter().zip(&table.columns).map(|(reference, (_, column))| reference.say(column)).collect();
        let together = features.iter().zip(&said).map(|(feature, said)| alarms(&verdict, &feature.name, said.among(FEATURES)));
        let together: Vec<Alarms> = together.collect();
        counted.first.add(together.first());
        let any = |judge: usize| together.iter().any(|alarms| alarms.get(judge) == Some(&true));
        counted.any.add(Some(&std::array::from_fn(any)));
        if kind.shift > 0.0 {
            continue;
        }
        for ((feature, contract), said) in features.iter().zip(&alone).zip(&said) {
            let (baseline, profile) = (engine::only(baseline, &feature.name), engine::only_profile(&profile, &feature.name));
            let verdict = engine::judge(contract, &baseline, UNTIMED, profile);
            counted.alone.add(Some(&alarms(&verdict, &feature.name, said.among(1))));
        }
    }
    Ok(counted)
}

/// What the engine and the rules say of one feature.
fn alarms(verdict: &Verdict, feature: &str, rules: [bool; RULES.len()]) -> Alarms {
    let state = verdict.fields.iter().find(|field| field.name == feature).map(|field| field.state);
    let engine = [state == Some(State::Drift), matches!(state, Some(State::Warning | State::Drift))];
    let mut alarms = Alarms::default();
    alarms.iter_mut().zip(engine.into_iter().chain(rules)).for_each(|(slot, alarm)| *slot = alarm);
    alarms
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The study in small: every shape, few windows of few sizes.
    #[test]
    fn nothing_alarms_without_change_and_a_large_shift_is_always_called() {
        let kind = |shape: Shape, rows: usize, shift: f64| Kind { shape, rows, shift, windows: 8 };
        let null = Shape::ALL.into_iter().flat_map(|shape| [50, 500].map(|rows| kind(shape, rows, 0.0)));
        let shifted = Shape::ALL.into_iter().map(|shape| kind(shape, 1_000, 0.5));
        let counted = simulate(3, &null.chain(shifted).collect::<Vec<_>>()).unwrap();
        let alarms: u32 = counted.iter().filter(|(kind, _)| kind.shift <= 0.0).map(|(_, counted)| counted.any.alarms[0]).sum();
        // The study's goal: at most one window in twenty.
        assert!(alarms * 20 <= 96, "{alarms} of 96 windows falsely alarmed");
        for (kind, counted) in counted.iter().filter(|(kind, _)| kind.shift > 0.0) {
            assert_eq!(counted.first.alarms[0], 8, "{kind:?} {counted:?}");
        }
    }
}
