//! What other registries tell of their versions: each that is registered there is submitted here as a candidate, and what is rejected there is
//! rejected here.
//!
//! ```text
//! event ─ sagemaker, mlflow ─▶ said ─▶ note: all that was said of a version, in whatever order it came
//!                                        │
//!              rejected there ◀──────────┼──────────▶ plan ─▶ files taken over, manifest.json written last ─▶ validate
//!        (rejecting.rs: the ordinary     │
//!         commands)                      └──────────▶ what is missing or wrong: a refusal in the registry
//! ```
//!
//! The first four are pure. A note is the latest of everything that was said ([`note`]), so that events which come twice, late or in another order leave
//! the same one, and everything that follows is a function of it and the contract. An approval there is none here: no person's name is on it.

mod address;
mod heeding;
mod mlflow;
mod note;
mod plan;
mod rejecting;
mod sagemaker;
mod said;
mod taking;

pub(crate) use said::{Heard, hear};
