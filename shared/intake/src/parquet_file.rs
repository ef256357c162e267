//! Parquet files: random access, batches of rows, page checksums verified when the file has them.

use std::io::Read as _;
use std::panic::AssertUnwindSafe;

use arrow_array::{Array, RecordBatch};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::reader::ChunkReader;
use parquet::schema::types::SchemaDescriptor;
use tidegate_contract::RecordFormat;

use crate::content::Content;
use crate::detect::is_text;
use crate::events::LogKind;
use crate::row::{Cell, Row};
use crate::rows::{Place, Rows};
use crate::values::Values;
use crate::{Format, IntakeError, Layout, Limits, Plan, Reason, ReasonKind, Sink, Summary, plan};

/// Reads a Parquet file: anything of random access (`File`, `Bytes`). Only the columns that the plan wants are decoded; a column
/// is found by its mapped path (nested columns by dotted paths), then by its own path, then by its name.
///
/// A damaged file is no error: see [`crate::Intake`]. Its digest is that of the whole file.
///
/// # Errors
/// [`IntakeError::Sink`] if the sink fails, [`IntakeError::Open`] or [`IntakeError::Read`] if the source cannot be read at all.
pub fn read_parquet<S>(plan: &Plan, limits: Limits, source: S, sink: &mut dyn Sink) -> Result<Summary, IntakeError>
where
    S: ChunkReader + 'static,
{
    read_rows(Rows::new(plan, limits), source, sink)
}

/// Reads a Parquet file into rows.
pub(crate) fn read_rows<S>(mut rows: Rows, source: S, sink: &mut dyn Sink) -> Result<Summary, IntakeError>
where
    S: ChunkReader + 'static,
{
    rows.summary.format = Some(Format::Parquet);
    let length = source.len();
    let most = rows.limits().content_bytes;
    if length > most {
        let reason = Reason::new(ReasonKind::TooLarge, format!("found a file of {length} bytes, expected at most {most}: split it"));
        rows.stop(Place { line: 1, offset: 0, text: &[] }, reason, sink)?;
    } else {
        let content = digest(&source)?;
        rows.summary.content_bytes = content.bytes();
        rows.summary.content_sha256 = content.hex();
        match open(source, &mut rows) {
            Ok(None) => {}
            Ok(Some((reader, columns))) => read_batches(reader, &columns, &mut rows, sink)?,
            Err(reason) => rows.stop(Place { line: 1, offset: 0, text: &[] }, reason, sink)?,
        }
    }
    rows.finish(sink)
}

/// The names of the columns that could be fields: the leaves that hold one value a row.
pub(crate) fn leaf_names<S: ChunkReader + 'static>(source: &S) -> Result<Vec<String>, Reason> {
    let metadata = load(source)?;
    let leaves = metadata.parquet_schema().columns().iter().filter(|leaf| leaf.max_rep_level() == 0);
    Ok(leaves.map(|leaf| leaf.path().string()).collect())
}

