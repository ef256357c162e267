//! Decompression block by block, with the limits that a bomb runs into.

use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{DParameter, Decoder, Operation as _};

use crate::{Compression, Limits, Reason, ReasonKind};

/// Bytes of one decompressed block.
const BLOCK_BYTES: usize = 128 * 1024;
/// Largest zstd window that is accepted, as a power of two: 32 MiB, what `zstd --ultra -20` asks for. `--long` asks for more.
const WINDOW_LOG: u32 = 25;

/// Turns an object's bytes into its content.
pub(crate) struct Inflater {
    decoder: Kind,
    compression: Compression,
    block: Vec<u8>,
    read: u64,
    written: u64,
    /// Whether the input may end here: a gzip member or a zstd frame is whole.
    is_whole: bool,
    /// Whether the decoder gave up; what it had made until then was still handed on.
    has_failed: bool,
}

enum Kind {
    Gzip(Decompress),
    Zstd(Decoder<'static>),
}

impl std::fmt::Debug for Inflater {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Inflater")
            .field("compression", &self.compression)
            .field("read", &self.read)
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

impl Inflater {
    /// A decoder, `None` for plain content.
    pub(crate) fn new(compression: Compression) -> Result<Option<Self>, Reason> {
        let decoder = match compression {
            Compression::Plain => return Ok(None),
            Compression::Gzip => Kind::Gzip(Decompress::new_gzip(15)),
            Compression::Zstd => {
                let decoder = Decoder::new().and_then(|mut decoder| {
                    decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG))?;
                    Ok(decoder)
                });
                Kind::Zstd(decoder.map_err(|_| Reason::new(ReasonKind::Compression, "the zstd decoder could not be made"))?)
            }
        };
        Ok(Some(Self { decoder, compression, block: vec![0; BLOCK_BYTES], read: 0, written: 0, is_whole: false, has_failed: false }))
    }

    /// Decodes as much of `input` as fills a block: how much was used, and the block. Call until all is used and the block is empty.
    pub(crate) fn step(&mut self, input: &[u8], limits: &Limits) -> Result<(usize, &[u8]), Reason> {
        if self.has_failed {
            let name = self.compression.name();
            return Err(Reason::new(
                ReasonKind::Compression,
                format!("found bytes that are no {name}, expected whole {name} data and nothing behind it"),
            ));
        }
        let (used, made) = match &mut self.decoder {
            _ if self.is_whole && input.is_empty() => (0, 0),
            Kind::Gzip(decoder) => {
                if self.is_whole {
                    *decoder = Decompress::new_gzip(15); // the next member
                }
                let (read, written) = (decoder.total_in(), decoder.total_out());
                let status = decoder.decompress(input, &mut self.block, FlushDecompress::None);
                self.is_whole = matches!(status, Ok(Status::StreamEnd));
                self.has_failed = status.is_err();
                (decoder.total_in() - read, decoder.total_out() - written)
            }
            Kind::Zstd(decoder) => {
                if let Ok(status) = decoder.run_on_buffers(input, &mut self.block) {
                    // An idle decoder waits for a frame and says how many bytes its header has.
                    if status.bytes_read > 0 || status.bytes_written > 0 {
                        self.is_whole = status.remaining == 0;
                    }
                    (status.bytes_read as u64, status.bytes_written as u64)
                } else {
                    self.has_failed = true;
                    (0, 0)
                }
            }
        };
        if self.has_failed && made == 0 {
            return self.step(&[], limits);
        }
        self.read += used;
        self.written += made;
        if self.written > limits.ratio_free_bytes && self.written / limits.ratio.max(1) > self.read {
            let text = format!("found {} bytes that inflate to {}, expected at most {} to 1", self.read, self.written, limits.ratio);
            return Err(Reason::new(ReasonKind::Bomb, text));
        }
        let used = usize::try_from(used).unwrap_or(input.len());
        let made = usize::try_from(made).unwrap_or(BLOCK_BYTES);
        Ok((used, self.block.get(..made).unwrap_or_default()))
    }

    /// Whether the input may end here.
    pub(crate) fn finish(&self) -> Result<(), Reason> {
        if self.is_whole {
            return Ok(());
        }
        Err(Reason::new(
            ReasonKind::Compression,
            format!("found the end of the object, expected more {} data: it was cut off", self.compression.name()),
        ))
    }
}
