//! Many decisions at the same moment: one is recorded, and everybody is told the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tidegate_registry::VersionState;
use tidegate_tests::{Decisions, LEAD, RISK};

use super::rounds;

const AT_ONCE: usize = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_decisions_at_the_same_moment_exactly_one_is_recorded() {
    let count = rounds("TIDEGATE_CROWDS", 12);
    let decisions = Arc::new(Decisions::prod(1).await);
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    let (mut recorded, mut outcomes) = (0, BTreeMap::<String, usize>::new());
    for round in 0..count {
        let version = decisions.pending(&format!("run-{round}")).await;
        let (lead, risk) = (decisions.mail(&version, LEAD).await, decisions.mail(&version, RISK).await);
        let entries = decisions.registry.head(&version.model).await.unwrap().unwrap().seq;
        let tasks: Vec<_> = (0..AT_ONCE)
            .map(|index| {
                let mailed = if index % 2 == 0 { &lead } else { &risk };
                let choice = if (index / 2) % 2 == 0 { "approve" } else { "reject" };
                let (address, form) = (mailed.address(), mailed.form(choice, "because"));
                let decisions = Arc::clone(&decisions);
                tokio::spawn(async move { (index % 4, decisions.post(&address, &form).await) })
            })
            .collect();
        let mut told = BTreeSet::new();
        for task in tasks {
            let (decision, answer) = task.await.unwrap();
            *statuses.entry(answer.status_code).or_default() += 1;
            if answer.body.contains(" is recorded.</h1>") {
                told.insert(decision);
            }
        }
        let now = decisions.registry.version(&version.model, version.number).await.unwrap().unwrap();
        let after = decisions.registry.head(&version.model).await.unwrap().unwrap().seq;
        assert_eq!(after, entries + 1, "round {round}: one entry of the audit trail");
        assert_eq!(now.decisions.len(), 1, "round {round}");
        assert!(matches!(now.state, VersionState::Approved | VersionState::Rejected), "round {round}: {}", now.state);
        // Equal clicks of the same millisecond are one click; nobody else is told that theirs is recorded.
        assert_eq!(told.len(), 1, "round {round}");
        recorded += now.decisions.len();
        *outcomes.entry(now.state.name().to_owned()).or_default() += 1;
    }
    println!("crowds: {count} × {AT_ONCE} decisions at once, {recorded} recorded, outcomes {outcomes:?}, answers {statuses:?}");
    assert_eq!(recorded, count);
    // Nobody waits in front of a broken page: a race that is lost is told as what it was lost against, or to be tried again.
    assert!(statuses.keys().all(|status| [200, 409, 410, 503].contains(status)), "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_wrong_codes_at_the_same_moment_five_are_counted_and_the_link_is_locked() {
    let decisions = Arc::new(Decisions::prod(1).await);
    let version = decisions.pending("run-1").await;
    let lead = decisions.mail(&version, LEAD).await;
    let codes = ["AAAAAA", "BBBBBB", "CCCCCC", "DDDDDD"].map(str::to_owned);
    let wrong: Vec<String> = codes.into_iter().filter(|code| code != lead.code.expose()).collect();
    let tasks: Vec<_> = (0..32)
        .map(|index| {
            let (decisions, address) = (Arc::clone(&decisions), lead.address());
            let form = format!("choice=approve&code={}", wrong.get(index % wrong.len()).unwrap());
            tokio::spawn(async move { decisions.post(&address, &form).await.status_code })
        })
        .collect();
    for task in tasks {
        assert!(matches!(task.await.unwrap(), 422 | 423 | 503));
    }
    let record = decisions.registry.link(lead.token.id()).await.unwrap().unwrap();
    assert_eq!((record.wrong_tries, record.is_locked()), (5, true));
    assert_eq!(decisions.post(&lead.address(), &lead.form("approve", "")).await.status_code, 423);
    assert_eq!(decisions.promotions().await, 0);
}
