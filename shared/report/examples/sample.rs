//! Writes a page of made-up July flights, to look at: `cargo run -p tidegate-report --example sample -- july.html`.

#![expect(clippy::print_stdout, reason = "an example talks to a person")]

#[path = "../tests/fixture/mod.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "shared with the tests"
)]
mod fixture;

use tidegate_contract::Sensitivity;
use tidegate_monitoring::{ActionKind, Cause, CauseKind, State};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| "report.html".into());
    let kind = arguments.next().unwrap_or_default();
    let mut story = fixture::story();
    match kind.as_str() {
        "restricted" => story.contract.sensitivity = Sensitivity::Restricted,
        "ok" => {
            story.verdict.state = State::Ok;
            story.verdict.headline = "Nothing that matters moved.".into();
            story.verdict.action.kind = ActionKind::None;
            story.verdict.action.sentence = "The model sees the data it was trained for.".into();
            story.verdict.cause =
                Cause { kind: CauseKind::None, evidence: "All 8 fields are as in the baseline.".into(), confidence: 1.0, fault: None };
            story.verdict.quality.clear();
            story.verdict.fields.retain(|field| field.state == State::Ok);
        }
        "many" => {
            let fields = story.verdict.fields.clone();
            for round in 1..25 {
                for field in &fields {
                    let mut field = field.clone();
                    for profiles in [&mut story.current.fields, &mut story.baseline.profile.fields] {
                        let copy = profiles.iter().find(|profile| profile.name == field.name).cloned();
                        profiles.extend(copy.map(|copy| tidegate_profile::FieldProfile { name: format!("{}_{round}", copy.name), ..copy }));
                    }
                    let cells =
                        story.baseline.profile.fields.iter().zip(&story.baseline.fields).find(|(profile, _)| profile.name == field.name);
                    story.baseline.fields.extend(cells.map(|(_, cells)| cells.clone()));
                    field.name = format!("{}_{round}", field.name);
                    story.verdict.fields.push(field);
                }
            }
        }
        "none" => {
            story.verdict.state = State::NoData;
            story.verdict.records = 0;
            story.verdict.versions.clear();
            story.verdict.fields.clear();
            story.verdict.quality.clear();
            story.verdict.trail.clear();
            story.verdict.headline = "No record arrived in this window.".into();
        }
        _ => {}
    }
    let html = tidegate_report::render(&story.page());
    println!("{path}: {} bytes", html.len());
    std::fs::write(path, html)
}
