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
