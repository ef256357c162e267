//! Whole flows on the local account: real functions, real SDK clients, services inside the process.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod candidates;
mod closing;
mod crash_points;
mod datasets;
mod decisions;
mod deliveries;
mod demo_data;
mod elsewhere;
mod endpoints;
mod faults_by_chance;
mod halves;
mod history;
mod inputs;
mod large_objects;
mod live;
mod moved_in;
mod notify;
mod performance;
mod policies;
mod promotion;
mod quality;
mod registry;
