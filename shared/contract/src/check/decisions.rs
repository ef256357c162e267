//! Rules of who decides, and of when people are told, that cannot be meant.

use std::collections::{BTreeMap, BTreeSet};

use super::Check;
use crate::document::{Path, quoted};
use crate::names::is_hidden;
use crate::{Alerts, Approvals, Contract, Person};

/// Most windows in a row that an alert looks back over.
const MAX_ALERT_WINDOWS: u32 = 20;

impl Check<'_> {
    pub(super) fn promotion(&mut self, contract: &Contract) {
        let promotion = &contract.promotion;
        for (stage, approvals) in [("dev", &promotion.dev), ("test", &promotion.test), ("prod", &promotion.prod)] {
            if let Some(approvals) = approvals {
                self.approvals(&Path::top("promotion").key(stage), approvals);
            }
        }
        let mut owners: BTreeMap<String, &str> = BTreeMap::new();
        for (index, Person { person, also }) in promotion.people.iter().enumerate() {
            let at = Path::top("promotion").key("people").item(index);
            if !is_address(person) {
                self.report(&at.key("person"), format!("found {}, expected a mail address, such as lead@example.com", quoted(person)));
            }
            for (index, name) in also.iter().enumerate() {
                let at = at.key("also").item(index);
                if name.trim().is_empty() || name.contains(is_hidden) {
                    self.report(&at, format!("found {}, expected another name of {person}", quoted(name)));
                } else if let Some(other) = owners.insert(name.trim().to_lowercase(), person).filter(|other| other != person) {
                    let expected = "expected every name to mean one person";
                    self.report(&at, format!("found {}, which is also a name of {other}, {expected}", quoted(name)));
                }
            }
        }
    }

    fn approvals(&mut self, path: &Path, approvals: &Approvals) {
        let people = self.people(&path.key("approvers"), &approvals.approvers);
        if let Some(escalation) = &approvals.escalate {
            let at = path.key("escalate").key("to");
            if self.people(&at, &escalation.to).is_empty() {
                self.report(&at, "found nobody, expected somebody who is asked then");
            }
        }
        if approvals.approvals as usize > people.len() && people.len() == approvals.approvers.len() {
            let message = format!(
                "found {} approvals of {} approvers, expected no more approvals than there are approvers",
                approvals.approvals,
                people.len()
            );
            self.report(&path.key("approvals"), message);
        }
    }

    /// The people of a list, each once.
    pub(super) fn people(&mut self, path: &Path, addresses: &[String]) -> BTreeSet<String> {
        let mut people = BTreeSet::new();
        for (index, address) in addresses.iter().enumerate() {
            let at = path.item(index);
            if !is_address(address) {
                self.report(&at, format!("found {}, expected a mail address, such as lead@example.com", quoted(address)));
            } else if !people.insert(address.to_lowercase()) {
                self.report(&at, format!("found {} a second time, expected every approver once", quoted(address)));
            }
        }
        people
    }

    pub(super) fn alerts(&mut self, contract: &Contract) {
        let Alerts { after, of, .. } = contract.alerts;
        let path = Path::top("alerts");
        if !(1..=MAX_ALERT_WINDOWS).contains(&after) {
            self.report(&path.key("after"), format!("found {after}, expected 1 to {MAX_ALERT_WINDOWS}"));
        }
        if let Some(of) = of.filter(|of| !(after..=MAX_ALERT_WINDOWS).contains(of)) {
            self.report(&path.key("of"), format!("found {of}, expected at least as many as after, and at most {MAX_ALERT_WINDOWS}"));
        }
    }
}

/// Whether a mail can be sent there, as far as the text tells.
fn is_address(text: &str) -> bool {
    let is_plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || is_hidden(c) || "<>,;:\"()[]\\".contains(c));
    text.len() <= 254 && text.split_once('@').is_some_and(|(who, host)| is_plain(who) && is_plain(host) && !host.contains('@'))
}
