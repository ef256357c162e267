//! Decision links: what a link says, what its MAC covers, how its token is written and read, and what a person must show beside it.
//!
//! `notify` makes a link: it asks the key service for the MAC of [`Link::message`] and mails [`Link::token`]. `approve` rebuilds the same
//! [`Link`] from the registry's table, never from the token, and asks the key service to verify. So a row that was changed after the
//! mail no longer verifies, and neither function can do the other's part: one may only generate MACs, the other only verify them.
//!
//! Pure: no key, no clock, no randomness. The same request and approver always give the same link and the same [`Code`], so that a
//! mail that is sent twice says the same twice.

mod code;
mod demand;
mod fields;
mod link;
mod token;

pub use code::{Code, WrongCode};
pub use demand::Demand;
pub use link::{Link, LinkId, Subject};
pub use token::{MAC_BYTES, Mac, NoToken, Token};
