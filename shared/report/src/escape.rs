//! Text from outside, made safe to show: [`Plain`] is the only way in.
//!
//! maud escapes markup; this removes what escaping leaves alone and a reader would not see: control characters,
//! characters that turn the reading direction, invisible ones. It also clips, so that one long value cannot fill a page,
//! and withholds the category values of a restricted contract.

use std::fmt::Write;

use maud::{Escaper, Render};

/// At most so many characters of a name are shown.
const NAME_LIMIT: usize = 64;
/// At most so many characters of a sentence are shown.
const SENTENCE_LIMIT: usize = 320;
/// A verdict quotes at most so many characters of a value.
const QUOTED: usize = 40;
/// What stands in the place of a value that may not be shown.
const WITHHELD: &str = "[withheld]";

/// Text that is safe to show: no control, direction-turning or invisible characters, no unbounded length; markup is
/// escaped when it is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plain(String);

impl Plain {
    /// A name: of a field, a version, a file. An empty one is said to be so.
    pub(crate) fn name(text: &str) -> Self {
        let clean = Self::clipped(text, NAME_LIMIT);
        if clean.0.is_empty() { Self("(no name)".into()) } else { clean }
    }

    /// A unit or a measure: a name that may be empty.
    pub(crate) fn unit(text: &str) -> Self {
        Self::clipped(text, NAME_LIMIT)
    }

    /// A longer name whose end tells as much as its start: a location.
    pub(crate) fn location(text: &str) -> Self {
        const LIMIT: usize = 160;
        let clean = visible(text);
        let length = clean.chars().count();
        if length <= LIMIT {
            return Self(clean);
        }
        let head: String = clean.chars().take(LIMIT / 2).collect();
        let tail: String = clean.chars().skip(length - LIMIT / 2).collect();
        Self(format!("{head}…{tail}"))
    }

    /// Sentences of no more than `limit` characters.
    pub(crate) fn sentences(text: &str, limit: usize) -> Self {
        Self::clipped(text, limit)
    }

    fn clipped(text: &str, limit: usize) -> Self {
        let clean = visible(text);
        match clean.char_indices().nth(limit) {
            Some((end, _)) => Self(clean.split_at_checked(end).map_or_else(String::new, |(head, _)| format!("{head}…"))),
            None => Self(clean),
        }
    }

    /// The text as a string, for putting it into a longer one that becomes `Plain` again.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Plain {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Render for Plain {
    fn render_to(&self, buffer: &mut String) {
        // Writing to a string cannot fail.
        Escaper::new(buffer).write_str(&self.0).unwrap_or_default();
    }
}

/// The text without characters that a reader does not see; what breaks a line becomes a space.
fn visible(text: &str) -> String {
    let mut clean = String::with_capacity(text.len().min(1024));
    for character in text.chars() {
        match character {
            '\t' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => clean.push(' '),
            '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}' => {}
            hidden if hidden.is_control() => {}
            seen => clean.push(seen),
        }
    }
    clean.trim().to_owned()
}

/// Sentences on their way to the page: as they are, or with a restricted contract's values taken out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Censor {
    /// Values to take out, longest first.
    values: Vec<String>,
}

impl Censor {
    /// A censor of these values; `known` names (of fields, the model) stay even where a value is spelt the same.
    pub(crate) fn new<'a>(values: impl Iterator<Item = &'a str>, known: &[&str]) -> Self {
        let mut values: Vec<String> =
            values.filter(|value| !value.trim().is_empty() && !known.contains(value)).map(str::to_owned).collect();
        // A verdict quotes the beginning of a long value.
        let beginning =
            |value: &String| value.char_indices().nth(QUOTED).and_then(|(end, _)| value.get(..end)).map(|head| format!("{head}…"));
        values.extend(values.iter().filter_map(beginning).collect::<Vec<_>>());
        values.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        values.dedup();
        Self { values }
    }

    /// A sentence, ready to show.
    pub(crate) fn sentence(&self, text: &str) -> Plain {
        if self.values.is_empty() {
            return Plain::clipped(text, SENTENCE_LIMIT);
        }
        let mut clean = text.to_owned();
        for value in &self.values {
            clean = withhold(&clean, value);
        }
        Plain::clipped(&clean, SENTENCE_LIMIT)
    }
}

/// The text with every whole occurrence of the value replaced. A bare number is only taken for a value between quotes:
/// "5% of the records" is no category.
fn withhold(text: &str, value: &str) -> String {
    let numeric = value.parse::<f64>().is_ok();
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(value) {
        let left = before.chars().next_back().or_else(|| kept.chars().next_back());
        let right = after.chars().next();
        let whole = !left.is_some_and(char::is_alphanumeric) && !right.is_some_and(char::is_alphanumeric);
        let quoted = left.is_some_and(is_quote) && right.is_some_and(is_quote);
        kept.push_str(before);
        kept.push_str(if quoted || (whole && !numeric) { WITHHELD } else { value });
        rest = after;
    }
    kept.push_str(rest);
    kept
}

fn is_quote(character: char) -> bool {
    matches!(character, '"' | '\'' | '`' | '“' | '”' | '‘' | '’' | '«' | '»')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped_and_hidden_characters_are_dropped() {
        let html = maud::html! { (Plain::name("<b>\u{202e}a\u{0}\"&\u{2066}'")) }.into_string();
        assert_eq!(html, "&lt;b&gt;a&quot;&amp;'");
    }

    #[test]
    fn long_names_are_clipped_on_a_character_boundary() {
        let name = Plain::name(&"é".repeat(1000));
        assert_eq!(name.as_str().chars().count(), NAME_LIMIT + 1);
    }

    #[test]
    fn a_name_without_a_visible_character_is_said_to_have_none() {
        assert_eq!(Plain::name("\u{200b}\u{7}").as_str(), "(no name)");
    }

    #[test]
    fn restricted_values_are_taken_out_of_sentences_but_words_that_contain_them_stay() {
        let censor = Censor::new(["EWR", "New York", "5", "origin"].into_iter(), &["origin"]);
        let shown = censor.sentence("origin: EWR and “New York” fell, EWRX and 5% stayed, \"5\" rose");
        let long = "v".repeat(60);
        let quoted = format!("most often \"{}…\"", "v".repeat(QUOTED));
        assert_eq!(Censor::new([long.as_str()].into_iter(), &[]).sentence(&quoted).as_str(), "most often \"[withheld]\"");
        assert_eq!(shown.as_str(), "origin: [withheld] and “[withheld]” fell, EWRX and 5% stayed, \"[withheld]\" rose");
    }
}
