//! What little linear algebra the comparison needs, on plain vectors of a few dozen numbers.

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
