//! Numbers as people read them.

/// What stands where there is nothing to say.
pub(crate) const NONE: &str = "–";

/// A whole number with thousands apart: `1,234`.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count with its noun: `1 record`, `2 records`.
pub(crate) fn counted(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(value), if value == 1 { one } else { many })
}

/// Words as a sentence begins: with a capital.
pub(crate) fn sentence_start(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// Words in a row: `a, b and c`.
pub(crate) fn series<T: AsRef<str>>(words: &[T]) -> String {
    match words {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [others @ .., last] => format!("{} and {}", others.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", "), last.as_ref()),
    }
}

/// A number to about three figures: `0.0421`, `12.3`, `1,234`, `3.2e18`.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return NONE.into();
    }
    if size == 0.0 {
        return "0".into();
    }
    if !(1e-4..1e15).contains(&size) {
        return signed(&format!("{value:.2e}"));
    }
    let decimals = match size {
        _ if size >= 100.0 => 0,
        _ if size >= 10.0 => 1,
        _ if size >= 1.0 => 2,
        _ if size >= 0.01 => 3,
        _ => 5,
    };
    signed(&grouped(&trimmed(&format!("{value:.decimals$}"))))
}

/// A value and its interval, with two digits of the interval's width: `0.731` and `0.722–0.740`. Without an interval the value alone.
pub(crate) fn estimate(value: f64, interval: Option<[f64; 2]>) -> (String, Option<String>) {
    match interval.filter(|[low, high]| low.is_finite() && high.is_finite()) {
        Some([low, high]) if value.is_finite() && [value, low, high].iter().all(|end| end.abs() < 1e12) => {
            let decimals = decimals(high - low);
            (fixed(value, decimals), Some(range(&fixed(low, decimals), &fixed(high, decimals))))
        }
        Some([low, high]) => (number(value), Some(range(&number(low), &number(high)))),
        None => (number(value), None),
    }
}

/// Two ends of a range; a dash between them could be read as a sign.
fn range(low: &str, high: &str) -> String {
    let dash = if low.starts_with('−') || high.starts_with('−') { " to " } else { "–" };
    format!("{low}{dash}{high}")
}

/// How many decimals show two digits of a width, at most eight; three of a width that is no positive number.
fn decimals(width: f64) -> usize {
    if width > 0.0 { (0..8_u8).find(|decimals| width * 10_f64.powi(i32::from(*decimals)) >= 10.0).map_or(8, usize::from) } else { 3 }
}

/// A number with so many decimals, thousands apart, never a negative nothing.
fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let text = if text.parse::<f64>().is_ok_and(|shown| shown == 0.0) { text.trim_start_matches('-').to_owned() } else { text };
    signed(&grouped(&text))
}

/// A limit as it was written, with two decimals at least where it is small: `0.70`, `0.005`, `250`.
pub(crate) fn limit(value: f64) -> String {
    let plain = value.to_string();
    let decimals = plain.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    if !value.is_finite() || plain.len() > 16 {
        return number(value);
    }
    if value.abs() < 10.0 && decimals < 2 { fixed(value, 2) } else { signed(&grouped(&plain)) }
}

/// A size: `812 bytes`, `81.9 kB`, `1.2 GB`, in powers of a thousand.
pub(crate) fn bytes(value: u64) -> String {
    let units = [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.into_iter().find(|(unit, _)| value >= *unit) {
        Some((unit, name)) => format!("{} {name}", number(value as f64 / unit as f64)),
        None => counted(value, "byte", "bytes"),
    }
}

/// A tick of an axis whose ticks are `step` apart: as many decimals as the step has.
pub(crate) fn tick(value: f64, step: f64) -> String {
    let size = value.abs().max(step.abs());
    if !value.is_finite() || !(1e-5..1e12).contains(&size) {
        return number(value);
    }
    let decimals = (0..=6_usize)
        .find(|&decimals| format!("{step:.decimals$}").parse::<f64>().is_ok_and(|shown| (shown - step).abs() <= step.abs() * 1e-6))
        .unwrap_or(6);
    let text = format!("{value:.decimals$}");
    let text = if text.parse::<f64>().is_ok_and(|shown| shown == 0.0) { "0".to_owned() } else { text };
    signed(&grouped(&text))
}

/// A share of a whole as per cent: `0.42%`, `12.3%`; never rounded to 0% or 100% when it is not.
pub(crate) fn share(value: f64) -> String {
    let percent = value * 100.0;
    match percent {
        _ if !percent.is_finite() => NONE.into(),
        _ if percent == 0.0 => "0%".into(),
        _ if percent > 0.0 && percent < 0.01 => "<0.01%".into(),
        _ if percent > 99.9 && percent < 100.0 => ">99.9%".into(),
        _ if percent.abs() < 1.0 => signed(&format!("{}%", trimmed(&format!("{percent:.2}")))),
        _ => signed(&format!("{}%", trimmed(&format!("{percent:.1}")))),
    }
}

/// A p-value: `p < 0.0001`, `p = 0.0123`, `p = 0.42`.
pub(crate) fn p_value(p: f64) -> String {
    match p {
        _ if !p.is_finite() => NONE.into(),
        _ if p < 0.0001 => "p < 0.0001".into(),
        _ if p > 0.99 => "p > 0.99".into(),
        _ if p < 0.1 => format!("p = {p:.4}"),
        _ => format!("p = {p:.2}"),
    }
}

/// The size of an effect without its unit; shares become percentage points.
pub(crate) fn size(value: f64, unit: &str) -> String {
    let value = if unit == "share" { value * 100.0 } else { value };
    match value {
        _ if !value.is_finite() => NONE.into(),
        _ if value.abs() < 0.0005 => "0".into(),
        _ if value.abs() < 0.1 => signed(&trimmed(&format!("{value:.3}"))),
        _ if value.abs() < 100.0 => signed(&format!("{value:.2}")),
        _ => number(value),
    }
}

/// The unit of an effect as it follows a number: ` sd`, ` w`, ` percentage points`.
pub(crate) fn unit(unit: &str) -> &str {
    match unit {
        "share" => "percentage points",
        // A named method's distance has no unit.
        "distance" => "",
        other => other,
    }
}

fn trimmed(text: &str) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
}

