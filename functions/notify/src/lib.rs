//! `notify`: tells people and programs what the registry has committed.
//!
//! The table's stream is the outbox. Each record becomes news (`news.rs`: pure), and each piece of news goes out once, as far as its
//! channel allows: a mark in the table says that it went. What cannot be marked in the same moment as it is sent may go out twice
//! after a crash; a repeated message says the same words, a repeated link is the same link, a repeated event has the same id.

mod champion;
mod channels;
mod committed;
mod error;
mod handler;
mod incident;
mod links;
mod message;
mod news;
mod settings;
mod subscribed;
mod words;

pub use error::NotifyError;
pub use handler::{Clients, Notifier, NotifyAnswer, NotifyEvent};
pub use incident::{Incident, Seen, Told, look};
pub use message::{Message, Severity};
pub use news::{EVENT_SOURCE, News, Outlet};
pub use settings::Settings;
