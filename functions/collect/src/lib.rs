//! `collect`: objects in; typed records, profiles, quarantine and receipts out.
//!
//! Woken by the queue that S3's notifications go to. See the README beside this crate for what it reads and writes, and
//! `log_object.rs` for why any order and number of deliveries leaves the same lake.

mod error;
mod halves;
mod handler;
mod joined;
mod log_object;
mod outputs;
mod publication;
mod reading;
mod request;
mod settings;
mod spill;
mod stored_baseline;
mod training;
mod truth;
mod window;

pub use error::CollectError;
pub use handler::Collector;
pub use request::PublishRequest;
pub use settings::Settings;
