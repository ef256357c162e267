//! Numbers and names as people read them in sentences.

use chrono::DateTime;
use tidegate_contract::BaselineKind;

/// Where a baseline's values lie, as a sentence ends: `in the baseline`.
pub(crate) fn in_the(kind: BaselineKind) -> &'static str {
    match kind {
        BaselineKind::Training => "in the baseline",
        BaselineKind::Seasonal => "in the same hours of past weeks",
        BaselineKind::Previous => "in the window before",
    }
}

/// A number with three significant digits, without an exponent where it can be helped: `0.0123`, `13.4`, `1,234`.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if value.fract() == 0.0 && size < 100.0 {
        format!("{value:.0}")
    } else if !(1e-4..1e15).contains(&size) {
        format!("{value:.2e}")
    } else if size >= 100.0 {
        let whole = format!("{:.0}", value.abs());
        let mut grouped = String::new();
        for (position, digit) in whole.chars().enumerate() {
            if position > 0 && (whole.len() - position).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        if value < 0.0 { format!("-{grouped}") } else { grouped }
    } else {
        let decimals =
            [(10.0, 1), (1.0, 2), (0.1, 3), (0.01, 4)].into_iter().find(|(from, _)| size >= *from).map_or(6, |(_, decimals)| decimals);
        format!("{value:.decimals$}")
    }
}

/// What a number is and was, with as many digits as it takes to tell them apart.
pub(crate) fn pair(is: f64, was: f64) -> (String, String) {
    let plain = (number(is), number(was));
    if plain.0 != plain.1 || (is - was).abs() <= 1e-12 * was.abs() {
        return plain;
    }
    if !(1e-4..1e15).contains(&is.abs()) {
        let digits = (3..12).find(|&digits| format!("{is:.digits$e}") != format!("{was:.digits$e}")).unwrap_or(12);
        return (format!("{is:.digits$e}"), format!("{was:.digits$e}"));
    }
    let decimals = (1..12).find(|&decimals| format!("{is:.decimals$}") != format!("{was:.decimals$}")).unwrap_or(12);
    (format!("{is:.decimals$}"), format!("{was:.decimals$}"))
}

/// That values moved by a size of this sign, with their mean or another middle of them where it is told: what it is, and what it was.
pub(crate) fn moved(size: f64, told: Option<(&str, (f64, f64))>) -> String {
    let way = if size > 0.0 { "higher" } else { "lower" };
    told.map_or_else(
        || format!("its values are {way}"),
        |(middle, (is, was))| {
            let (is, was) = pair(is, was);
            format!("its values are {way}: {middle} {is}, was {was}")
        },
    )
}

/// A share as a percentage: `0.3 %`, `12 %`.
pub(crate) fn percent(share: f64) -> String {
    let value = share * 100.0;
    if value == 0.0 {
        "0 %".to_owned()
    } else if value.abs() < 0.01 {
        "under 0.01 %".to_owned()
    } else if value.abs() < 1.0 {
        format!("{value:.2} %")
    } else if value.abs() < 10.0 {
        format!("{value:.1} %")
    } else {
        format!("{value:.0} %")
    }
}

/// Names joined as in a sentence: `a`, `a and b`, `a, b and 3 more`.
pub(crate) fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [one, two] => format!("{one} and {two}"),
        [one, two, three] => format!("{one}, {two} and {three}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
    }
}

/// A day by its date: `2013-07-02`.
pub(crate) fn date(start_ms: i64) -> String {
    DateTime::from_timestamp_millis(start_ms).unwrap_or_default().format("%Y-%m-%d").to_string()
}

/// A category value as shown in a sentence: at most 40 characters, in quotes.
pub(crate) fn quoted(value: &str) -> String {
    let mut characters = value.chars();
    let shown: String = characters.by_ref().take(40).collect();
    let more = if characters.next().is_some() { "…" } else { "" };
    format!("\"{shown}{more}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_that_count() {
        let shown: Vec<String> =
            [0.0, 0.012_345, 0.5, 1.234, 13.44, 123.4, 1_234_567.0, -1_234.0, 1e20, 1e-9].into_iter().map(number).collect();
        assert_eq!(shown, ["0", "0.0123", "0.500", "1.23", "13.4", "123", "1,234,567", "-1,234", "1.00e20", "1.00e-9"]);
    }

    #[test]
    fn a_pair_shows_that_it_differs() {
        assert_eq!(pair(107.2, 100.1), ("107".to_owned(), "100".to_owned()));
        assert_eq!(pair(100.3, 100.1), ("100.3".to_owned(), "100.1".to_owned()));
        assert_eq!(pair(3.002_1e17, 3.0e17), ("3.002e17".to_owned(), "3.000e17".to_owned()));
        assert_eq!(pair(5.0, 5.0), ("5".to_owned(), "5".to_owned()));
    }

    #[test]
    fn shares_are_percentages() {
        assert_eq!([0.0, 0.000_01, 0.003, 0.034, 0.9].map(percent), ["0 %", "under 0.01 %", "0.30 %", "3.4 %", "90 %"].map(str::to_owned));
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(list(&["a", "b", "c", "d"]), "a, b and 2 more");
    }
}
