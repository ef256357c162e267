//! `webhook`: what MLflow tells of its model versions over HTTP becomes a message of `registry`'s queue, once its signature is verified.
//!
//! It believes nothing and does nothing else. What comes of the message is `registry`'s business. See the README beside this crate.

mod error;
mod handler;
mod http;
mod secret;
mod settings;
mod signature;

pub use error::WebhookError;
pub use handler::Webhook;
pub use http::Answer;
pub use settings::Settings;
