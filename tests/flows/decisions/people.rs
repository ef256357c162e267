//! People who would decide about their own work, or twice.

use tidegate_registry::{Answer, Command, Reason, RegistryError, Stage, VersionState};
use tidegate_tests::{ASKED_MS, Decisions, LEAD, RISK, SUBMITTER, request, request_id};

async fn account(approvals: u32, approvers: &str, people: &str) -> Decisions {
    Decisions::new(
        Stage::Prod,
        &format!("promotion: {{ prod: {{ approvals: {approvals}, approvers: [{approvers}] }}, people: [{people}] }}"),
    )
    .await
}

#[tokio::test]
async fn nobody_approves_their_own_model_under_any_name_and_nobody_counts_twice() {
    let also = "{ person: mira@example.com, also: [m.reyes@example.org] }";
    let mut tried = 0;
    // Whoever is the submitter in another spelling is not asked; a quorum that needs them fails when people are asked, by name.
    for (name, people) in [
        (SUBMITTER, ""),
        ("Mira@Example.COM", ""),
        ("mira+approvals@example.com", ""),
        ("m.reyes@example.org", also),
        ("M.Reyes+x@example.org", also),
    ] {
        let decisions = account(1, name, people).await;
        let version = decisions.judged("run-1").await;
        let refused = decisions.ask(version.number, "function:validate", request("run-1"), ASKED_MS).await.unwrap_err();
        assert!(matches!(refused.refusal().map(|refusal| &refusal.reason), Some(Reason::Quorum { needed: 1, .. })), "{name}: {refused}");
        assert!(version.decision_link(SUBMITTER, "k1", "111122223333").is_none());
        tried += 1;
        assert_eq!(decisions.promotions().await, 0, "{name}");

        // Beside somebody else, the submitter gets no link, and a link made for them by force is none.
        let decisions = account(1, &format!("{name}, {LEAD}"), people).await;
        let version = decisions.pending("run-1").await;
        let person = decisions.policy.people.person(name);
        assert!(version.decision_link(&person, "k1", "111122223333").is_none(), "{name}");
        let mut link = version.decision_link(LEAD, "k1", "111122223333").unwrap();
        link.approver.clone_from(&person);
        let token = link.token(decisions.mac(link.message()).await);
        let forced = tidegate_registry::LinkRecord::new(link.clone(), Some(decisions.mac(b"any".to_vec()).await));
        decisions.registry.put_link(&forced).await.unwrap();
        for answer in [decisions.get(&token.url("")).await, decisions.post(&token.url(""), "choice=approve&code=AAAAAA").await] {
            assert_eq!(answer.status_code, 404, "{name}");
            tried += 1;
        }
        let command = Command::Decide { request: request_id("run-1"), answer: Answer::Approve, reason: String::new() };
        let refused = decisions.ask(version.number, name, command, ASKED_MS).await.unwrap_err();
        assert!(matches!(refused, RegistryError::Refused { .. }), "{name}");
        assert_eq!(decisions.promotions().await, 0, "{name}");
        tried += 1;
    }
    // One person under two names is one person.
    for twice in ["lead@example.com, Lead+2@example.com", "lead@example.com, LEAD@example.com."] {
        let decisions = account(2, twice, "").await;
        let version = decisions.judged("run-1").await;
        let refused = decisions.ask(version.number, "function:validate", request("run-1"), ASKED_MS).await.unwrap_err();
        assert!(refused.to_string().contains("2 must approve and 1 may (lead@example.com)"), "{refused}");
        assert_eq!(decisions.promotions().await, 0, "{twice}");
        tried += 1;
    }
    // Two who are needed are two people, however often one of them sends the form.
    let decisions = account(2, &format!("{LEAD}, {RISK}"), "").await;
    let version = decisions.pending("run-1").await;
    let lead = decisions.mail(&version, LEAD).await;
    for round in 0..5 {
        let answer = decisions.post(&lead.address(), &lead.form("approve", "")).await;
        assert_eq!(answer.status_code, 200);
        assert_eq!(answer.body.contains("Already recorded"), round > 0, "{}", answer.body);
        tried += 1;
    }
    let now = decisions.registry.version(&version.model, version.number).await.unwrap().unwrap();
    assert_eq!((now.state, now.decisions.len()), (VersionState::PendingApproval, 1));
    println!(
        "people: {tried} tries by the submitter under other names, and by one person twice: {} promotions",
        decisions.promotions().await
    );
    assert_eq!(decisions.promotions().await, 0);
}
