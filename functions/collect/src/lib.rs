//! `collect`: objects in, typed records, profiles, quarantine and receipts out.

mod handler;
mod settings;

pub use handler::Collector;
pub use settings::Settings;
