//! The lexical level of RFC 8259: white space, strings, numbers, literals. Every function takes a text and a place in it and
//! returns the place after what it read.

use super::Fault;

/// Skips white space.
#[inline]
pub(super) fn white_space(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = text.get(at) {
        at += 1;
    }
    at
}

/// Reads `true`, `false` or `null`, whose first byte is at `at`.
#[inline]
pub(super) fn literal(text: &[u8], at: usize, word: &'static [u8]) -> Result<usize, Fault> {
    if text.get(at..).is_some_and(|rest| rest.starts_with(word)) {
        Ok(at + word.len())
    } else {
        Err(Fault::json(at, "found a word, expected a value"))
    }
}

/// Eight bytes as a word, the first one lowest; `None` near the end.
#[inline]
fn word(text: &[u8], at: usize) -> Option<u64> {
    text.get(at..)?.first_chunk().map(|chunk| u64::from_le_bytes(*chunk))
}

/// A high bit for each byte of `word` below `n` (`1..=128`). Bits above the first set one may be wrong; the first is right.
#[inline]
fn below(word: u64, n: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    word.wrapping_sub(ONES * n) & !word & (ONES * 128)
}

/// A high bit for each byte of `word` that ends or interrupts a string's plain run: a quote, a backslash, a control character.
#[inline]
fn special(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    below(word ^ (ONES * 0x22), 1) | below(word ^ (ONES * 0x5c), 1) | below(word, 0x20)
}

/// Reads a string from behind its opening quote to behind its closing one; says whether it has escapes.
#[inline]
pub(super) fn string(text: &[u8], mut at: usize) -> Result<(usize, bool), Fault> {
    let mut has_escapes = false;
    loop {
        while let Some(word) = word(text, at) {
            let marks = special(word);
            if marks != 0 {
                at += (marks.trailing_zeros() / 8) as usize;
                break;
            }
            at += 8;
        }
        match text.get(at) {
            Some(b'"') => return Ok((at + 1, has_escapes)),
            Some(b'\\') => {
                has_escapes = true;
                at = escape(text, at)?.0;
            }
            Some(..0x20) => return Err(Fault::json(at, "found a control character in a string, expected it escaped")),
            Some(_) => at += 1,
            None => return Err(Fault::json(at, "found the end of the line, expected the end of a string")),
        }
    }
}

/// Reads one escape, whose backslash is at `at`; a surrogate pair is one escape.
fn escape(text: &[u8], at: usize) -> Result<(usize, char), Fault> {
    let plain = |character| Ok((at + 2, character));
    match text.get(at + 1) {
        Some(b'"') => plain('"'),
        Some(b'\\') => plain('\\'),
        Some(b'/') => plain('/'),
        Some(b'b') => plain('\u{8}'),
        Some(b'f') => plain('\u{c}'),
        Some(b'n') => plain('\n'),
        Some(b'r') => plain('\r'),
        Some(b't') => plain('\t'),
        Some(b'u') => {
            let first = unit(text, at + 2)?;
            let (end, code) = match first {
                0xd800..=0xdbff => match (text.get(at + 6), text.get(at + 7)) {
                    (Some(b'\\'), Some(b'u')) => match unit(text, at + 8)? {
                        second @ 0xdc00..=0xdfff => (at + 12, 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)),
                        _ => return Err(Fault::json(at, "found half a surrogate pair, expected both halves")),
                    },
                    _ => return Err(Fault::json(at, "found half a surrogate pair, expected both halves")),
                },
                other => (at + 6, other),
            };
            // Only a lone low half is no character here.
            char::from_u32(code)
                .map(|character| (end, character))
                .ok_or(Fault::json(at, "found half a surrogate pair, expected both halves"))
        }
        _ => Err(Fault::json(at, "found an unknown escape, expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u")),
    }
}

/// Four hexadecimal digits.
fn unit(text: &[u8], at: usize) -> Result<u32, Fault> {
    let digits = text.get(at..at + 4).ok_or(Fault::json(at, "found the end of the line, expected four hexadecimal digits"))?;
    digits.iter().try_fold(0, |code, digit| {
        let digit = char::from(*digit).to_digit(16).ok_or(Fault::json(at, "found another character, expected four hexadecimal digits"))?;
        Ok(code * 16 + digit)
    })
}

/// Appends a string that [`string`] has read, its escapes resolved, to `arena`.
pub(super) fn unescape(text: &str, arena: &mut String) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(run) = text.get(at..) {
        let Some(plain) = memchr::memchr(b'\\', run.as_bytes()) else {
            arena.push_str(run);
            return;
        };
        arena.push_str(run.get(..plain).unwrap_or_default());
        let Ok((end, character)) = escape(bytes, at + plain) else { return };
        arena.push(character);
        at = end;
    }
}

