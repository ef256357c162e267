//! Names that are spelt another way: cut off, in another encoding or facts, padded, quoted.
//!
//! New values are looked up among the baseline's by what programs do to texts. They are a fault when they account for
//! nearly all new values, and the values that they came from became rarer by as much.

use std::collections::BTreeMap;

use super::facts::{Both, Facts, share};
use super::suspicion::{DIRECT, LIKELY, POSSIBLE, Suspicion};
use crate::Fault;
use crate::words::{percent, quoted};

/// New values in less than this share of the values are not explained.
const LEAST: f64 = 0.003;

/// One way of spelling must account for so much of the new values.
const ACCOUNTS_FOR: f64 = 0.8;

/// The values that they came from must have lost so much of what the new ones hold.
const LOST: f64 = 0.5;

/// Recoded columns: so much of the values is new.
const ALL_NEW: f64 = 0.9;

/// A baseline of more values than this shows new ones every day.
const MANY_VALUES: usize = 500;

/// Ways in which one text becomes another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Padding,
    Quotes,
    Case,
    Encoding,
    Unwritable,
    Number,
    Spelling,
    CutOff,
}

impl Way {
    const ALL: [Self; 8] =
        [Self::Padding, Self::Quotes, Self::Case, Self::Encoding, Self::Unwritable, Self::Number, Self::Spelling, Self::CutOff];

    /// What stays the same of a text that was changed in this way.
    fn core(self, text: &str) -> String {
        match self {
            Self::Padding => text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0').to_owned(),
            Self::Quotes => text.trim_matches(['"', '\'', '`', '“', '”', ' ']).to_owned(),
            Self::Case => text.to_lowercase(),
            // A letter that another encoding reads as two, or that lost its accent.
            Self::Encoding => repaired(text).chars().map(plain).collect(),
            // A letter that an encoding cannot write.
            Self::Unwritable => text.chars().filter(|c| c.is_ascii() && *c != '?').collect(),
            Self::Number => text.parse::<f64>().map_or_else(|_| text.to_owned(), |number| number.to_string()),
            Self::Spelling => repaired(text).to_lowercase().chars().map(plain).filter(char::is_ascii_alphanumeric).collect(),
            Self::CutOff => text.to_owned(),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Padding => "with blanks around them",
            Self::Quotes => "with quotes around them",
            Self::Case => "in another case",
            Self::Encoding | Self::Unwritable => "in another encoding",
            Self::Number => "written as another kind of number",
            Self::Spelling => "spelt another way",
            Self::CutOff => "cut off",
        }
    }
}

/// UTF-8 that was read as Latin-1 or Windows-1252 and written again, put right; a text that was not stays as it is.
fn repaired(text: &str) -> String {
    let byte = |c: char| match u32::from(c) {
        code @ 0..=0xff => u8::try_from(code).ok(),
        _ => WINDOWS_1252.iter().position(|&known| known == c).and_then(|index| u8::try_from(0x80 + index).ok()),
    };
    let bytes: Option<Vec<u8>> = text.chars().map(byte).collect();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| text.to_owned())
}

/// Windows-1252's characters for the bytes 0x80 to 0x9f; those it leaves undefined stand for themselves.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–',
    '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// A Latin letter without its accent.
fn plain(letter: char) -> char {
    const ACCENTED: [(&str, char); 22] = [
        ("àáâãäåāăą", 'a'),
        ("ÀÁÂÃÄÅĀĂĄ", 'A'),
        ("çćč", 'c'),
        ("ÇĆČ", 'C'),
        ("èéêëēęě", 'e'),
        ("ÈÉÊËĒĘĚ", 'E'),
        ("ìíîïī", 'i'),
        ("ÌÍÎÏĪ", 'I'),
        ("ñńň", 'n'),
        ("ÑŃŇ", 'N'),
        ("òóôõöøōő", 'o'),
        ("ÒÓÔÕÖØŌŐ", 'O'),
        ("ùúûüūůű", 'u'),
        ("ÙÚÛÜŪŮŰ", 'U'),
        ("ýÿ", 'y'),
        ("Ý", 'Y'),
        ("śšş", 's'),
        ("ŚŠŞ", 'S'),
        ("źżž", 'z'),
        ("ŹŻŽ", 'Z'),
        ("łľ", 'l'),
        ("ŁĽ", 'L'),
    ];
    ACCENTED.iter().find(|(accented, _)| accented.contains(letter)).map_or(letter, |(_, plain)| *plain)
}

/// How the field's names changed, when that explains the new ones.
pub(crate) fn suspicion(facts: &Facts<'_>, field: Both<'_>) -> Option<Suspicion> {
    let anchor = field.names_anchor()?;
    let (now, before) = (field.now.categorical.as_ref()?, field.before.categorical.as_ref()?);
    let new: u64 = now.other.values().sum();
    let part = share(now.outside(), field.now.present);
    if part < LEAST || new == 0 {
        return None;
    }
    let known = Known { names: &anchor.values, now: &now.cells, before: &before.cells, present: (field.now.present, field.before.present) };
    for way in Way::ALL {
        let matched = if way == Way::CutOff { known.cut_off(&now.other) } else { known.same_core(way, &now.other) };
        let Some(matched) = matched else { continue };
        if (matched.held as f64) < ACCOUNTS_FOR * new as f64 || matched.lost < LOST * share(matched.held, field.now.present) {
            continue;
        }
        let fault = if way == Way::CutOff { Fault::Truncated } else { Fault::Encoding };
        let shown = if facts.may_show_names() {
            format!(": {} where the baseline has {}", quoted(&matched.example.0), quoted(&matched.example.1))
        } else {
            String::new()
        };
        let evidence = format!("{} of the values of {} are the baseline's, {}{shown}", percent(part), field.name, way.words());
        let confidence = if matched.names > 1 { DIRECT } else { LIKELY };
        return Some(Suspicion::of(field, fault, part, confidence, evidence));
    }
    (part >= ALL_NEW && !anchor.open && anchor.values.len() <= MANY_VALUES).then(|| {
        let (share, count) = (percent(part), anchor.values.len());
        let evidence =
            format!("{share} of the values of {} are none of the baseline's {count}: its names were given other codes", field.name);
        Suspicion::of(field, Fault::Encoding, part, POSSIBLE, evidence)
    })
}

