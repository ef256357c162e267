//! What every function's `main` needs and no function should write twice: settings, clients, partial batches of queues and streams,
//! events of objects and schedules, messages to queues, deadlines, logs and metrics.
//!
//! Nothing here knows what a model is. The environment is read in [`environment`] and the wall clock in
//! [`Deadline::of`], nowhere else in Tidegate's functions.

mod attempt;
mod batch;
mod clients;
mod deadline;
mod http;
mod lambda;
mod logs;
mod metrics;
mod objects;
mod queue;
mod schedule;
mod settings;
mod stream;

pub use batch::{Failure, MAX_BATCH_RECORDS, chain, serve_batch, serve_messages};
pub use clients::aws_config;
pub use deadline::Deadline;
pub use http::HttpRequest;
pub use lambda::serve;
pub use logs::start_logs;
pub use metrics::{METRICS_TARGET, Metric, MetricsError, Unit, emit, metrics_line, metrics_lines};
pub use objects::{NoObjectEvent, ObjectName, objects_of};
pub use queue::{NotTaken, send_all};
pub use schedule::{Schedule, WrongSchedule};
pub use settings::{SettingProblem, Variables, WrongSettings, environment};
pub use stream::serve_stream;
