//! Counts by name in bounded room.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use hashbrown::HashMap;

/// Adds to a map of counts that holds at most `room` names; returns what found no room.
pub(crate) fn add_capped(counts: &mut BTreeMap<String, u64>, name: &str, count: u64, room: usize) -> u64 {
    if let Some(known) = counts.get_mut(name) {
        *known += count;
    } else if counts.len() < room {
        counts.insert(name.to_owned(), count);
    } else {
        return count;
    }
    0
}

/// Adds to the counts of the most frequent names, at most `room` of them; returns how much those come to that found none. Of equally
/// frequent names those first in order stay, so that of names that do not repeat it is the same ones whatever the order they came in.
///
/// A name counts from when it last found room: what repeats soon has one, and keeps it.
pub(crate) fn add_frequent<'n>(counts: &mut BTreeMap<String, u64>, more: impl Iterator<Item = (&'n str, u64)>, room: usize) -> u64 {
    let mut new: HashMap<&str, u64> = HashMap::new();
    for (name, count) in more {
        match counts.get_mut(name) {
            Some(known) => *known += count,
            None => *new.entry(name).or_default() += count,
        }
    }
    if counts.len() + new.len() <= room {
        counts.extend(new.into_iter().map(|(name, count)| (name.to_owned(), count)));
        return 0;
    }
    let known = std::mem::take(counts).into_iter().map(|(name, count)| (Reverse(count), Cow::Owned(name)));
    let new = new.into_iter().map(|(name, count)| (Reverse(count), Cow::Borrowed(name)));
    let mut all: Vec<(Reverse<u64>, Cow<'_, str>)> = known.chain(new).collect();
    all.select_nth_unstable(room);
    let left_out = all.split_off(room);
    counts.extend(all.into_iter().map(|(Reverse(count), name)| (name.into_owned(), count)));
    left_out.into_iter().map(|(Reverse(count), _)| count).sum()
}
