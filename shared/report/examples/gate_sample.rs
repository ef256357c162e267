//! Writes the page of a made-up candidate, to look at: `cargo run -p tidegate-report --example gate_sample -- gate.html`.
//! A word behind the file names another candidate: `fail`, `unclear`, `first`, `minutes`.

#![expect(clippy::print_stdout, reason = "an example talks to a person")]

#[path = "../tests/gate_fixture/mod.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::pedantic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "shared with the tests"
)]
mod gate_fixture;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| "gate.html".into());
    let case = match arguments.next().as_deref() {
        Some("fail") => gate_fixture::failing(),
        Some("unclear") => gate_fixture::unclear(),
        Some("first") => gate_fixture::first(),
        Some("minutes") => gate_fixture::minutes(),
        _ => gate_fixture::better(),
    };
    let html = case.html();
    println!("{path}: {} bytes", html.len());
    std::fs::write(path, html)
}
