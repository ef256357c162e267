//! What every page keeps to, whatever it is given.

use tidegate_report::MAX_BYTES;

/// Everything that a text from outside might try.
pub const POISON: &str =
    "</title></style><script>alert(1)</script><img src=x onerror=alert(2)>\" onload=\"x' & \u{202e}evil\u{2066}\u{0}\u{7}\u{200b}";

/// What every page keeps to.
pub fn checked(html: &str) -> String {
    assert!(html.len() < MAX_BYTES, "{} bytes", html.len());
    let lower = html.to_lowercase();
    for forbidden in [
        "<script",
        "<img",
        "<link",
        "<iframe",
        "<object",
        "javascript:",
        "http://",
        "https://",
        "url(",
        "@import",
        " src=",
        " onload=",
        " onerror=",
    ] {
        // An attribute can only stand in a tag; escaped text may say what it likes.
        let found = if forbidden.starts_with(' ') {
            tags(&lower).any(|tag| outside_quotes(tag).contains(forbidden))
        } else {
            lower.contains(forbidden)
        };
        assert!(!found, "{forbidden} in the page");
    }
    let hidden = |character: char| {
        (character.is_control() && character != '\n')
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
    };
    assert!(!html.contains(hidden), "a hidden character is in the page");
    for nonsense in ["NaN", "inf%", ">inf", "-inf"] {
        assert!(!html.contains(nonsense), "{nonsense} in the page");
    }
    assert_eq!(html.matches("<svg").count(), html.matches("</svg>").count());
    assert_eq!(html.matches("<h1").count(), 1);
    headings_in_order(html);
    html.to_owned()
}

fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').skip(1).filter_map(|piece| piece.split_once('>').map(|(tag, _)| tag))
}

fn outside_quotes(tag: &str) -> String {
    tag.split('"').step_by(2).collect()
}

fn headings_in_order(html: &str) {
    let levels: Vec<u32> = tags(html)
        .filter_map(|tag| tag.strip_prefix('h').and_then(|rest| rest.chars().next()).and_then(|level| level.to_digit(10)))
        .collect();
    assert_eq!(levels.first(), Some(&1));
    assert!(levels.windows(2).all(|pair| matches!(pair, [one, next] if *next <= one + 1)), "{levels:?}");
}
