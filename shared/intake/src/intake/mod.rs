//! The push-based reader of one object: sniffs, inflates, tells the format, and hands lines to their reader.

mod source;
mod text;

use tidegate_contract::RecordFormat;

pub use source::read;
pub(crate) use source::watch;

use crate::content::Content;
use crate::detect::{self, Detected, SNIFF_BYTES};
use crate::inflate::Inflater;
use crate::rows::{Place, Rows};
use crate::{Compression, Format, IntakeError, Limits, Plan, Reason, ReasonKind, Sink, Summary};
use text::Text;

/// The place of a fault that is the whole object's.
const START: Place<'static> = Place { line: 1, offset: 0, text: &[] };

/// What to do after a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Push the next bytes, or finish.
    More,
    /// The object is Parquet and nothing of it was used: keep the whole of it and call [`read_parquet`](crate::read_parquet).
    Parquet,
    /// The rest of the object will not be read (it was quarantined as one line, with its reason): finish.
    Stop,
}

/// Reads one object that arrives in pieces. The result does not depend on where the pieces are cut (but for the exact line at
/// which a bomb is noticed).
///
/// An object that ends badly (a truncated gzip, a bomb, UTF-16 …) is no error: the lines before are kept and counted, the
/// rest is one quarantined line, and [`Summary::fault`] says why.
#[derive(Debug)]
pub struct Intake {
    rows: Rows,
    content: Content,
    /// The content up to where the unfinished line begins: what counts as read when the rest cannot be.
    whole_lines: Content,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Fewer than [`SNIFF_BYTES`] bytes so far.
    Start(Vec<u8>),
    /// Parquet is not for this reader.
    Parquet,
    Open {
        inflater: Option<Box<Inflater>>,
        text: Text,
    },
}

impl Intake {
    /// A reader of one object.
    #[must_use]
    pub fn new(plan: &Plan, limits: Limits) -> Self {
        Self::of(Rows::new(plan, limits))
    }

    fn of(rows: Rows) -> Self {
        Self { rows, content: Content::default(), whole_lines: Content::default(), stage: Stage::Start(Vec::new()) }
    }

    /// Takes the object's next bytes.
    ///
    /// # Errors
    /// [`IntakeError::Sink`] if the sink fails. Never because of the bytes.
    pub fn push(&mut self, bytes: &[u8], sink: &mut dyn Sink) -> Result<Flow, IntakeError> {
        if let Stage::Start(head) = &mut self.stage {
            if head.is_empty() && bytes.len() >= SNIFF_BYTES {
                return self.start(bytes, sink);
            }
            head.extend_from_slice(bytes);
            if head.len() < SNIFF_BYTES {
                return Ok(Flow::More);
            }
            let head = std::mem::take(head);
            return self.start(&head, sink);
        }
        self.take(bytes, sink)?;
        Ok(self.flow())
    }

    /// Says that the object has ended: the last line and all unfinished batches go to the sink.
    ///
    /// # Errors
    /// As [`Intake::push`].
    pub fn finish(mut self, sink: &mut dyn Sink) -> Result<Summary, IntakeError> {
        if let Stage::Start(head) = &mut self.stage {
            let head = std::mem::take(head);
            self.start(&head, sink)?;
        }
        if let Stage::Open { inflater: Some(inflater), .. } = &self.stage {
            let end = inflater.finish();
            if let (Err(reason), false) = (end, self.rows.has_stopped()) {
                self.stop(reason, sink)?;
            }
        }
        if let Stage::Open { text, .. } = &mut self.stage
            && !self.rows.has_stopped()
        {
            let mut contents = (&mut self.content, &mut self.whole_lines);
            pass(&[], true, text, &mut self.rows, &mut contents, sink)?;
        }
        match self.stage {
            Stage::Open { text: Text::Jsonl(lines), .. } if !self.rows.has_stopped() => lines.finish(&mut self.rows, sink)?,
            Stage::Open { text: Text::Json(elements), .. } if !self.rows.has_stopped() => elements.finish(&mut self.rows, sink)?,
            Stage::Open { text: Text::Csv(csv), .. } if !self.rows.has_stopped() => csv.finish(&mut self.rows, sink)?,
            Stage::Parquet => {
                let reason = Reason::new(ReasonKind::Format, "found Parquet, expected lines: a Parquet file is read by read_parquet");
                self.rows.stop(START, reason, sink)?;
            }
            Stage::Open { .. } | Stage::Start(_) => {}
        }
        let read = if self.rows.has_stopped() { self.whole_lines } else { self.content };
        self.rows.summary.content_bytes = read.bytes();
        self.rows.summary.content_sha256 = read.hex();
        self.rows.finish(sink)
    }

