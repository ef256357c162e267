//! SageMaker Model Monitor: its baseline files read, its outputs written.

mod constraints;
mod document;
mod import;
mod metrics;
mod quality;
mod rules;
mod statistics;
mod statistics_out;
mod violations;

pub use constraints::{Comparison, Constraints, FeatureConstraints, Method};
pub use document::{Document, ModelQuality};
pub use import::{Baselined, Columns, import};
pub use metrics::{DimensionSets, MetricLine, metrics};
pub use quality::quality_metrics;
pub use statistics::{Column, Distribution, InferredType, Names, Numbers, Statistics};
pub use statistics_out::statistics_json;
pub use violations::{ExecutionStatus, execution_status, violations_json};
