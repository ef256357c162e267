//! Writes a page of made-up July flights, to look at: `cargo run -p tidegate-report --example sample -- july.html`.
//! A word behind the file names another state: `ok`, `season`, `few`, `none`, `restricted`, `many`.

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

use tidegate_contract::{BaselineKind, Sensitivity};
use tidegate_monitoring::{Action, ActionKind, BaselineReference, Cause, CauseKind, Opinion, State};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| "report.html".into());
    let kind = arguments.next().unwrap_or_default();
    let mut story = fixture::story();
    match kind.as_str() {
        "restricted" => story.contract.sensitivity = Sensitivity::Restricted,
        "ok" => {
            calm(&mut story);
            story.verdict.headline = "The 29,425 records of flight-delay look like its baseline.".into();
            story.verdict.cause.evidence = "nothing moved by more than the baseline's own periods differ and by as much as matters".into();
        }
        "season" => {
            calm(&mut story);
            story.verdict.headline = "The 940 records of flight-delay look as at this time of every week.".into();
            story.verdict.cause = Cause {
                kind: CauseKind::Season,
                evidence:
                    "dep_delay and score differ from the training set as at this time of every week, and over the whole week they do not"
                        .into(),
                confidence: 0.9,
                fault: None,
            };
            story.verdict.action.kind = ActionKind::Watch;
            story.verdict.action.sentence = "Note it; it moves like this every week.".into();
            story.verdict.records = 940;
            story.verdict.windows_corrected = 30.0;
            story.verdict.window.start_ms = story.verdict.window.end_ms - fixture::DAY_MS;
            let before = story.verdict.baselines.last().cloned();
            story.verdict.baselines.extend(before.map(|before| BaselineReference {
                kind: BaselineKind::Seasonal,
                location: "the same hours of 6 past weeks".into(),
                ..before
            }));
            for field in &mut story.verdict.fields {
                if field.name == "dep_delay" || field.name == "score" {
                    let before = field.opinions.last().cloned();
                    field.opinions.extend(before.map(|before| Opinion { baseline: BaselineKind::Seasonal, ..before }));
                    field.baseline = Some(BaselineKind::Seasonal);
                    field.season = true;
                    field.sentence.push_str(", as at this time of every week");
                }
            }
        }
        "few" => {
            calm(&mut story);
            story.verdict.state = State::InsufficientData;
            story.verdict.headline = "212 records of flight-delay are too few to tell whether anything that matters moved.".into();
            story.verdict.cause.evidence = "there are too few records to tell".into();
            story.verdict.action.kind = ActionKind::Supply;
            story.verdict.action.sentence = "Judge a longer window, or wait for more records.".into();
            story.verdict.records = 212;
            for (index, field) in story.verdict.fields.iter_mut().enumerate() {
                field.state = State::InsufficientData;
                field.sentence = "too few values to tell".into();
                field.smallest_visible = Some(0.11 + 0.02 * index as f64);
                field.opinions.clear();
            }
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
            story.verdict.incidents.clear();
            story.verdict.segments.clear();
            story.verdict.headline = "No record of flight-delay arrived.".into();
            story.verdict.cause =
                Cause { kind: CauseKind::None, evidence: "no record arrived in this window".into(), confidence: 1.0, fault: None };
            story.verdict.action.sentence =
                "Find out whether the application still runs and still writes its scoring logs under flight-delay/.".into();
        }
        _ => {}
    }
    let html = tidegate_report::render(&story.page());
    println!("{path}: {} bytes", html.len());
    std::fs::write(path, html)
}

/// The same window with nothing to act on.
fn calm(story: &mut fixture::Story) {
    let verdict = &mut story.verdict;
    verdict.state = State::Ok;
    verdict.action = Action { kind: ActionKind::None, sentence: "Nothing needs to be done.".into() };
    verdict.cause = Cause { kind: CauseKind::None, evidence: String::new(), confidence: 1.0, fault: None };
    verdict.incidents.clear();
    verdict.segments.clear();
    verdict.quality.clear();
    verdict.importance_moved = 0.0;
    for field in &mut verdict.fields {
        field.state = State::Ok;
        if field.name != "dep_delay" && field.name != "score" {
            field.opinions.clear();
        }
    }
}
