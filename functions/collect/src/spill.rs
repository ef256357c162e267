//! Bytes that wait for their upload on the function's disk instead of in its memory.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
};

/// One nameless file for all that waits, made when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct Spill {
    file: Option<File>,
    end: u64,
}

/// Where in the file some bytes lie.
#[derive(Debug)]
pub(crate) struct Extent {
    at: u64,
    bytes: usize,
}

impl Extent {
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Spill {
    /// Bytes written so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.end
    }

    /// Puts bytes on disk.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<Extent> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.seek(SeekFrom::Start(self.end))?;
        file.write_all(bytes)?;
        let extent = Extent { at: self.end, bytes: bytes.len() };
        self.end += bytes.len() as u64;
        Ok(extent)
    }

    /// Reads bytes back.
    pub(crate) fn read(&mut self, extent: &Extent) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; extent.bytes];
        if let Some(file) = &mut self.file {
            file.seek(SeekFrom::Start(extent.at))?;
            file.read_exact(&mut bytes)?;
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_spilled_comes_back_in_any_order() {
        let mut spill = Spill::default();
        let (one, two) = (spill.write(b"one").unwrap(), spill.write(b"twelve").unwrap());
        assert_eq!(spill.read(&two).unwrap(), b"twelve");
        let three = spill.write(b"3").unwrap();
        assert_eq!(spill.read(&one).unwrap(), b"one");
        assert_eq!(spill.read(&three).unwrap(), b"3");
        assert_eq!(spill.bytes(), 10);
    }
}
