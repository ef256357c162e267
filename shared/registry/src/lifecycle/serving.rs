//! Which version serves: promotion, and the way back.

use super::transition::{Decided, Step, close};
use super::{AliasName, Reason, Reign, VersionState};

impl Step<'_> {
    pub(super) fn promote(&self) -> Decided {
        let version = self.version()?;
        match version.state {
            VersionState::Champion => return Ok(self.nothing(format!("{} is champion already", version.name()))),
            VersionState::Approved => {}
            _ => return self.refused(Reason::State),
        }
        let (Some(request), Some(approved)) = (&version.request, version.approved_at_ms) else {
            return self.refused(Reason::Snapshot { says: "it is approved, and holds no request" });
        };
        let changed = self.changed(version);
        if !changed.is_empty() {
            return self.refused(Reason::Stale { changed });
        }
        let until_ms = approved.saturating_add(request.hold_ms);
        if self.at_ms < until_ms {
            return self.refused(Reason::OnHold { until_ms });
        }
        let replaced = self.champion();
        let mut writes = vec![self.rewritten(version, |version| {
            version.state = VersionState::Champion;
            version.replaced = replaced;
            version.reigns.push(Reign { from_ms: self.at_ms, until_ms: None });
        })];
        let instead = replaced.map_or_else(String::new, |number| format!(", in place of version {number}"));
        let says = format!("{} became champion{instead}", version.name());
        if let Some(number) = replaced {
            let Some(champion) = self.snapshot.champion.as_ref().filter(|champion| champion.number == number) else {
                return self.refused(Reason::Snapshot { says: "the champion's record is missing" });
            };
            writes.push(self.rewritten(champion, |champion| {
                champion.state = VersionState::Retired;
                champion.successor = Some(version.number);
                close(&mut champion.reigns, self.at_ms);
            }));
        }
        writes.push(self.alias(AliasName::Champion, Some(version.number)));
        writes.extend(self.end_of_challenge(version));
        Ok(self.change(writes, says))
    }

    pub(super) fn roll_back(&self, reason: &str) -> Decided {
        let version = self.version()?;
        match version.state {
            // Delivered twice, it must not go back by two.
            VersionState::RolledBack => return Ok(self.nothing(format!("{} was rolled back before", version.name()))),
            VersionState::Champion => {}
            _ => return self.refused(Reason::State),
        }
        self.check_reason(reason)?;
        let Some(number) = version.replaced else { return self.refused(Reason::NothingBefore { withdrawn: None }) };
        let Some(previous) = self.snapshot.previous.as_ref().filter(|previous| previous.number == number) else {
            return self.refused(Reason::Snapshot { says: "the record of the version that it replaced is missing" });
        };
        if previous.state != VersionState::Retired || previous.successor != Some(version.number) {
            return self.refused(Reason::NothingBefore { withdrawn: Some(number) });
        }
        let says = format!("{} was rolled back by {}: {reason}; version {number} is champion again", version.name(), self.order.by);
        let back = self.rewritten(version, |version| {
            version.state = VersionState::RolledBack;
            version.ending = Some(self.ending(reason.to_owned()));
            close(&mut version.reigns, self.at_ms);
        });
        let again = self.rewritten(previous, |previous| {
            previous.state = VersionState::Champion;
            previous.successor = None;
            previous.reigns.push(Reign { from_ms: self.at_ms, until_ms: None });
        });
        Ok(self.change(vec![back, again, self.alias(AliasName::Champion, Some(number))], says))
    }
}
