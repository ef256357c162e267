//! Running text in lines that a terminal shows whole.

use crate::terminal::Say;

/// Widest line of running text, characters.
pub(super) const WIDTH: usize = 100;

/// Running text in lines of at most `width` characters: the first begins at column `first`, the others are indented.
pub(super) fn wrapped(text: &str, width: usize, first: usize, indent: usize) -> String {
    let mut wrapped = String::new();
    let mut column = first;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column + length > width && column > indent {
            wrapped.say(format_args!("\n{:indent$}", ""));
            column = indent;
        } else if !wrapped.is_empty() {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += length;
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_between_words() {
        assert_eq!(wrapped("one two three", 9, 0, 2), "one two\n  three");
        assert_eq!(wrapped("", 9, 0, 2), "");
    }
}
