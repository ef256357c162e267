//! The naming convention, and what was probably meant by a misspelt word.

/// Longest name of a model or feature, in characters.
pub const MAX_NAME: usize = 63;

/// Names that records, profiles and reports use themselves, so that no feature may.
pub const RESERVED_NAMES: [&str; 5] = ["score", "prediction", "latency_ms", "timestamp", "inference_id"];

/// Whether a text can name a model: lower-case words of letters and digits joined by hyphens, a letter first, at most
/// [`MAX_NAME`] characters.
#[must_use]
pub fn is_model_name(text: &str) -> bool {
    is_joined(text, '-')
}

/// Whether a text can name a feature: lower-case words of letters and digits joined by underscores, a letter first, at
/// most [`MAX_NAME`] characters. [`RESERVED_NAMES`] are refused on their own account.
#[must_use]
pub fn is_feature_name(text: &str) -> bool {
    is_joined(text, '_')
}

fn is_joined(text: &str, joint: char) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    text.len() <= MAX_NAME && text.starts_with(|first: char| first.is_ascii_lowercase()) && text.split(joint).all(is_word)
}

/// The model name closest to a text: `FlightDelay v2` becomes `flight-delay-v2`.
#[must_use]
pub fn model_name_from(text: &str) -> String {
    joined_from(text, '-', "model")
}

/// The feature name closest to a text: `petal length (cm)` becomes `petal_length_cm`. The result is never reserved.
#[must_use]
pub fn feature_name_from(text: &str) -> String {
    let name = joined_from(text, '_', "feature");
    if RESERVED_NAMES.contains(&name.as_str()) { format!("feature_{name}") } else { name }
}

fn joined_from(text: &str, joint: char, otherwise: &str) -> String {
    let mut name = String::new();
    let mut after_small = false;
    for character in text.chars() {
        let starts_word = character.is_ascii_uppercase() && after_small;
        if (starts_word || !character.is_ascii_alphanumeric()) && !name.is_empty() && !name.ends_with(joint) {
            name.push(joint);
        }
        if character.is_ascii_alphanumeric() {
            name.push(character.to_ascii_lowercase());
        }
        after_small = character.is_ascii_lowercase() || character.is_ascii_digit();
    }
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        name = if name.is_empty() { otherwise.to_owned() } else { format!("{otherwise}{joint}{name}") };
    }
    name.truncate(MAX_NAME);
    name.trim_end_matches(joint).to_owned()
}

/// Words that people write for ours.
const SYNONYMS: [(&str, &str); 21] = [
    ("bool", "categorical"),
    ("boolean", "categorical"),
    ("category", "categorical"),
    ("classes", "multiclass"),
    ("classification", "binary"),
    ("discrete", "categorical"),
    ("continuous", "numeric"),
    ("csv.gz", "csv"),
    ("double", "numeric"),
    ("enum", "allowed"),
    ("float", "numeric"),
    ("int", "numeric"),
    ("integer", "numeric"),
    ("kind", "type"),
    ("ndjson", "jsonl"),
    ("number", "numeric"),
    ("online", "real-time"),
    ("str", "categorical"),
    ("string", "categorical"),
    ("reference", "training"),
    ("values", "allowed"),
];

/// Which of the words was probably meant: a synonym, or the one that is few keystrokes away.
pub(crate) fn meant<'a>(found: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let found = found.to_lowercase().replace(' ', "_");
    let words: Vec<&str> = words.into_iter().collect();
    let synonym = SYNONYMS.iter().find(|(wrong, _)| *wrong == found).map(|(_, right)| *right);
    if let Some(word) = words.iter().find(|word| synonym == Some(**word)) {
        return Some(word);
    }
    let allowed = (found.chars().count() / 3).max(1);
    let plain = found.replace(['-', '_'], "");
    words
        .into_iter()
        .map(|word| (keystrokes(&plain, &word.replace(['-', '_'], "")), word))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Keystrokes that turn one word into the other: characters inserted, left out, changed, or two neighbours swapped.
///
/// The optimal string alignment distance (Damerau 1964, without edits inside a swapped pair).
#[expect(clippy::indexing_slicing, reason = "every row has one cell more than the word has characters")]
fn keystrokes(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut before_last = vec![0; to.len() + 1];
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1; to.len() + 1];
        for (j, b) in to.iter().enumerate() {
            let changed = last[j] + usize::from(a != b);
            row[j + 1] = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[to.len()]
}

/// Whether a character has no place in a name or a line of text: control characters, and those that change the
/// direction of the text or cannot be seen.
pub(crate) fn is_hidden(character: char) -> bool {
    character.is_control() || matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn model_names_are_lower_case_words_joined_by_hyphens() {
        for good in ["flight-delay", "a", "m2", "x-2-y", &"a".repeat(63)] {
            assert!(is_model_name(good), "{good}");
        }
        for bad in ["", "Flight", "flight_delay", "-a", "a-", "a--b", "2a", "é", "a b", &"a".repeat(64)] {
            assert!(!is_model_name(bad), "{bad}");
        }
    }

    #[test]
    fn feature_names_are_lower_case_words_joined_by_underscores() {
        for good in ["dep_delay", "x1", "pay_0"] {
            assert!(is_feature_name(good), "{good}");
        }
        for bad in ["dep-delay", "depDelay", "_x", "x_", "x__y", "0x", ""] {
            assert!(!is_feature_name(bad), "{bad}");
        }
    }

    #[test]
    fn any_text_has_a_closest_name_that_follows_the_convention() {
        assert_eq!(feature_name_from("petal length (cm)"), "petal_length_cm");
        assert_eq!(feature_name_from("depDelay"), "dep_delay");
        assert_eq!(feature_name_from("HTTPStatus"), "httpstatus");
        assert_eq!(feature_name_from("Score"), "feature_score");
        assert_eq!(feature_name_from("1st"), "feature_1st");
        assert_eq!(feature_name_from("…"), "feature");
        assert_eq!(model_name_from("Flight Delay_v2"), "flight-delay-v2");
        let long = format!("{} b", "a".repeat(62));
        assert_eq!(feature_name_from(&long), "a".repeat(62));
        for text in ["", "__", "Ä", "x.y.z", "9", "A B", "_a_", &"é1".repeat(99)] {
            assert!(is_feature_name(&feature_name_from(text)), "{text}");
            assert!(is_model_name(&model_name_from(text)), "{text}");
        }
    }

    #[test]
    fn a_misspelt_word_leads_to_the_one_that_was_meant() {
        let words = ["features", "monitoring", "model", "task"];
        assert_eq!(meant("feautres", words), Some("features"));
        assert_eq!(meant("Monitor ing", words), Some("monitoring"));
        assert_eq!(meant("tsak", words), Some("task"));
        assert_eq!(meant("zebra", words), None);
        assert_eq!(meant("float", ["numeric", "categorical"]), Some("numeric"));
        assert_eq!(meant("realtime", ["real-time", "batch"]), Some("real-time"));
        assert_eq!(keystrokes("ab", "ba"), 1);
        assert_eq!(keystrokes("kitten", "sitting"), 3);
        assert_eq!(keystrokes("", "abc"), 3);
    }
}
