//! Numbers in sentences.

/// A count with its thousands apart: `36,732`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A metric's value with three digits: `0.812`, `1,240`, `-0.0123`.
#[must_use]
pub fn value(number: f64) -> String {
    let size = number.abs();
    if size >= 1000.0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "rounded, not negative, and far below the greatest count"
        )]
        let whole = size.round() as u64;
        return format!("{}{}", if number < 0.0 { "-" } else { "" }, count(whole));
    }
    if size >= 100.0 {
        format!("{number:.0}")
    } else if size >= 10.0 {
        format!("{number:.1}")
    } else if size >= 0.05 || size == 0.0 {
        format!("{number:.3}")
    } else {
        format!("{number:.4}")
    }
}

/// A share in percent: `93 %`, and never 0 or 100 where it is neither.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        _ if share <= 0.0 => "0 %".to_owned(),
        _ if share >= 1.0 => "100 %".to_owned(),
        _ if percent < 1.0 => "less than 1 %".to_owned(),
        _ if percent > 99.0 => "more than 99 %".to_owned(),
        _ => format!("{percent:.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([count(0), count(999), count(36_732), count(1_000_000)], ["0", "999", "36,732", "1,000,000"]);
        assert_eq!(
            [value(0.8124), value(12.34), value(1240.4), value(-0.012_34), value(0.0)],
            ["0.812", "12.3", "1,240", "-0.0123", "0.000"]
        );
        assert_eq!(
            [percent(0.0), percent(0.001), percent(0.5), percent(0.9999), percent(1.0)],
            ["0 %", "less than 1 %", "50 %", "more than 99 %", "100 %"]
        );
    }
}
