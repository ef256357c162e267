//! Numbers as people read them in sentences.

use tidegate_statistics::interval::Interval;

/// A count with its thousands apart: `12,311`.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 row`, `12,311 rows`.
pub(crate) fn rows(value: u64) -> String {
    if value == 1 { "1 row".to_owned() } else { format!("{} rows", count(value)) }
}

/// A limit as a person would write it, with two decimals at least where it is small: `0.70`, `0.005`, `250`.
pub(crate) fn limit(value: f64) -> String {
    let plain = value.to_string();
    let decimals = plain.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    if value.abs() < 10.0 && decimals < 2 { format!("{value:.2}") } else { plain }
}

/// How many decimals tell apart the ends of a span this wide: two digits of it, at most eight.
fn decimals(width: f64) -> usize {
    if !(width > 0.0 && width.is_finite()) {
        return 3;
    }
    (0..8).find(|decimals| width * 10_f64.powi(*decimals) >= 10.0).and_then(|decimals| usize::try_from(decimals).ok()).unwrap_or(8)
}

/// A value with its interval, as many digits as the interval makes sense of: `0.731 (0.722–0.740)`.
pub(crate) fn estimate(value: f64, interval: Option<Interval>) -> String {
    match interval {
        Some(Interval { low, high }) => {
            let decimals = decimals(high - low);
            let dash = if low < 0.0 { " to " } else { "–" };
            let (low, high) = (fixed(low, decimals), fixed(high, decimals));
            format!("{} ({low}{dash}{high})", fixed(value, decimals))
        }
        None => fixed(value, if value.abs() < 10.0 { 3 } else { 1 }),
    }
}

/// Two values with as many digits as the interval of their difference makes sense of.
pub(crate) fn pair(first: f64, second: f64, interval: Interval) -> (String, String) {
    let decimals = decimals(interval.high - interval.low);
    (fixed(first, decimals), fixed(second, decimals))
}

/// A difference with the interval: `0.012 (0.004 to 0.020)`.
pub(crate) fn difference(value: f64, interval: Interval) -> String {
    let decimals = decimals(interval.high - interval.low);
    let [value, low, high] = [value, interval.low, interval.high].map(|value| fixed(value, decimals));
    format!("{value} ({low} to {high})")
}

/// A number with so many decimals, never `-0.0`, and with a true minus sign.
fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|digit| "0.".contains(digit)) => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// A p-value: `0.031`, `below 0.001`.
pub(crate) fn p(value: f64) -> String {
    if value < 0.001 { "below 0.001".to_owned() } else { format!("{value:.3}") }
}

/// A sentence's first letter.
pub(crate) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// `a`, `a and b`, `a, b and c`, `a, b, c and 3 more`.
pub(crate) fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, two, three] => format!("{one}, {two} and {three}"),
        [one, two, three, rest @ ..] => format!("{one}, {two}, {three} and {} more", rest.len()),
    }
}

/// A value as shown in a sentence: at most 40 characters, in quotes.
pub(crate) fn quoted(value: &str) -> String {
    let mut characters = value.chars();
    let shown: String = characters.by_ref().take(40).map(|character| if character.is_control() { '\u{FFFD}' } else { character }).collect();
    let more = if characters.next().is_some() { "…" } else { "" };
    format!("\"{shown}{more}\"")
}

/// Rows at which an interval would be half as wide as the distance asks, in words.
///
/// Intervals shrink with the root of the rows: `n · (half width / distance)²`.
pub(crate) fn rows_needed(rows: u64, half_width: f64, distance: f64) -> String {
    const MOST: f64 = 1e9;
    let needed = rows as f64 * (half_width / distance).powi(2);
    if !needed.is_finite() || needed > MOST {
        return "more rows than there will ever be".to_owned();
    }
    // Two digits: it is a rule of thumb.
    let unit = 10_f64.powf((needed.max(1.0).log10().floor() - 1.0).max(0.0));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a milliard")]
    let rounded = ((needed / unit).ceil() * unit) as u64;
    format!("about {}", self::rows(rounded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_have_the_digits_that_count() {
        let shown = |value, low, high| estimate(value, Some(Interval { low, high }));
        assert_eq!(shown(0.731_23, 0.722_1, 0.740_4), "0.731 (0.722–0.740)");
        assert_eq!(shown(56.557, 50.12, 62.9), "57 (50–63)");
        assert_eq!(shown(-0.000_1, -0.2, 0.2), "0.00 (−0.20 to 0.20)");
        assert_eq!(estimate(0.5, None), "0.500");
        assert_eq!(difference(0.0123, Interval { low: -0.004, high: 0.0286 }), "0.012 (−0.004 to 0.029)");
    }

    #[test]
    fn limits_are_shown_as_they_were_written() {
        assert_eq!([0.7, 0.005, 250.0, 1.0, 12.5].map(limit), ["0.70", "0.005", "250", "1.00", "12.5"]);
    }

    #[test]
    fn counts_and_rules_of_thumb() {
        assert_eq!((rows(1), rows(12_311), count(1_000_000)), ("1 row".to_owned(), "12,311 rows".to_owned(), "1,000,000".to_owned()));
        assert_eq!(rows_needed(1_000, 0.02, 0.01), "about 4,000 rows");
        assert_eq!(rows_needed(1_000, 0.02, 0.0), "more rows than there will ever be");
    }
}