/// Puts commas into the whole part.
fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let whole = whole.parse::<u64>().map_or_else(|_| whole.to_owned(), count);
    fraction.map_or_else(|| format!("{sign}{whole}"), |fraction| format!("{sign}{whole}.{fraction}"))
}

/// A true minus sign, which is as wide as the digits.
fn signed(text: &str) -> String {
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_thousands_apart() {
        assert_eq!(
            ["0", "999", "1,000", "18,446,744,073,709,551,615"],
            [count(0), count(999), count(1000), count(u64::MAX)].each_ref().map(String::as_str)
        );
    }

    #[test]
    fn numbers_keep_about_three_figures() {
        let shown = [0.0, 0.0421, 12.34, 1234.4, -0.5, 3.2e18, 1e-7, f64::INFINITY].map(number);
        assert_eq!(shown.each_ref().map(String::as_str), ["0", "0.042", "12.3", "1,234", "−0.5", "3.20e18", "1.00e−7", "–"]);
    }

    #[test]
    fn shares_are_never_rounded_to_none_or_all() {
        let shown = [0.0, 0.000_01, 0.0042, 0.123, 0.999_99, 1.0].map(share);
        assert_eq!(shown.each_ref().map(String::as_str), ["0%", "<0.01%", "0.42%", "12.3%", ">99.9%", "100%"]);
    }

    #[test]
    fn p_values_stop_where_they_stop_meaning_anything() {
        let shown = [0.0, 0.0123, 0.42, 1.0].map(p_value);
        assert_eq!(shown.each_ref().map(String::as_str), ["p < 0.0001", "p = 0.0123", "p = 0.42", "p > 0.99"]);
    }

    #[test]
    fn estimates_have_the_digits_that_their_intervals_make_sense_of() {
        let shown = |value, low, high| {
            let (value, interval) = estimate(value, Some([low, high]));
            format!("{value} ({})", interval.unwrap_or_default())
        };
        assert_eq!(shown(0.731_23, 0.722_1, 0.740_4), "0.731 (0.722–0.740)");
        assert_eq!(shown(1_256.557, 1_150.12, 1_362.9), "1,257 (1,150–1,363)");
        assert_eq!(shown(-0.000_1, -0.2, 0.2), "0.00 (−0.20 to 0.20)");
        assert_eq!(shown(0.5, 0.5, 0.5), "0.500 (0.500–0.500)");
        assert_eq!(shown(f64::NAN, 0.0, 1e300), "– (0–1.00e300)");
        assert_eq!(estimate(0.5, Some([f64::NAN, 1.0])), ("0.5".to_owned(), None));
    }

    #[test]
    fn limits_and_sizes_are_shown_as_people_write_them() {
        let limits = [0.7, 0.005, 250.0, -1.0, 12.5, f64::INFINITY].map(limit);
        assert_eq!(limits.each_ref().map(String::as_str), ["0.70", "0.005", "250", "−1.00", "12.5", "–"]);
        let sizes = [1, 812, 81_920, 1_234_567_890, u64::MAX].map(bytes);
        assert_eq!(sizes.each_ref().map(String::as_str), ["1 byte", "812 bytes", "81.9 kB", "1.23 GB", "18,446,744 TB"]);
    }

    #[test]
    fn ticks_have_the_decimals_of_their_step() {
        assert_eq!(
            [tick(0.5, 0.25), tick(-20.0, 20.0), tick(1000.0, 500.0), tick(-0.0, 0.1)].each_ref().map(String::as_str),
            ["0.50", "−20", "1,000", "0"]
        );
    }

    #[test]
    fn effects_are_sized_for_their_unit() {
        assert_eq!(
            [size(0.42, "sd"), size(0.032, "share"), size(-0.0123, "w"), size(f64::NAN, "")].each_ref().map(String::as_str),
            ["0.42", "3.20", "−0.012", "–"]
        );
        assert_eq!([unit("sd"), unit("share")], ["sd", "percentage points"]);
    }
}
