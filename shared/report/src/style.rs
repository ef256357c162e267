//! The stylesheet: calm on a desk, on a phone, in the dark and on paper.

/// The stylesheet of every Tidegate page. Colours are variables, all pairs of text and ground meet WCAG AA; plots take
/// theirs from classes, so dark mode and print need no other picture.
pub const STYLE: &str = include_str!("style.css");

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of a variable in the first block of rules after a mark.
    fn colour(mark: &str, name: &str) -> [f64; 3] {
        let block = STYLE.split_once(mark).unwrap().1;
        let value = block.split_once(&format!("--{name}:#")).unwrap().1;
        let digits: String = value.chars().take_while(char::is_ascii_hexdigit).collect();
        let digits = if digits.len() == 3 { digits.chars().flat_map(|digit| [digit, digit]).collect() } else { digits };
        [0, 2, 4].map(|start| f64::from(u8::from_str_radix(&digits[start..start + 2], 16).unwrap()) / 255.0)
    }

    /// Relative luminance and contrast as WCAG 2 defines them.
    fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
        let luminance = |colour: [f64; 3]| {
            let [red, green, blue] = colour.map(|part| if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) });
            0.2126 * red + 0.7152 * green + 0.0722 * blue
        };
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn text_meets_wcag_aa_on_every_ground_by_day_and_by_night() {
        for mark in [":root{", "dark){:root{"] {
            for text in ["ink", "muted", "link", "now", "base", "ok", "warn", "drift", "few", "none"] {
                for ground in ["bg", "card"] {
                    let found = contrast(colour(mark, text), colour(mark, ground));
                    assert!(found >= 4.5, "{text} on {ground} after {mark}: {found:.2}");
                }
            }
            for state in ["ok", "warn", "drift", "few", "none"] {
                let found = contrast(colour(mark, state), colour(mark, &format!("{state}b")));
                assert!(found >= 4.5, "{state} on its own ground after {mark}: {found:.2}");
            }
            assert!(contrast(colour(mark, "muted"), colour(mark, "soft")) >= 4.5);
        }
    }
}