fn digest<S: ChunkReader>(source: &S) -> Result<Content, IntakeError> {
    let mut content = Content::default();
    let mut reader = source.get_read(0).map_err(IntakeError::Open)?;
    let mut block = vec![0; 256 * 1024];
    loop {
        match reader.read(&mut block) {
            Ok(0) => return Ok(content),
            Ok(length) => content.update(block.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(IntakeError::Read(error)),
        }
    }
}

fn damaged(error: &ParquetError) -> Reason {
    Reason::new(ReasonKind::Parquet, format!("found a Parquet file that cannot be read: {error}"))
}

fn load<S: ChunkReader>(source: &S) -> Result<ArrowReaderMetadata, Reason> {
    // Types come from the Parquet schema alone: the Arrow schema that some writers embed could say anything.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    contained(|| ArrowReaderMetadata::load(source, options))?.map_err(|error| damaged(&error))
}

/// Runs the Parquet decoder so that its panic becomes a reason. The crate answers most damage with an error, but not all: one flipped bit
/// in a page of levels makes version 60 panic ("offset + len out of bounds"). A damaged file is bad input, to be put aside; without this it would
/// be a message that fails until it lies in the dead-letter queue. What the decoder held is dropped, never used again.
fn contained<T>(decode: impl FnOnce() -> T) -> Result<T, Reason> {
    std::panic::catch_unwind(AssertUnwindSafe(decode))
        .map_err(|_| Reason::new(ReasonKind::Parquet, "found a damaged part of the Parquet file: its decoder gave up"))
}

/// The columns of a file that a plan wants.
struct Columns {
    /// For every target, its place in `leaves`.
    targets: Vec<Option<usize>>,
    /// The parts of the leaves' paths.
    leaves: Vec<Vec<String>>,
    unexpected: Vec<String>,
}

/// Opens a file for its records; `None` if it is of a kind that holds none.
fn open<S: ChunkReader + 'static>(source: S, rows: &mut Rows) -> Result<Option<(ParquetRecordBatchReader, Columns)>, Reason> {
    if is_text(rows.plan().format()) {
        return Err(Reason::new(ReasonKind::Format, "found Parquet, expected lines of text: the contract names another format"));
    }
    let metadata = load(&source)?;
    let count = metadata.metadata().file_metadata().num_rows();
    let most = rows.limits().lines;
    if u64::try_from(count).map_or(true, |count| count > most) {
        return Err(Reason::new(ReasonKind::TooLarge, format!("found {count} rows, expected at most {most}: split the file")));
    }
    let bytes: i64 = metadata.metadata().row_groups().iter().map(|group| group.total_byte_size().max(0)).fold(0, i64::saturating_add);
    if bytes.unsigned_abs() > rows.limits().content_bytes {
        return Err(Reason::new(
            ReasonKind::TooLarge,
            format!("found {bytes} bytes of columns, expected at most {}: split the file", rows.limits().content_bytes),
        ));
    }
    let named = LogKind::named(rows.plan().format());
    let told = if rows.plan().format() == RecordFormat::Auto && !rows.plan().contract().features.is_empty() {
        let leaves = metadata.parquet_schema().columns().iter();
        LogKind::of_names(&leaves.filter_map(|leaf| leaf.path().parts().first().map(String::as_str)).collect::<Vec<_>>(), "")
    } else {
        None
    };
    if told.is_none() && rows.plan().format() == RecordFormat::Auto {
        let leaves: Vec<String> = metadata.parquet_schema().columns().iter().map(|leaf| leaf.path().string()).collect();
        if rows.plan().is_truth(&leaves.iter().map(String::as_str).collect::<Vec<_>>()) {
            rows.read_as(LogKind::GroundTruth);
            return Ok(None);
        }
    }
    if let Some(kind) = named.or(told).filter(|kind| matches!(kind, LogKind::Kserve | LogKind::InferenceTable)) {
        rows.read_as(kind);
    }
    let (columns, wanted) = Columns::find(metadata.parquet_schema(), rows.plan())?;
    let mask = ProjectionMask::leaves(metadata.parquet_schema(), wanted);
    let batch_rows = rows.limits().batch_rows.max(1);
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(source, metadata).with_projection(mask).with_batch_size(batch_rows);
    let reader = contained(|| builder.build())?.map_err(|error| damaged(&error))?;
    Ok(Some((reader, columns)))
}

impl Columns {
    /// Finds the columns, and the indices of the leaves to decode.
    fn find(schema: &SchemaDescriptor, plan: &Plan) -> Result<(Self, Vec<usize>), Reason> {
        let single: Vec<(usize, String)> = schema
            .columns()
            .iter()
            .enumerate()
            .filter(|(_, leaf)| leaf.max_rep_level() == 0)
            .map(|(index, leaf)| (index, leaf.path().string()))
            .collect();
        let mut wanted: Vec<usize> = Vec::new();
        let targets: Vec<Option<usize>> = plan
            .targets()
            .iter()
            .map(|target| {
                let (index, _) = target.columns.iter().find_map(|name| single.iter().find(|(_, path)| path == name))?;
                Some(wanted.iter().position(|known| known == index).unwrap_or_else(|| {
                    wanted.push(*index);
                    wanted.len() - 1
                }))
            })
            .collect();
        if plan.layout() == Layout::Logs && targets.get(plan::TIMESTAMP).copied().flatten().is_none() {
            let path = plan.targets().first().map_or("timestamp", |target| target.path.as_str());
            return Err(Reason::new(
                ReasonKind::Header,
                format!("found no column \"{path}\", expected one with the time of the prediction"),
            ));
        }
        if targets.iter().skip(plan::FIELDS).all(Option::is_none) {
            return Err(Reason::new(ReasonKind::Header, "found no column of any field, expected columns with their names"));
        }
        let unknown = single.iter().filter(|(index, _)| !wanted.contains(index));
        let unexpected = unknown.filter_map(|(_, path)| Some(plan.unexpected_column(path)?.to_owned())).collect();
        let leaves =
            wanted.iter().map(|&index| schema.columns().get(index).map(|leaf| leaf.path().parts().to_vec()).unwrap_or_default()).collect();
        Ok((Self { targets, leaves, unexpected }, wanted))
    }
}

