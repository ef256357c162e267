//! Linear models.

use super::{Call, Classes, Kernel, PostTransform, Settings, classified};
use crate::error::Fault;
use crate::tensor::{Data, Tensor, elements, single};

/// One row of weights, and what is added, for each score.
struct Weights {
    coefficients: Vec<f64>,
    intercepts: Vec<f64>,
    scores: usize,
}

impl Weights {
    fn read(settings: &Settings<'_>, scores: usize) -> Result<Self, Fault> {
        let coefficients = settings.numbers("coefficients")?;
        let mut intercepts = settings.numbers("intercepts")?;
        if intercepts.is_empty() {
            intercepts = vec![0.0; scores];
        }
        if scores == 0 || coefficients.is_empty() || !coefficients.len().is_multiple_of(scores) || intercepts.len() != scores {
            let found = format!("{} coefficients and {} intercepts", coefficients.len(), intercepts.len());
            return Err(Fault::new(found, format!("as many for each of {scores} scores")));
        }
        Ok(Self { coefficients, intercepts, scores })
    }

    fn scores(&self, call: &Call<'_>) -> Result<(usize, Vec<f64>), Fault> {
        let tensor = call.tensor(0)?;
        let (rows, columns) = match *tensor.shape() {
            [columns] => (1, columns),
            _ => tensor.table()?,
        };
        let expected = self.coefficients.len() / self.scores;
        if columns != expected {
            return Err(Fault::new(format!("{columns} columns"), format!("{expected}, as many as coefficients")));
        }
        elements(&[rows, self.scores])?;
        call.spend_product(rows, columns, self.scores)?;
        let values = tensor.numbers()?;
        let mut scores = Vec::with_capacity(rows * self.scores);
        for row in values.chunks_exact(columns) {
            let lines = self.coefficients.chunks_exact(columns).zip(&self.intercepts);
            scores
                .extend(lines.map(|(line, intercept)| intercept + line.iter().zip(row).map(|(weight, value)| weight * value).sum::<f64>()));
        }
        Ok((rows, scores))
    }
}

pub(super) fn classifier(settings: &Settings<'_>) -> Result<Kernel, Fault> {
    let classes = Classes::read(settings)?;
    let transform = PostTransform::read(settings)?;
    let intercepts = settings.numbers("intercepts")?.len();
    let weights = Weights::read(settings, if intercepts == 0 { classes.len() } else { intercepts })?;
    if weights.scores != classes.len() && !(weights.scores == 1 && classes.len() == 2) {
        return Err(Fault::new(format!("{} intercepts for {} classes", weights.scores, classes.len()), "as many of both"));
    }
    Ok(Box::new(move |call| {
        let (_, scores) = weights.scores(call)?;
        classified(&classes, transform, &scores, weights.scores, false)
    }))
}

pub(super) fn regressor(settings: &Settings<'_>) -> Result<Kernel, Fault> {
    let transform = PostTransform::read(settings)?;
    let weights = Weights::read(settings, usize::try_from(settings.int("targets", 1)).unwrap_or(0))?;
    Ok(Box::new(move |call| {
        let (rows, mut scores) = weights.scores(call)?;
        scores.chunks_exact_mut(weights.scores).for_each(|row| transform.apply(row));
        Ok(vec![Tensor::new(vec![rows, weights.scores], Data::Float(scores.into_iter().map(single).collect()))?])
    }))
}