    fn flow(&self) -> Flow {
        match self.stage {
            Stage::Parquet => Flow::Parquet,
            _ if self.rows.has_stopped() => Flow::Stop,
            _ => Flow::More,
        }
    }

    /// Opens the object by its first bytes, then takes them.
    fn start(&mut self, head: &[u8], sink: &mut dyn Sink) -> Result<Flow, IntakeError> {
        let forced = self.rows.plan().format();
        let (compression, refused) = match detect::sniff(head) {
            Detected::Parquet if !detect::is_text(forced) => {
                self.rows.summary.format = Some(Format::Parquet);
                self.stage = Stage::Parquet;
                return Ok(Flow::Parquet);
            }
            Detected::Parquet => (Compression::Plain, Some("found Parquet, expected lines of text: the contract names another format")),
            Detected::Lines(_) if forced == RecordFormat::Parquet && !head.is_empty() => {
                (Compression::Plain, Some("found no Parquet file, which the contract says it is"))
            }
            Detected::Lines(compression) => (compression, None),
        };
        self.rows.summary.compression = compression;
        let inflater = Inflater::new(compression);
        let refused = refused.map(|text| Reason::new(ReasonKind::Format, text)).or(inflater.as_ref().err().cloned());
        self.stage = Stage::Open { inflater: inflater.unwrap_or_default().map(Box::new), text: Text::Undecided(Vec::new()) };
        match refused {
            Some(reason) => self.rows.stop(START, reason, sink)?,
            None => self.take(head, sink)?,
        }
        Ok(self.flow())
    }

    /// Takes bytes of an opened object.
    fn take(&mut self, mut bytes: &[u8], sink: &mut dyn Sink) -> Result<(), IntakeError> {
        let Self { rows, content, whole_lines, stage: Stage::Open { inflater, text } } = self else { return Ok(()) };
        let limits = *rows.limits();
        let mut contents = (content, whole_lines);
        let Some(inflater) = inflater else { return pass(bytes, false, text, rows, &mut contents, sink) };
        while !rows.has_stopped() {
            match inflater.step(bytes, &limits) {
                Ok((0, [])) => break,
                Ok((used, block)) => {
                    bytes = bytes.get(used..).unwrap_or_default();
                    pass(block, false, text, rows, &mut contents, sink)?;
                }
                Err(reason) => text.stop(reason, rows, sink)?,
            }
        }
        Ok(())
    }

    fn stop(&mut self, reason: Reason, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        match &mut self.stage {
            Stage::Open { text, .. } => text.stop(reason, &mut self.rows, sink),
            Stage::Start(_) | Stage::Parquet => self.rows.stop(START, reason, sink),
        }
    }
}

/// Hands a block of content on, up to the limit, and digests it.
fn pass(
    block: &[u8],
    is_last: bool,
    text: &mut Text,
    rows: &mut Rows,
    (content, whole_lines): &mut (&mut Content, &mut Content),
    sink: &mut dyn Sink,
) -> Result<(), IntakeError> {
    if rows.has_stopped() {
        return Ok(());
    }
    let head;
    let block = if let Text::Undecided(kept) = text {
        kept.extend_from_slice(block);
        head = std::mem::take(kept);
        *text = Text::decide(&head, is_last, rows, sink)?;
        if let Text::Undecided(kept) = text {
            *kept = head;
            return Ok(());
        }
        &head
    } else {
        block
    };
    let most = rows.limits().content_bytes;
    let room = usize::try_from(most.saturating_sub(content.bytes())).unwrap_or(usize::MAX);
    let within = block.get(..room).unwrap_or(block);
    text.push(if content.bytes() == 0 { detect::without_bom(within) } else { within }, rows, sink)?;
    let ended = usize::try_from(text.offset().saturating_sub(content.bytes())).unwrap_or(0);
    let (ended, open) = within.split_at_checked(ended).unwrap_or((within, &[]));
    content.update(ended);
    if !ended.is_empty() {
        whole_lines.clone_from(content);
    }
    content.update(open);
    if within.len() < block.len() && !rows.has_stopped() {
        let reason = Reason::new(
            ReasonKind::TooLarge,
            format!("found more than {most} bytes of content, expected at most {most}: split the object"),
        );
        text.stop(reason, rows, sink)?;
    }
    Ok(())
}