fn read_batches(mut reader: ParquetRecordBatchReader, columns: &Columns, rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    let mut line = 1;
    loop {
        let batch = match contained(|| reader.next()) {
            Ok(Some(Ok(batch))) => batch,
            Ok(None) => return Ok(()),
            Ok(Some(Err(error))) => {
                let reason = Reason::new(ReasonKind::Parquet, format!("found a damaged part of the Parquet file: {error}"));
                return rows.stop(Place { line, offset: 0, text: &[] }, reason, sink);
            }
            Err(reason) => return rows.stop(Place { line, offset: 0, text: &[] }, reason, sink),
        };
        let leaves: Vec<Leaf<'_>> = columns.leaves.iter().map(|parts| Leaf::find(&batch, parts)).collect();
        for at in 0..batch.num_rows() {
            if rows.is_full() {
                // The file's own count of rows was too low.
                let reason = rows.too_many_lines();
                return rows.stop(Place { line, offset: 0, text: &[] }, reason, sink);
            }
            rows.take(&ParquetRow { columns, leaves: &leaves, at }, Place { line, offset: 0, text: &[] }, sink)?;
            line += 1;
        }
    }
}

/// One decoded column.
struct Leaf<'a> {
    values: Values<'a>,
    /// The structs around it: a value in a null struct is null.
    around: Vec<&'a dyn Array>,
}

impl<'a> Leaf<'a> {
    fn find(batch: &'a RecordBatch, parts: &[String]) -> Self {
        let mut around: Vec<&dyn Array> = Vec::new();
        let mut parts = parts.iter();
        let mut array = parts.next().and_then(|name| batch.column_by_name(name));
        for name in parts {
            let outer = array.and_then(|array| array.as_any().downcast_ref::<arrow_array::StructArray>());
            around.extend(outer.map(|outer| outer as &dyn Array));
            array = outer.and_then(|outer| outer.column_by_name(name));
        }
        Self { values: array.map_or(Values::Other("nothing"), |array| Values::new(array.as_ref())), around }
    }

    fn cell(&self, at: usize) -> Cell<'_> {
        if self.around.iter().any(|outer| outer.is_null(at)) { Cell::Null } else { self.values.cell(at) }
    }
}

/// One row.
struct ParquetRow<'a> {
    columns: &'a Columns,
    leaves: &'a [Leaf<'a>],
    at: usize,
}

impl Row for ParquetRow<'_> {
    fn cell(&self, target: usize) -> Cell<'_> {
        let leaf = self.columns.targets.get(target).copied().flatten().and_then(|leaf| self.leaves.get(leaf));
        leaf.map_or(Cell::Absent, |leaf| leaf.cell(self.at))
    }

    /// Every row of a file carries all its columns.
    fn unexpected(&self, each: &mut dyn FnMut(&str)) {
        for name in &self.columns.unexpected {
            each(name);
        }
    }

    fn describe(&self) -> Vec<u8> {
        let leaves = self.columns.leaves.iter().zip(self.leaves);
        let row: serde_json::Map<String, serde_json::Value> =
            leaves.map(|(parts, leaf)| (parts.join("."), leaf.cell(self.at).to_json())).collect();
        serde_json::Value::Object(row).to_string().into_bytes()
    }
}
