//! A small world with models of a known strength in it.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing, reason = "each test uses a part of it, and stops at the first surprise")]

use std::f64::consts::TAU;

use tidegate_contract::Task;
use tidegate_statistics::random::Random;
use tidegate_validation::{Column, Evaluation, Ids, Labels, Reading, Table};

/// Rows with an outcome, of which three in ten are positive; six carriers, three origins and a rare fourth.
pub(crate) struct World {
    pub(crate) positive: Vec<bool>,
    /// What every model sees alike.
    pub(crate) common: Vec<f64>,
}

pub(crate) fn normal(random: &mut Random) -> f64 {
    (2.0 * random.exponential()).sqrt() * (TAU * random.uniform()).cos()
}

impl World {
    pub(crate) fn new(seed: u64, rows: usize) -> Self {
        let mut random = Random::new(seed, "world");
        let positive = (0..rows).map(|_| random.uniform() < 0.3).collect();
        let common = (0..rows).map(|_| normal(&mut random)).collect();
        Self { positive, common }
    }

    pub(crate) fn rows(&self) -> usize {
        self.positive.len()
    }

    /// Scores that tell the classes apart by `strength` standard deviations, of whose noise the models share 1 − `own`.
    pub(crate) fn scores(&self, strength: impl Fn(usize) -> f64, seed: u64, own: f64) -> Vec<f64> {
        let mut random = Random::new(seed, "model");
        let each = self.positive.iter().zip(&self.common).enumerate();
        each.map(|(row, (positive, common))| {
            let noise = (1.0 - own).sqrt() * common + own.sqrt() * normal(&mut random);
            let strength = strength(row);
            let signal = if *positive { strength / 2.0 } else { -strength / 2.0 };
            // The log odds of the row, had it been drawn from these two bells.
            1.0 / (1.0 + (-(strength.max(0.5) * (signal + noise)) + 0.4).exp())
        })
        .collect()
    }

    fn table(&self, scores: &[f64], order: &[usize]) -> Table {
        let label = |row: &usize, names: &[&str]| Some(names[row % names.len()].to_owned());
        let origin = |row: &usize| if row % 97 == 5 && *row < 4_000 { Some("TTN".to_owned()) } else { label(row, &["EWR", "JFK", "LGA"]) };
        Table {
            ids: order.iter().map(|row| format!("row-{row:04}")).collect::<Ids>(),
            actual: Some(Column::Numbers(order.iter().map(|row| f64::from(u8::from(self.positive[*row]))).collect())),
            score: Some(order.iter().map(|row| scores[*row]).collect()),
            groups: vec![
                ("origin".to_owned(), order.iter().map(origin).collect::<Labels>()),
                ("carrier".to_owned(), order.iter().map(|row| label(row, &["C0", "C1", "C2", "C3", "C4", "C5"])).collect::<Labels>()),
            ],
            ..Table::default()
        }
    }

    fn read(&self, scores: &[f64], order: &[usize]) -> Evaluation {
        self.table(scores, order).read(&Reading::new(Task::Binary)).unwrap()
    }

    pub(crate) fn model(&self, strength: f64, seed: u64) -> Evaluation {
        self.near(strength, seed, 0.5)
    }

    pub(crate) fn near(&self, strength: f64, seed: u64, own: f64) -> Evaluation {
        self.read(&self.scores(|_| strength, seed, own), &(0..self.rows()).collect::<Vec<_>>())
    }

    pub(crate) fn model_by(&self, seed: u64, strength: impl Fn(usize) -> f64) -> Evaluation {
        self.read(&self.scores(strength, seed, 0.5), &(0..self.rows()).collect::<Vec<_>>())
    }

    pub(crate) fn some(&self, strength: f64, seed: u64, keep: impl Fn(usize) -> bool) -> Evaluation {
        self.read(&self.scores(|_| strength, seed, 0.5), &(0..self.rows()).filter(|row| keep(*row)).collect::<Vec<_>>())
    }

    /// Scores of one origin are raised, in log odds.
    pub(crate) fn biased(&self, strength: f64, seed: u64, by: f64) -> Evaluation {
        let mut scores = self.scores(|_| strength, seed, 0.5);
        for (_, score) in scores.iter_mut().enumerate().filter(|(row, _)| row % 3 == 1) {
            let odds = (*score / (1.0 - *score)).ln() + by;
            *score = 1.0 / (1.0 + (-odds).exp());
        }
        self.read(&scores, &(0..self.rows()).collect::<Vec<_>>())
    }
}

/// A model's rows in another order.
pub(crate) fn shuffled(world: &World, strength: f64, seed: u64, order: u64) -> Evaluation {
    let mut random = Random::new(order, "order");
    let mut rows: Vec<(u64, usize)> = (0..world.rows()).map(|row| (random.bits(), row)).collect();
    rows.sort_unstable();
    let order: Vec<usize> = rows.into_iter().map(|(_, row)| row).collect();
    world.read(&world.scores(|_| strength, seed, 0.5), &order)
}