/// New values that one way of spelling accounts for.
struct Matched {
    /// Values that they hold.
    held: u64,
    /// How many different ones.
    names: usize,
    /// Share of the values that the names they came from lost.
    lost: f64,
    /// The most frequent one, and what it came from.
    example: (String, String),
}

/// A new value, how often it occurs, and the baseline's names that it may have come from.
type Pair<'n> = (&'n String, u64, Vec<usize>);

/// The baseline's names, the most frequent first.
struct Known<'a> {
    names: &'a [String],
    now: &'a [u64],
    before: &'a [u64],
    /// Values in window and baseline.
    present: (u64, u64),
}

impl Known<'_> {
    fn lost(&self, index: usize) -> f64 {
        let count = |counts: &[u64]| counts.get(index).copied().unwrap_or(0);
        share(count(self.before), self.present.1) - share(count(self.now), self.present.0)
    }

    /// New values that have what stays the same in this way in common with a name of the baseline.
    fn same_core(&self, way: Way, new: &BTreeMap<String, u64>) -> Option<Matched> {
        let mut by_core: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, name) in self.names.iter().enumerate() {
            by_core.entry(way.core(name)).or_default().push(index);
        }
        let pairs = new.iter().filter_map(|(value, count)| {
            let core = way.core(value);
            Some((value, *count, by_core.get(&core).filter(|_| !core.is_empty())?.clone()))
        });
        self.matched(&pairs.collect::<Vec<_>>())
    }

    /// New values of one length that are the beginnings of longer names.
    fn cut_off(&self, new: &BTreeMap<String, u64>) -> Option<Matched> {
        let origins = |value: &str| -> Vec<usize> {
            let starts = |name: &&String| name.len() > value.len() && name.starts_with(value.trim_end_matches(['…', '.']));
            self.names.iter().enumerate().filter(|(_, name)| starts(name)).map(|(index, _)| index).collect()
        };
        let mut by_length: BTreeMap<usize, Vec<Pair<'_>>> = BTreeMap::new();
        for (value, count) in new.iter().filter(|(value, _)| !value.is_empty()) {
            let from = origins(value);
            if !from.is_empty() {
                by_length.entry(value.chars().count()).or_default().push((value, *count, from));
            }
        }
        let of_length = |(_, pairs): &(usize, Vec<Pair<'_>>)| pairs.iter().map(|(_, count, _)| *count).sum::<u64>();
        let (_, pairs) = by_length.into_iter().max_by_key(of_length)?;
        self.matched(&pairs)
    }

    fn matched(&self, pairs: &[Pair<'_>]) -> Option<Matched> {
        let mut origins: Vec<usize> = pairs.iter().flat_map(|(_, _, from)| from.iter().copied()).collect();
        origins.sort_unstable();
        origins.dedup();
        let (value, _, from) = pairs.iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(a.0)))?;
        let example = ((*value).clone(), self.names.get(*from.first()?)?.clone());
        Some(Matched {
            held: pairs.iter().map(|(_, count, _)| count).sum(),
            names: pairs.len(),
            lost: origins.into_iter().map(|index| self.lost(index).max(0.0)).sum(),
            example,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_the_same_is_the_same() {
        let same = [
            (Way::Padding, " web\u{a0}", "web"),
            (Way::Quotes, "\"web\"", "web"),
            (Way::Case, "WEB", "web"),
            (Way::Encoding, "ZÃ¼rich", "Zürich"),
            (Way::Encoding, "Zurich", "Zürich"),
            (Way::Unwritable, "Z?rich", "Zürich"),
            (Way::Unwritable, "Z\u{fffd}rich", "Zürich"),
            (Way::Number, "7.0", "7"),
            (Way::Spelling, "new-york", "New York"),
        ]
        .map(|(way, a, b)| (way, way.core(a), way.core(b)));
        for (way, a, b) in same {
            assert_eq!(a, b, "{way:?}");
        }
        assert_ne!(Way::Case.core("web"), Way::Case.core("shop"));
    }

    fn known<'a>(names: &'a [String], now: &'a [u64], before: &'a [u64]) -> Known<'a> {
        Known { names, now, before, present: (100, 100) }
    }

    #[test]
    fn cut_off_names_are_beginnings_of_one_length() {
        let names = ["Very Good", "Very Bad", "Ideal"].map(str::to_owned);
        let known = known(&names, &[0, 0, 0], &[50, 30, 20]);
        let new = [("Ver".to_owned(), 80), ("Ide".to_owned(), 20)].into();
        let matched = known.cut_off(&new).unwrap();
        assert_eq!((matched.held, matched.names), (100, 2));
        assert!((matched.lost - 1.0).abs() < 1e-12);
        assert_eq!(matched.example, ("Ver".to_owned(), "Very Good".to_owned()));
        assert!(known.cut_off(&[("Xen".to_owned(), 5)].into()).is_none());
    }
}
