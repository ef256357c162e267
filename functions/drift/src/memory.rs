//! What a replay keeps for its next windows instead of writing it to the lake, and what it could not do.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tidegate_lake::HOUR_MS;
use tidegate_monitoring::Window;
use tidegate_profile::{ProfileError, WindowProfile, decode, encode};

/// Hours and days that were added up before, compressed as the lake would hold them, and what was missing in the lake.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    kept: Mutex<BTreeMap<Window, (String, Vec<u8>)>>,
    gaps: Mutex<Gaps>,
}

/// What the lake does not hold and a replay would have needed. Spans reach from the first to the last hour concerned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Fields that records were not read for when they arrived, and from when to when these records are.
    pub never_read: BTreeMap<String, Window>,
    /// When the records are from that could not be counted again because they are no longer kept: they count as they were counted.
    pub not_kept: Option<Window>,
}

impl Gaps {
    pub(crate) fn add_never_read(&mut self, field: &str, hour_ms: i64) {
        let hour = hour(hour_ms);
        let span = self.never_read.entry(field.to_owned()).or_insert(hour);
        *span = both(*span, hour);
    }

    pub(crate) fn add_not_kept(&mut self, hour_ms: i64) {
        let hour = hour(hour_ms);
        self.not_kept = Some(self.not_kept.map_or(hour, |span| both(span, hour)));
    }
}

fn hour(start_ms: i64) -> Window {
    Window { start_ms, end_ms: start_ms.saturating_add(HOUR_MS) }
}

fn both(a: Window, b: Window) -> Window {
    Window { start_ms: a.start_ms.min(b.start_ms), end_ms: a.end_ms.max(b.end_ms) }
}

impl Memory {
    /// What was added up over a span from these inputs.
    pub(crate) fn get(&self, span: &Window, digest: &str) -> Option<WindowProfile> {
        let kept = locked(&self.kept);
        let (_, bytes) = kept.get(span).filter(|(of, _)| of == digest)?;
        decode(bytes).ok()
    }

    pub(crate) fn put(&self, span: Window, digest: String, profile: &WindowProfile) -> Result<(), ProfileError> {
        let bytes = encode(profile)?;
        locked(&self.kept).insert(span, (digest, bytes));
        Ok(())
    }

    /// Forgets what no later window asks for.
    pub(crate) fn forget_before(&self, ms: i64) {
        locked(&self.kept).retain(|span, _| span.start_ms >= ms);
    }

    pub(crate) fn note(&self, note: impl FnOnce(&mut Gaps)) {
        note(&mut locked(&self.gaps));
    }

    pub(crate) fn gaps(&self) -> Gaps {
        locked(&self.gaps).clone()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use tidegate_contract::{Contract, Task};
    use tidegate_profile::Profiler;

    use super::*;

    #[test]
    fn a_span_comes_back_for_the_same_inputs_only_and_until_it_is_forgotten() {
        let memory = Memory::default();
        let profile = WindowProfile::new(Profiler::new(&Contract::new("m", Task::Binary).fields(), None).start());
        let span = Window { start_ms: 0, end_ms: 1 };
        memory.put(span, "a".to_owned(), &profile).unwrap();
        assert_eq!(memory.get(&span, "a"), Some(profile));
        assert_eq!(memory.get(&span, "b"), None);
        memory.forget_before(1);
        assert_eq!(memory.get(&span, "a"), None);
    }
}