/// Reads a number from its first byte; returns its end and its value, infinite when it is too large for a double.
#[inline]
pub(super) fn number(text: &[u8], start: usize) -> Result<(usize, f64), Fault> {
    let digit = |at: usize| text.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10);
    let is_negative = text.get(start) == Some(&b'-');
    let mut at = start + usize::from(is_negative);
    let mut mantissa: u64 = 0;
    let first_digit = at;
    match digit(at) {
        Some(0) => {
            at += 1;
            if digit(at).is_some() {
                return Err(Fault::json(at, "found a digit after a leading zero, expected none"));
            }
        }
        Some(_) => {
            while let Some(digit) = digit(at) {
                mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
                at += 1;
            }
        }
        None => return Err(Fault::json(at, "found no digit, expected a number")),
    }
    let mut digits = at - first_digit;
    let mut exponent: i64 = 0;
    if text.get(at) == Some(&b'.') {
        let point = at + 1;
        at = point;
        while let Some(digit) = digit(at) {
            mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
            at += 1;
        }
        if at == point {
            return Err(Fault::json(at, "found no digit, expected one after the point of a number"));
        }
        digits += at - point;
        exponent = -i64::try_from(at - point).unwrap_or(i64::MAX);
    }
    if let Some(b'e' | b'E') = text.get(at) {
        at += 1;
        let is_small = text.get(at) == Some(&b'-');
        if let Some(b'+' | b'-') = text.get(at) {
            at += 1;
        }
        let from = at;
        let mut written: i64 = 0;
        while let Some(digit) = digit(at) {
            written = written.saturating_mul(10).saturating_add(i64::from(digit));
            at += 1;
        }
        if at == from {
            return Err(Fault::json(at, "found no digit, expected one in the exponent of a number"));
        }
        exponent = exponent.saturating_add(if is_small { -written } else { written });
    }
    // Up to 19 digits fit into the mantissa; up to 2^53 it is exact as a double, and so are the powers of ten up to 22, so
    // that one rounding gives the nearest double (Clinger 1990). Everything else is the library's.
    let value = match usize::try_from(exponent.unsigned_abs()).ok().and_then(|power| POWERS.get(power)) {
        Some(power) if digits <= 19 && mantissa <= 1 << 53 => {
            let whole = mantissa as f64;
            let value = if exponent < 0 { whole / power } else { whole * power };
            if is_negative { -value } else { value }
        }
        _ => text.get(start..at).and_then(|token| fast_float2::parse(token).ok()).unwrap_or(f64::NAN),
    };
    Ok((at, value))
}

/// The powers of ten that are exact doubles.
const POWERS: [f64; 23] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_have_the_value_that_the_standard_library_gives() {
        for text in [
            "0",
            "-0",
            "1",
            "-1.5",
            "1e5",
            "1E+2",
            "123456789012345678901234567890",
            "0.1",
            "4.9e-324",
            "1.7976931348623157e308",
            "1e400",
            "-1e400",
            "1e-400",
            "9007199254740993",
            "0.30000000000000004",
            "1e22",
            "1e23",
            "12345678901234567e3",
            "1e99999999999999999999",
        ] {
            let (end, value) = number(text.as_bytes(), 0).unwrap();
            let expected: f64 = text.parse().unwrap();
            assert_eq!((end, value.to_bits()), (text.len(), expected.to_bits()), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_number_is_refused() {
        for text in ["", "-", "+1", "01", "-01", ".5", "1.", "1.e5", "1e", "1e+", "NaN", "Infinity", "-Infinity", "-.5"] {
            let read = number(text.as_bytes(), 0);
            assert!(read.is_err(), "{text}: {read:?}");
        }
    }

    #[test]
    fn escapes_resolve() {
        let text = r#"a\"\\\/\b\f\n\r\té\ud83d\ude00 ü"#;
        let mut arena = String::new();
        unescape(text, &mut arena);
        assert_eq!(arena, "a\"\\/\u{8}\u{c}\n\r\té😀 ü");
    }

    proptest! {
        #[test]
        fn any_double_survives(value in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO) {
            for text in [format!("{value}"), format!("{value:e}")] {
                let (end, read) = number(text.as_bytes(), 0).unwrap();
                prop_assert_eq!((end, read.to_bits()), (text.len(), value.to_bits()));
            }
        }

        #[test]
        fn the_end_of_a_string_is_where_a_byte_by_byte_search_finds_it(bytes in proptest::collection::vec(prop_oneof![Just(b'"'), Just(b'\\'), Just(0x1f), Just(0x20), Just(0x7f), Just(0xc3), any::<u8>()], 0..40)) {
            let first = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..0x20));
            match (string(&bytes, 0), first.map(|at| (at, bytes.get(at)))) {
                (Ok((end, false)), Some((at, Some(b'"')))) => prop_assert_eq!(end, at + 1),
                (Err(fault), Some((at, Some(..0x20)))) => prop_assert_eq!(fault.at, at),
                (Ok((_, true)) | Err(_), Some((_, Some(b'\\')))) => {}
                (Err(fault), None) => prop_assert_eq!(fault.at, bytes.len()),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}
