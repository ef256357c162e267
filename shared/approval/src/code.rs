//! The code that stands in a mail's body and nowhere else: what a scanner that fills in forms does not have.

use std::fmt;

use crate::Mac;

/// What a code is made of. Without 0, 1, I and O: nobody should have to guess what was printed.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// Bits of one character.
const BITS: u32 = 5;

/// A code of six characters, 30 bits. It prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

/// A text that cannot be a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("found no code of six letters and digits")]
pub struct WrongCode;

impl Code {
    /// How many characters it has.
    pub const LENGTH: usize = 6;

    /// The code that the MAC of [`Link::code_message`](crate::Link::code_message) means: its first 30 bits.
    #[must_use]
    pub fn of(mac: &Mac) -> Self {
        let bits = mac.expose().iter().take(4).fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let characters = (1..=Self::LENGTH).map(|place| {
            let at = bits.rotate_left(BITS * u32::try_from(place).unwrap_or_default()) & 0x1f;
            ALPHABET.get(at as usize).map_or('2', |character| char::from(*character))
        });
        Self(characters.collect())
    }

    /// Reads what a person typed: small letters, spaces and hyphens do not count.
    ///
    /// # Errors
    /// [`WrongCode`] if it is not six characters of those that a code is made of.
    pub fn parse(text: &str) -> Result<Self, WrongCode> {
        let typed: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect();
        let is_code = typed.len() == Self::LENGTH && typed.bytes().all(|byte| ALPHABET.contains(&byte));
        if is_code { Ok(Self(typed)) } else { Err(WrongCode) }
    }

    /// The code as text: for the mail's body and the check, never for a log.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// As a person reads it: `K7M 2QX`.
    #[must_use]
    pub fn printed(&self) -> String {
        let (one, two) = self.0.split_at_checked(Self::LENGTH / 2).unwrap_or((&self.0, ""));
        format!("{one} {two}")
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_first_thirty_bits_of_its_mac() {
        let code = |first: [u8; 4]| {
            let mut bytes = [0xff; 32];
            bytes[..4].copy_from_slice(&first);
            Code::of(&Mac::from(bytes)).expose().to_owned()
        };
        assert_eq!(code([0, 0, 0, 0]), "222222");
        assert_eq!(code([0, 0, 0, 3]), "222222", "the last two bits do not count");
        assert_eq!(code([0xff; 4]), "ZZZZZZ");
        // 00001 00010 00011 00100 00101 00110 00
        assert_eq!(code([0b0000_1000, 0b1000_0110, 0b0100_0010, 0b1001_1000]), "345678");
    }

    #[test]
    fn what_a_person_types_is_read_kindly_and_shown_to_nobody() {
        let code = Code::parse("K7M2QX").unwrap();
        for typed in ["k7m2qx", " K7M 2QX ", "k7m-2qx", &code.printed()] {
            assert_eq!(Code::parse(typed).as_ref(), Ok(&code), "{typed}");
        }
        for wrong in ["", "K7M2Q", "K7M2QXX", "K7M2Q0", "K7M2QI", "ÄÖÜ", "K7M2Q\0"] {
            assert_eq!(Code::parse(wrong), Err(WrongCode), "{wrong}");
        }
        assert_eq!(format!("{code:?}"), "***");
    }
}
