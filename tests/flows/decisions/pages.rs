//! What a person sees: each thing that can come of a link is a page of its own.

use aws_sdk_dynamodb::types::AttributeValue;
use tidegate_lake::keys;
use tidegate_local_account::{LAKE, MODELS, TABLE};
use tidegate_registry::{Command, Stage, VersionState};
use tidegate_tests::{ASKED_MS, DECIDED, Decisions, LEAD, LOOKED_MS, RISK};

fn says(body: &str, sentences: &[&str]) {
    for sentence in sentences {
        assert!(body.contains(sentence), "no \"{sentence}\" in {body}");
    }
}

#[tokio::test]
async fn a_person_reads_decides_and_is_told_what_was_recorded() {
    let decisions = Decisions::prod(2).await;
    decisions.champion("run-1").await;
    let version = decisions.pending("run-2").await;
    let (lead, risk) = (decisions.mail(&version, LEAD).await, decisions.mail(&version, RISK).await);
    let before = decisions.table().await;
    let page = decisions.get(&lead.address()).await;
    assert_eq!((page.status_code, decisions.table().await == before), (200, true));
    says(
        &page.body,
        &[
            "Should version 2 become champion, in place of version 1?",
            LEAD,
            "in 2 days and 22 hours",
            "Code from the mail",
            &version.artifact.id(),
            &version.request.as_ref().unwrap().about.evidence,
            "ROC AUC",
            "After yours, 1 more approval is needed",
            "mira@example.com",
        ],
    );
    assert!(!page.body.contains(lead.code.expose()) && !page.body.contains("<script"), "the page neither knows the code nor runs anything");
    let report = decisions.get(&lead.address().replace("/decision?", "/decision/report?")).await;
    assert_eq!(report.status_code, 200);
    says(&report.body, &["Gate report", "What it was computed from"]);
    let head = decisions.http("HEAD", &lead.address(), &[], "", LOOKED_MS).await;
    assert_eq!((head.status_code, head.body.as_str()), (200, ""));

    let first = decisions.post(&lead.address(), &lead.form("approve", "Better+everywhere")).await;
    says(&first.body, &["Your approval is recorded.", "number 12 in the trail of flight-delay", "Still to decide: risk@example.com"]);
    let again = decisions.post(&lead.address(), &lead.form("approve", "")).await;
    assert_eq!(again.status_code, 200);
    says(&again.body, &["Already recorded: you approved version 2 of flight-delay.", "Your reason: Better everywhere"]);
    let opposite = decisions.post(&lead.address(), &lead.form("reject", "no")).await;
    assert_eq!(opposite.status_code, 409);
    says(&opposite.body, &["You approved it before, and a decision stands."]);
    let last = decisions.post(&risk.address(), &risk.form("approve", "")).await;
    says(&last.body, &["Your approval is recorded.", "Nobody else has to decide.", "becomes champion in prod, in place of version 1"]);
    assert_eq!(decisions.registry.version(DECIDED, 2).await.unwrap().unwrap().state, VersionState::Approved);
    println!("pages: {} answers, all with every header", decisions.answered());
}

