//! Mail scanners: they ask for headers, open, follow, fill in and send whatever they find.

use std::collections::BTreeSet;

use tidegate_registry::Stage;
use tidegate_tests::{Decisions, LEAD, RISK};

use super::rounds;

/// What scanners write into fields that they know nothing of.
const FILLERS: [&str; 6] = ["", "test", "1", "John Doe", "test@example.com", "on"];

/// A page's links, and its forms with their fields.
struct Found {
    links: Vec<String>,
    forms: Vec<(String, Vec<String>)>,
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value.replace("&amp;", "&"))
}

fn found(html: &str) -> Found {
    let tags = || html.split('<').skip(1).filter_map(|piece| piece.split_once('>').map(|(tag, _)| tag));
    let links = tags().filter(|tag| tag.starts_with("a ")).filter_map(|tag| attribute(tag, "href")).collect();
    let action = tags().filter(|tag| tag.starts_with("form")).filter_map(|tag| attribute(tag, "action"));
    // What stands behind the # stays in the browser.
    let action = action.map(|action| action.split('#').next().unwrap_or_default().to_owned());
    let fields: BTreeSet<String> = tags()
        .filter(|tag| ["input", "textarea", "button"].iter().any(|kind| tag.starts_with(kind)))
        .filter_map(|tag| attribute(tag, "name"))
        .collect();
    Found { links, forms: action.map(|action| (action, fields.iter().cloned().collect())).collect() }
}

/// Everything that a scanner does with one link. Returns how many requests it made.
async fn scan(decisions: &Decisions, address: &str) -> usize {
    let mut made = 3;
    decisions.http("HEAD", address, &[], "", tidegate_tests::LOOKED_MS).await;
    decisions.http("OPTIONS", address, &[], "", tidegate_tests::LOOKED_MS).await;
    let page = decisions.get(address).await;
    assert_eq!(page.status_code, 200);
    let Found { links, forms } = found(&page.body);
    assert_eq!(forms.len(), 1, "there is one form to try");
    for link in links.iter().filter(|link| link.starts_with('/')) {
        made += 1;
        assert_eq!(decisions.get(link).await.status_code, 200);
    }
    for (action, fields) in &forms {
        assert!(fields.iter().any(|field| field == "choice"), "{fields:?}");
        for choice in ["", "approve", "reject", "on"] {
            for filler in FILLERS {
                let filled = fields.iter().map(|field| format!("{field}={}", if field == "choice" { choice } else { filler }));
                let form: Vec<String> = filled.filter(|pair| pair != "choice=").map(|pair| pair.replace(' ', "+")).collect();
                made += 1;
                let answer = decisions.post(action, &form.join("&")).await;
                assert!(matches!(answer.status_code, 400 | 422), "{}", answer.status_code);
            }
        }
    }
    made
}

#[tokio::test]
async fn whatever_a_scanner_does_changes_nothing_and_the_person_decides_after_it() {
    let count = rounds("TIDEGATE_ROBOTS", 20);
    for stage in [Stage::Prod, Stage::Test] {
        let promotion = format!("promotion: {{ {stage}: {{ approvals: 1, approvers: [{LEAD}, {RISK}], expires: 3d }} }}");
        let decisions = Decisions::new(stage, &promotion).await;
        let (mut requests, mut changed, mut worked) = (0, 0, 0);
        for round in 0..count {
            let version = decisions.pending(&format!("run-{round}")).await;
            let mailed = decisions.mail(&version, LEAD).await;
            let before = decisions.table().await;
            requests += scan(&decisions, &mailed.address()).await;
            changed += usize::from(decisions.table().await != before);
            let answer = decisions.post(&mailed.address(), &mailed.form("approve", "")).await;
            worked += usize::from(answer.status_code == 200 && answer.body.contains("Your approval is recorded."));
        }
        println!(
            "robots in {stage}: {count} links, {requests} requests, {changed} state changes; the person's click worked {worked}/{count}"
        );
        assert_eq!((changed, worked), (0, count));
        assert_eq!(decisions.promotions().await, count);
    }
}

#[tokio::test]
async fn five_wrong_codes_lock_a_link_and_a_right_one_comes_too_late() {
    let decisions = Decisions::prod(1).await;
    let version = decisions.pending("run-1").await;
    let (lead, risk) = (decisions.mail(&version, LEAD).await, decisions.mail(&version, RISK).await);
    let wrong = if lead.code.expose() == "AAAAAA" { "BBBBBB" } else { "AAAAAA" };
    for left in ["4 more tries", "3 more tries", "2 more tries", "one more try"] {
        let answer = decisions.post(&lead.address(), &format!("choice=approve&code={wrong}&reason=kept")).await;
        assert_eq!(answer.status_code, 422);
        assert!(answer.body.contains(left) && answer.body.contains(">kept</textarea>"), "{}", answer.body);
    }
    for code in [wrong, lead.code.expose()] {
        let answer = decisions.post(&lead.address(), &format!("choice=approve&code={code}")).await;
        assert_eq!(answer.status_code, 423);
        assert!(answer.body.contains("This link is locked"), "{}", answer.body);
    }
    assert_eq!(decisions.get(&lead.address()).await.status_code, 423);
    assert_eq!(decisions.promotions().await, 0);
    // Nobody else is locked out, and a link that is mailed again stays locked.
    assert_eq!(decisions.mail(&version, LEAD).await.token, lead.token);
    assert_eq!(decisions.get(&lead.address()).await.status_code, 423);
    assert_eq!(decisions.post(&risk.address(), &risk.form("approve", "")).await.status_code, 200);
    assert_eq!(decisions.promotions().await, 1);
}
