//! The approver's pages: what they say, what they never carry, and that no stranger's text becomes markup.

#![expect(clippy::indexing_slicing, reason = "a test stops at the first surprise")]

#[allow(unreachable_pub, clippy::pedantic, reason = "shared with the other pages' tests")]
mod checks;
#[allow(dead_code, unreachable_pub, missing_docs, clippy::pedantic, clippy::expect_used, reason = "shared with the example")]
mod gate_fixture;

use std::collections::BTreeMap;

use checks::{POISON, checked};
use tidegate_approval::Demand;
use tidegate_contract::Metric;
use tidegate_report::{
    Decision, DecisionForm, DecisionPage, ModelCard, Mood, Notice, Said, Seen, Voter, after_approval, decision_page, notice_page,
    still_to_say,
};
use tidegate_validation::GateReport;

const HOUR_MS: i64 = 3_600_000;
const NOW_MS: i64 = 1_375_354_800_000;

/// A page about a report, with one text wherever a stranger's text may stand.
fn page(report: &GateReport, text: &str, demand: Demand, complaint: Option<&str>) -> String {
    let parameters = BTreeMap::new();
    let card = card(text, &parameters);
    let voters =
        [Voter { person: text, said: None }, Voter { person: "risk@example.com", said: Some(Said { approved: true, at_ms: NOW_MS }) }];
    let decision = Decision { you: text, model: text, voters: &voters, ..decision(&card) };
    let approve = complaint.map(|_| true);
    let form = DecisionForm { complaint, approve, reason: text, demand, ..form() };
    let drift = Some(Seen { headline: text, end_ms: NOW_MS - 48 * HOUR_MS });
    decision_page(&DecisionPage { decision: &decision, report, primary: Some(Metric::RocAuc), drift, form: &form })
}

fn card<'a>(text: &'a str, parameters: &'a BTreeMap<String, String>) -> ModelCard<'a> {
    ModelCard {
        run: text,
        submitter: text,
        artifact_writer: text,
        submitted_at_ms: NOW_MS - 3 * HOUR_MS,
        code_revision: Some(text),
        framework: None,
        parameters,
        training_set: Some(text),
        manifest: None,
        artifact: text,
        files: &[],
    }
}

fn decision<'a>(card: &'a ModelCard<'a>) -> Decision<'a> {
    Decision {
        now_ms: NOW_MS,
        stage: "prod",
        model: "flight-delay",
        version: 8,
        champion: Some(7),
        you: "lead@example.com",
        needed: 2,
        voters: &[],
        asked_at_ms: NOW_MS - 2 * HOUR_MS,
        expires_at_ms: NOW_MS + 70 * HOUR_MS,
        hold_ms: 0,
        evidence: "e",
        card,
    }
}

fn form() -> DecisionForm<'static> {
    DecisionForm {
        action: "/decision?t=TOKEN#decide",
        report: "/decision/report?t=TOKEN",
        demand: Demand::Code,
        complaint: None,
        approve: None,
        reason: "",
    }
}

#[test]
fn no_strangers_text_becomes_markup_on_any_page() {
    for case in [gate_fixture::better(), gate_fixture::failing(), gate_fixture::unclear(), gate_fixture::first(), gate_fixture::minutes()] {
        for demand in [Demand::Code, Demand::TypedName, Demand::Button] {
            for text in ["plain", POISON] {
                checked(&page(&case.report, text, demand, Some(text)));
            }
        }
    }
    let voters = [Voter { person: POISON, said: None }];
    let (says, facts) = ([POISON.to_owned()], [("Recorded for", POISON.to_owned())]);
    for mood in [Mood::Recorded, Mood::Over, Mood::Refused] {
        let notice = Notice {
            mood,
            about: POISON,
            title: POISON,
            says: &says,
            facts: &facts,
            voters: &voters,
            you: POISON,
            next: POISON,
            report: Some("/decision/report?t=TOKEN"),
        };
        checked(&notice_page(&notice));
    }
}

#[test]
fn the_question_comes_first_and_the_form_asks_what_its_stage_demands() {
    let report = gate_fixture::better().report;
    let code = page(&report, "lead@example.com", Demand::Code, None);
    let at = |html: &str, text: &str| html.find(text).unwrap_or_else(|| panic!("no {text}"));
    assert!(at(&code, "Should version 8 become champion, in place of version 7?") < at(&code, "Beside the champion</h2>"));
    assert!(at(&code, "What the gate checked") < at(&code, "<form"));
    assert!(code.contains("in 2 days and 22 hours") && code.contains("What monitoring saw before"));
    assert!(code.contains(r#"name="code" required"#) && !code.contains(r#"name="name""#));
    let name = page(&report, "m", Demand::TypedName, None);
    assert!(name.contains("<code>m 8</code>") && !name.contains(r#"name="code""#));
    let button = page(&report, "m", Demand::Button, Some("Choose."));
    assert!(!button.contains(r#"type="text""#) && button.contains("Nothing was recorded yet."));
    assert_eq!(button.matches("required checked").count(), 1, "what was chosen before is chosen again");
    // Nothing is chosen beforehand: nobody decides by pressing Enter.
    assert!(!code.contains("required checked"));
    assert_eq!(code.matches(r#"name="choice""#).count(), 2);
}

#[test]
fn what_happens_next_is_what_the_rules_say() {
    let parameters = BTreeMap::new();
    let card = card("x", &parameters);
    let said = |approved| Some(Said { approved, at_ms: NOW_MS });
    let voters = [
        Voter { person: "lead@example.com", said: None },
        Voter { person: "risk@example.com", said: None },
        Voter { person: "ops@example.com", said: said(true) },
    ];
    let base = Decision { voters: &voters, ..decision(&card) };
    assert_eq!(after_approval(&base, 1), "Within moments version 8 becomes champion in prod, in place of version 7.");
    assert_eq!(after_approval(&base, 0), "1 more approval is needed; until then nothing changes.");
    assert_eq!(after_approval(&Decision { needed: 4, ..base }, 1), "After yours, 2 more approvals are needed; until then nothing changes.");
    assert_eq!(still_to_say(&base).as_deref(), Some("risk@example.com"));
    let held = Decision { hold_ms: 4 * HOUR_MS, champion: None, stage: "test", ..base };
    assert_eq!(
        after_approval(&held, 1),
        "It is held back for 4 hours, in which it can still be withdrawn. Then version 8 becomes champion in test. It is then offered to prod, where it is judged again and others decide."
    );
}
