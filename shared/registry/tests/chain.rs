//! Whatever is done to a chain is found, and the right entry named.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use sha2::{Digest, Sha256};
use support::*;
use tidegate_registry::audit::{Anchor, ChainFault, Fault, StoredEntry, rebuild, verify_after, verify_to};
use tidegate_registry::*;

/// A chain of a thousand entries: candidates come, are looked at, promoted, rolled back.
fn thousand() -> Desk {
    let mut desk = Desk::default();
    let policy = policy(1, &["lead@example.com"]);
    let mut now = 0;
    for run in 0.. {
        if desk.chain.len() >= 1_000 {
            break;
        }
        now += HOUR;
        let number = desk.pending(&format!("run-{run}"), &policy, now);
        let answered = if run % 3 == 0 { Answer::Reject } else { Answer::Approve };
        desk.ask(number, "lead@example.com", answer(answered, "because"), &policy, now).unwrap();
        if answered == Answer::Approve {
            desk.ask(number, "function:registry", Command::Promote, &policy, now).unwrap();
        }
        if run % 7 == 4 {
            desk.ask(desk.champion().unwrap(), "ops", Command::RollBack { reason: "slow".to_owned() }, &policy, now).unwrap();
        }
    }
    desk
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// Says something else, and covers it up as well as one entry can be.
fn forge(entry: &mut StoredEntry, cover_up: bool) {
    entry.text = entry.text.replacen("\"by\":\"", "\"by\":\"not-", 1);
    if cover_up {
        entry.hash = sha256(&entry.text);
    }
}

fn bad(desk: &Desk, chain: &[StoredEntry]) -> ChainFault {
    verify_to(MODEL, chain, &desk.records.head, &[]).unwrap_err()
}

/// The fault that is found from shortly before `at` on: what lies before was verified. Every fiftieth time everything is.
fn bad_from(desk: &Desk, chain: &[StoredEntry], at: usize) -> ChainFault {
    let start = at.saturating_sub(2);
    let before = match desk.chain.get(start.wrapping_sub(1)) {
        Some(last) => Head { seq: last.seq, hash: last.hash.clone(), ..Head::empty() },
        None => Head::empty(),
    };
    let head = &desk.records.head;
    let end = Anchor { seq: head.seq, hash: head.hash.clone(), from: "the end of the chain".to_owned() };
    let fault = verify_after(MODEL, before, chain.get(start..).unwrap(), &[end]).unwrap_err();
    if at.is_multiple_of(50) {
        assert_eq!(fault, bad(desk, chain));
    }
    fault
}

#[test]
fn a_whole_chain_is_whole_and_tells_the_table_again() {
    let desk = thousand();
    assert!(desk.chain.len() >= 1_000);
    verify_to(MODEL, &desk.chain, &desk.records.head, &[]).unwrap();
    let again = rebuild(&desk.chain).unwrap();
    assert_eq!(again.difference(&desk.records), None);
    assert_eq!(again, desk.records);
}

#[test]
fn every_edit_deletion_swap_insertion_and_cut_is_found_and_named() {
    let desk = thousand();
    let entries = desk.chain.len();
    let mut chain = desk.chain.clone();
    for at in 0..entries {
        let seq = at as u64 + 1;
        let real = chain[at].clone();
        for cover_up in [false, true] {
            forge(&mut chain[at], cover_up);
            let fault = bad_from(&desk, &chain, at);
            assert_eq!(fault.seq, seq, "edited, {fault}");
            chain[at] = real.clone();
        }

        chain.remove(at);
        let fault = bad_from(&desk, &chain, at);
        assert_eq!((fault.seq, fault.what), (seq, Fault::Missing), "deleted");
        chain.insert(at, real.clone());

        // Insertions: a forged twin before and after the real one.
        for beside in [0, 1] {
            let mut twin = real.clone();
            forge(&mut twin, true);
            chain.insert(at + beside, twin);
            let fault = bad_from(&desk, &chain, at);
            assert_eq!((fault.seq, fault.what), (seq, Fault::Twice), "inserted");
            chain.remove(at + beside);
        }

        // Swaps: with the next, and with the one at the other end; as they lie, and under each other's number.
        for other in [at + 1, entries - 1 - at].into_iter().filter(|&other| other < entries && other != at) {
            let first = at.min(other);
            chain.swap(at, other);
            assert_eq!(bad_from(&desk, &chain, first).seq, first as u64 + 1, "swapped");
            let (one, two) = (chain[at].seq, chain[other].seq);
            (chain[at].seq, chain[other].seq) = (two, one);
            let fault = bad_from(&desk, &chain, first);
            let is_said = matches!(fault.what, Fault::InItsPlace { .. });
            assert_eq!((fault.seq, is_said), (first as u64 + 1, true), "swapped under each other's number");
            (chain[at].seq, chain[other].seq) = (one, two);
            chain.swap(at, other);
        }

        // Cuts: the rest is gone; and the table's end moved with it, which only a checkpoint knows.
        let fault = bad_from(&desk, &chain[..at], at);
        assert_eq!((fault.seq, fault.what), (seq, Fault::Missing), "cut");
    }
    assert_eq!(chain, desk.chain, "everything was put back");
    for at in (0..entries).step_by(37) {
        let end = rebuild(&chain[..at]).unwrap().head;
        let checkpoint = Anchor { seq: entries as u64, hash: desk.records.head.hash.clone(), from: "the checkpoint of today".to_owned() };
        verify_to(MODEL, &chain[..at], &end, &[]).unwrap();
        let fault = verify_to(MODEL, &chain[..at], &end, &[checkpoint]).unwrap_err();
        assert_eq!((fault.seq, fault.what), (at as u64 + 1, Fault::Missing), "cut, end and all");
    }
}

#[test]
fn a_chain_that_was_made_anew_is_found_by_a_checkpoint() {
    let desk = thousand();
    let checkpoint = |seq: usize| Anchor { seq: seq as u64, hash: desk.chain[seq - 1].hash.clone(), from: format!("checkpoint {seq}") };
    for from in [0, 1, 499, 998] {
        // Everything from one entry on is said anew, with right digests, up to the end of the table.
        let mut chain = desk.chain.clone();
        let mut prev: Option<(String, String)> = None;
        for entry in chain.iter_mut().skip(from) {
            if let Some((old, new)) = &prev {
                entry.text = entry.text.replace(old.as_str(), new);
            } else {
                entry.text = entry.text.replacen("\"by\":\"", "\"by\":\"not-", 1);
            }
            let old = entry.hash.clone();
            entry.hash = sha256(&entry.text);
            prev = Some((old, entry.hash.clone()));
        }
        let head = Head { hash: chain.last().unwrap().hash.clone(), ..desk.records.head.clone() };
        verify_to(MODEL, &chain, &head, &[]).unwrap();
        let next = (from + 1).max(2);
        let fault = verify_to(MODEL, &chain, &head, &[checkpoint(next), checkpoint(1_000)]).unwrap_err();
        assert_eq!((fault.seq, fault.what), (next as u64, Fault::NotChained { by: format!("checkpoint {next}") }));
        verify_to(MODEL, &chain, &head, &[checkpoint(1)].into_iter().filter(|_| from > 0).collect::<Vec<_>>()).unwrap();
    }
}

#[test]
fn an_entry_of_another_model_or_one_that_is_no_entry_is_named() {
    let desk = thousand();
    let mut chain = desk.chain.clone();
    chain[6].text = "{}".to_owned();
    assert!(matches!(bad(&desk, &chain), ChainFault { seq: 7, what: Fault::Unreadable { .. }, .. }));
    assert!(matches!(
        verify_to("other", &desk.chain, &desk.records.head, &[]).unwrap_err(),
        ChainFault { seq: 1, what: Fault::OtherModel { .. }, .. }
    ));
    let head = Head { seq: 5, hash: desk.chain[4].hash.clone(), ..desk.records.head.clone() };
    assert_eq!(verify_to(MODEL, &desk.chain, &head, &[]).unwrap_err().what, Fault::AfterTheEnd { end: 5 });
    verify_to(MODEL, &[], &Head::empty(), &[]).unwrap();
}