#[tokio::test]
async fn what_is_missing_is_said_and_what_was_written_is_kept() {
    let decisions = Decisions::prod(1).await;
    let version = decisions.pending("run-1").await;
    let lead = decisions.mail(&version, LEAD).await;
    let code = lead.code.expose();
    for (form, sentence) in [
        (format!("code={code}&reason=kept"), "Choose whether you approve or reject."),
        (format!("choice=reject&code={code}"), "Write a reason"),
        (format!("choice=reject&code={code}&reason=+++"), "Write a reason"),
        ("choice=approve&reason=kept".to_owned(), "Type the six letters and digits"),
        ("choice=approve&code=12345&reason=kept".to_owned(), "Type the six letters and digits"),
        (format!("choice=reject&code={code}&reason={}", "%C3%A4".repeat(501)), "reason: found 1002 bytes, expected at most 1000."),
    ] {
        let answer = decisions.post(&lead.address(), &form).await;
        assert_eq!(answer.status_code, 422, "{form}");
        says(&answer.body, &["Nothing was recorded yet.", sentence]);
        if form.contains("kept") {
            says(&answer.body, &[">kept</textarea>"]);
        }
    }
    let evil = format!("choice=reject&code={code}&reason=%3C%2Ftextarea%3E%3Cb%3E{}", "%C3%A4".repeat(500));
    let answer = decisions.post(&lead.address(), &evil).await;
    assert_eq!(answer.status_code, 422);
    says(&answer.body, &["&lt;/textarea&gt;&lt;b&gt;"]);
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
    for site in ["cross-site", "same-site", "none"] {
        let headers = [headers[0], ("sec-fetch-site", site)];
        assert_eq!(
            decisions.http("POST", &lead.address(), &headers, &lead.form("approve", ""), LOOKED_MS).await.status_code,
            403,
            "{site}"
        );
    }
    let answer = decisions.http("POST", &lead.address(), &headers[..1], &lead.form("reject", "too+slow"), LOOKED_MS).await;
    assert_eq!(answer.status_code, 200, "a browser that does not say is not refused");
    says(&answer.body, &["Your rejection is recorded.", "One rejection is enough"]);
    assert_eq!(decisions.registry.version(DECIDED, 1).await.unwrap().unwrap().state, VersionState::Rejected);
}

#[tokio::test]
async fn what_is_over_says_how_it_ended() {
    let decisions = Decisions::prod(1).await;
    let mut links = Vec::new();
    for run in ["stale", "again", "withdrawn", "expired", "approved", "rejected"] {
        let version = decisions.pending(run).await;
        links.push((version.number, decisions.mail(&version, LEAD).await, decisions.mail(&version, RISK).await));
    }
    let [stale, again, withdrawn, expired, approved, rejected] = links.as_slice() else { panic!("six") };
    decisions.post(&approved.2.address(), &approved.2.form("approve", "")).await;
    decisions.post(&rejected.2.address(), &rejected.2.form("reject", "too+slow+at+JFK")).await;
    decisions.ask(withdrawn.0, "ops@example.com", Command::Retire { reason: "a bug in its features".to_owned() }, LOOKED_MS).await.unwrap();
    let late = expired.1.record.link.expires_at_ms;
    decisions.ask(approved.0, "function:registry", Command::Promote, LOOKED_MS).await.unwrap();
    // The champion is another now: what was asked is stale; of one it is asked again.
    let check = async |link: &tidegate_tests::Mailed, at_ms: i64, sentence: &str| {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        for method in ["GET", "POST"] {
            let answer = decisions.http(method, &link.address(), &headers, &link.form("approve", ""), at_ms).await;
            assert_eq!(answer.status_code, 410, "{sentence}");
            says(&answer.body, &[sentence]);
        }
    };
    check(&stale.1, LOOKED_MS, "What you were asked about has changed: the champion.").await;
    check(&withdrawn.1, LOOKED_MS, "Version 3 of flight-delay is retired already.").await;
    check(&withdrawn.1, LOOKED_MS, "By ops@example.com: a bug in its features").await;
    check(&expired.1, late, "The time to decide about version 4 of flight-delay is over.").await;
    check(&approved.1, LOOKED_MS, "Version 5 of flight-delay was approved without you.").await;
    check(&rejected.1, LOOKED_MS, "By risk@example.com: too slow at JFK").await;
    decisions.ask(again.0, "function:validate", Command::StartValidation, LOOKED_MS).await.unwrap();
    check(&again.1, LOOKED_MS, "This link is about an earlier request.").await;
    assert_eq!(decisions.promotions().await, 1);
    // Without its contract nobody decides.
    let version = decisions.judged("run-7").await;
    let version = decisions.ask(version.number, "function:validate", tidegate_tests::request("run-7"), ASKED_MS).await.unwrap();
    let link = decisions.mail(&version, LEAD).await;
    assert_eq!(decisions.get(&link.address()).await.status_code, 200);
    decisions.put(MODELS, &format!("contracts/{DECIDED}.yaml"), b"model: flight-delay".to_vec()).await;
    check(&link, LOOKED_MS, "What you were asked about has changed: the policy.").await;
}

