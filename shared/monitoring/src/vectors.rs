//! What little linear algebra the comparison needs, on plain vectors of a few dozen numbers.

/// Iterations of the power method; the direction need not be exact to be orthogonal to the others.
const POWER_ITERATIONS: usize = 30;

/// The inner product of two vectors of the same length.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The inner product of a vector with itself.
pub(crate) fn squared_length(vector: &[f64]) -> f64 {
    dot(vector, vector)
}

/// What is left of a vector when its parts along the basis are taken out.
pub(crate) fn residual(vector: &[f64], basis: &[Vec<f64>]) -> Vec<f64> {
    let mut rest = vector.to_vec();
    for unit in basis {
        let along = dot(&rest, unit);
        for (value, unit) in rest.iter_mut().zip(unit) {
            *value -= along * unit;
        }
    }
    rest
}

/// The vector made orthogonal to the basis and of length 1; `None` when it lies in the basis.
pub(crate) fn orthonormal(vector: &[f64], basis: &[Vec<f64>]) -> Option<Vec<f64>> {
    let before = squared_length(vector).sqrt();
    // Twice: once leaves rounding errors as large as the rest itself when the vector nearly lies in the basis.
    let rest = residual(&residual(vector, basis), basis);
    let length = squared_length(&rest).sqrt();
    (length > 1e-9 * before.max(f64::MIN_POSITIVE)).then(|| rest.iter().map(|value| value / length).collect())
}

/// The direction in which the periods' rests are longest, leaving one period out: the power method.
pub(crate) fn main_variation(rests: &[Vec<f64>], left_out: Option<usize>, basis: &[Vec<f64>]) -> Option<Vec<f64>> {
    let used = || rests.iter().enumerate().filter(|(index, _)| Some(*index) != left_out).map(|(_, rest)| rest);
    let longest = used().max_by(|a, b| squared_length(a).total_cmp(&squared_length(b)))?;
    let mut unit = orthonormal(longest, basis)?;
    for _ in 0..POWER_ITERATIONS {
        let mut next = vec![0.0; unit.len()];
        for rest in used() {
            let along = dot(rest, &unit);
            for (sum, value) in next.iter_mut().zip(rest) {
                *sum += along * value;
            }
        }
        unit = orthonormal(&next, basis)?;
    }
    Some(unit)
}
