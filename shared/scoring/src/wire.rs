//! The wire format of Protocol Buffers: reads borrow from the file and check every length; writes append.
//!
//! A reader of our own because the usual ones build every message that a file claims to have: two bytes of input can ask for hundreds in
//! memory. This one yields field after field, so that the caller counts before it keeps.

use crate::error::Fault;

/// A field's value as it lies in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wire<'a> {
    Varint(u64),
    Eight([u8; 8]),
    Bytes(&'a [u8]),
    Four([u8; 4]),
}

/// The fields of one message, in the order of the file.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn field(&mut self) -> Result<(u64, Wire<'a>), Fault> {
        let key = take_varint(&mut self.rest)?;
        let value = match key & 7 {
            0 => Wire::Varint(take_varint(&mut self.rest)?),
            1 => Wire::Eight(self.array()?),
            2 => {
                let length = take_varint(&mut self.rest)?;
                let remaining = self.rest.len();
                let bytes = usize::try_from(length).ok().and_then(|length| self.rest.split_at_checked(length));
                let (bytes, rest) =
                    bytes.ok_or_else(|| Fault::new(format!("{remaining} bytes"), format!("{length}: the file is cut off or damaged")))?;
                self.rest = rest;
                Wire::Bytes(bytes)
            }
            5 => Wire::Four(self.array()?),
            other => return Err(Fault::new(format!("wire type {other}"), "0, 1, 2 or 5")),
        };
        match key >> 3 {
            0 => Err(Fault::new("field number 0", "1 or more")),
            number => Ok((number, value)),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or_else(|| cut(self.rest.len(), N))?;
        self.rest = rest;
        Ok(*bytes)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Wire<'a>), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

fn cut(found: usize, expected: usize) -> Fault {
    Fault::new(format!("{found} bytes"), format!("{expected}: the file is cut off or damaged"))
}

fn take_varint(rest: &mut &[u8]) -> Result<u64, Fault> {
    let mut value = 0_u64;
    for place in 0..10 {
        let (byte, tail) = rest.split_first().ok_or_else(|| cut(0, 1))?;
        *rest = tail;
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Fault::new("a number of more than ten bytes", "at most ten"))
}

impl<'a> Wire<'a> {
    pub(crate) fn bytes(self) -> Result<&'a [u8], Fault> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            other => Err(other.unexpected("bytes")),
        }
    }

    pub(crate) fn text(self) -> Result<&'a str, Fault> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Fault::new("bytes that are not UTF-8", "text"))
    }

    pub(crate) fn int(self) -> Result<i64, Fault> {
        match self {
            Self::Varint(value) => Ok(value.cast_signed()),
            other => Err(other.unexpected("a whole number")),
        }
    }

    pub(crate) fn float(self) -> Result<f32, Fault> {
        match self {
            Self::Four(bytes) => Ok(f32::from_le_bytes(bytes)),
            other => Err(other.unexpected("a 32-bit number")),
        }
    }

    /// Adds a repeated field's values, packed or one by one.
    pub(crate) fn ints_into(self, all: &mut Vec<i64>) -> Result<(), Fault> {
        let Self::Bytes(mut bytes) = self else {
            all.push(self.int()?);
            return Ok(());
        };
        while !bytes.is_empty() {
            all.push(take_varint(&mut bytes)?.cast_signed());
        }
        Ok(())
    }

    /// Adds a repeated field's values, packed or one by one.
    pub(crate) fn floats_into(self, all: &mut Vec<f32>) -> Result<(), Fault> {
        if let Self::Bytes(bytes) = self {
            let (values, rest) = bytes.as_chunks::<4>();
            if !rest.is_empty() {
                return Err(cut(rest.len(), 4));
            }
            all.extend(values.iter().map(|value| f32::from_le_bytes(*value)));
        } else {
            all.push(self.float()?);
        }
        Ok(())
    }

    /// Adds a repeated field's values, packed or one by one.
    pub(crate) fn doubles_into(self, all: &mut Vec<f64>) -> Result<(), Fault> {
        match self {
            Self::Bytes(bytes) => {
                let (values, rest) = bytes.as_chunks::<8>();
                if !rest.is_empty() {
                    return Err(cut(rest.len(), 8));
                }
                all.extend(values.iter().map(|value| f64::from_le_bytes(*value)));
                Ok(())
            }
            Self::Eight(bytes) => {
                all.push(f64::from_le_bytes(bytes));
                Ok(())
            }
            other => Err(other.unexpected("a 64-bit number")),
        }
    }

    fn unexpected(self, expected: &str) -> Fault {
        let found = match self {
            Self::Varint(_) => "a whole number",
            Self::Eight(_) => "a 64-bit value",
            Self::Bytes(_) => "bytes",
            Self::Four(_) => "a 32-bit value",
        };
        Fault::new(found, expected)
    }
}

/// A message that is being written.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.bytes.push(value.to_le_bytes()[0]);
    }

    pub(crate) fn int(&mut self, number: u64, value: i64) -> &mut Self {
        self.varint(number << 3);
        self.varint(value.cast_unsigned());
        self
    }

    pub(crate) fn float(&mut self, number: u64, value: f32) -> &mut Self {
        self.varint(number << 3 | 5);
        self.bytes.extend(value.to_le_bytes());
        self
    }

    pub(crate) fn put(&mut self, number: u64, bytes: &[u8]) -> &mut Self {
        self.varint(number << 3 | 2);
        self.varint(bytes.len() as u64);
        self.bytes.extend(bytes);
        self
    }

    pub(crate) fn message(&mut self, number: u64, write: impl FnOnce(&mut Self)) -> &mut Self {
        let mut inner = Self::default();
        write(&mut inner);
        self.put(number, &inner.bytes)
    }
}