#[tokio::test]
async fn another_report_than_the_one_that_people_were_asked_about_is_not_shown() {
    let decisions = Decisions::prod(1).await;
    let version = decisions.pending("run-1").await;
    let lead = decisions.mail(&version, LEAD).await;
    let key = keys::gate(DECIDED, &version.gate.as_ref().unwrap().digest, "gate.json");
    decisions.put(LAKE, &key, b"{}".to_vec()).await;
    for address in [lead.address(), lead.address().replace("/decision?", "/decision/report?")] {
        let answer = decisions.get(&address).await;
        assert_eq!(answer.status_code, 503);
        says(&answer.body, &["This cannot be shown at the moment.", "nothing was decided"]);
    }
}

#[tokio::test]
async fn in_test_the_name_is_typed_and_in_dev_a_button_is_enough() {
    let promotion = |stage: Stage| format!("promotion: {{ {stage}: {{ approvals: 1, approvers: [{LEAD}] }} }}");
    let test = Decisions::new(Stage::Test, &promotion(Stage::Test)).await;
    let version = test.pending("run-1").await;
    let lead = test.mail(&version, LEAD).await;
    says(&test.get(&lead.address()).await.body, &["<code>flight-delay 1</code>", "It is then offered to prod"]);
    let wrong = test.post(&lead.address(), "choice=approve&name=flight-delay").await;
    assert_eq!(wrong.status_code, 422);
    says(&wrong.body, &["Type the model and the version as they stand here: flight-delay 1."]);
    assert_eq!(test.post(&lead.address(), "choice=approve&name=Flight-Delay++1").await.status_code, 200);
    let dev = Decisions::new(Stage::Dev, &promotion(Stage::Dev)).await;
    let version = dev.pending("run-1").await;
    let lead = dev.mail(&version, LEAD).await;
    assert_eq!(dev.post(&lead.address(), "choice=approve").await.status_code, 200);
}

/// A window that was judged, as its item.
async fn judged(decisions: &Decisions, end: &str, state: &str, headline: &str) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let count = || AttributeValue::N("1".to_owned());
    let sk = format!("WINDOW#1d#{end}");
    let texts = [
        ("pk", "MODEL#flight-delay"),
        ("sk", &sk),
        ("item_kind", "window"),
        ("model_name", DECIDED),
        ("window_length", "1d"),
        ("window_end", end),
        ("verdict_state", state),
        ("verdict_cause", "covariate-drift"),
        ("verdict_action", "retrain"),
        ("headline", headline),
        ("inputs_digest", "i"),
        ("report_key", "k"),
        ("verdict_digest", "d"),
        ("verdict_etag", "e"),
        ("page_etag", "p"),
    ];
    let mut put = decisions.account.dynamodb.put_item().table_name(TABLE);
    for (name, value) in texts {
        put = put.item(name, text(value));
    }
    for name in ["record_count", "drifted_fields", "quarantined_lines", "revision"] {
        put = put.item(name, count());
    }
    put.send().await.unwrap();
}

#[tokio::test]
async fn what_monitoring_saw_before_the_candidate_came_is_told_and_nothing_later() {
    let decisions = Decisions::prod(1).await;
    let version = decisions.pending("run-1").await;
    let lead = decisions.mail(&version, LEAD).await;
    let title = "What monitoring saw before";
    assert!(!decisions.get(&lead.address()).await.body.contains(title));
    for (end, state, headline) in [
        ("2013-07-28T00:00:00Z", "drift", "Distance drifted a week ago."),
        ("2013-07-30T00:00:00Z", "warning", "Carrier is <unusual>."),
        ("2013-07-31T00:00:00Z", "ok", "Nothing moved."),
        ("2013-08-02T00:00:00Z", "drift", "Everything moved later."),
    ] {
        judged(&decisions, end, state, headline).await;
    }
    let page = decisions.get(&lead.address()).await.body;
    says(&page, &[title, "Carrier is &lt;unusual&gt;.", "Tue 30 July 2013, 00:00"]);
    assert!(!page.contains("Everything moved later.") && !page.contains("a week ago"), "{page}");
}
