//! An AWS account inside the process, for the demo and the tests: real SDK clients, real functions, and services that live on
//! a folder. Nothing leaves the process, and no port is opened unless somebody starts the [`Server`] of the approver's page.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use tidegate_local_account::{LOGS, LocalAccount};
//!
//! let account = LocalAccount::start("state".as_ref()).await?;
//! account.s3.put_object().bucket(LOGS).key("flight-delay/00.jsonl").body(Vec::from("{}\n").into()).send().await?;
//! account.settle().await?; // collect has run; look at state/s3/lake
//! # Ok(())
//! # }
//! ```
//!
//! What it does not do: permissions, time limits, streams, versions of objects, waiting. The deployed rig does those.

mod account;
mod dispatcher;
mod error;
mod events;
mod faults;
mod functions;
mod keys;
mod queues;
mod schedules;
mod secrets;
mod server;
mod services;
mod storage;
mod stream;
mod table;
mod topics;

pub use account::{ARTIFACTS, AUDIT, LAKE, LOGS, LocalAccount, MAX_RECEIVES, MODELS, Queue, Setup, TABLE};
pub use dispatcher::Delivered;
pub use error::LocalAccountError;
pub use events::ACCOUNT;
pub use faults::{Dice, Fault, Faults, Moment, Odds};
pub use functions::{DECISION_PORT, DECISION_URL, LINK_KID, MLFLOW_SECRET, decision_topic};
pub use keys::{LINK_KEY, SIGNING_KEY};
pub use server::Server;
pub use services::{REGION, Service, Services};
pub use topics::Mail;
