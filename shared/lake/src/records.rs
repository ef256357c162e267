//! Typed records as Parquet, so that Athena, `DuckDB`, Polars and Spark read them as they are.
//!
//! Equal records give equal bytes: nothing in a file says when or by which build it was written.

use std::sync::Arc;

use arrow_array::{RecordBatch, new_null_array};
use arrow_schema::{DataType, Field as ArrowField, Schema, SchemaRef};
use bytes::Bytes;
use parquet::{
    arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder},
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::{
        metadata::KeyValue,
        properties::{EnabledStatistics, WriterProperties, WriterVersion},
    },
};

use tidegate_contract::{FeatureKind, Field};

use crate::LakeError;

/// Most rows of a row group: what readers skip by, and what a writer holds in memory.
const ROW_GROUP_ROWS: usize = 131_072;

/// Rows read at a time.
const READ_ROWS: usize = 8_192;

/// Key of the file's metadata that holds the object's location.
const LOCATION: &str = "tidegate.source";

/// Key of the file's metadata that holds the digest of the object's content.
const CONTENT: &str = "tidegate.content";

/// Writes one part's records. Finished row groups can be taken out while the file is still being made.
#[derive(Debug)]
pub struct RecordsWriter {
    location: String,
    writer: ArrowWriter<Vec<u8>>,
}

impl RecordsWriter {
    /// A file of records with this schema, of the object at `location`.
    ///
    /// # Errors
    /// [`LakeError::Parquet`] if Parquet has no such type.
    pub fn new(schema: &SchemaRef, location: &str) -> Result<Self, LakeError> {
        let properties = WriterProperties::builder()
            .set_writer_version(WriterVersion::PARQUET_1_0) // every reader knows it
            .set_created_by("tidegate".to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_statistics_enabled(EnabledStatistics::Page)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), Arc::clone(schema), Some(properties)).map_err(failed(location))?;
        Ok(Self { location: location.to_owned(), writer })
    }

    /// Adds records.
    ///
    /// # Errors
    /// [`LakeError::Parquet`] if the batch has another schema.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        self.writer.write(batch).map_err(failed(&self.location))
    }

    /// Memory of the unfinished row group, bytes.
    #[must_use]
    pub fn unfinished_bytes(&self) -> usize {
        self.writer.memory_size()
    }

    /// Finishes the row group, so that its memory shrinks to its encoded bytes.
    ///
    /// # Errors
    /// [`LakeError::Parquet`] if it cannot be encoded.
    pub fn close_row_group(&mut self) -> Result<(), LakeError> {
        self.writer.flush().and_then(|()| Ok(self.writer.sync()?)).map_err(failed(&self.location))
    }

    /// Encoded bytes that wait to be taken.
    #[must_use]
    pub fn encoded_bytes(&self) -> usize {
        self.writer.inner().len()
    }

    /// Takes the encoded bytes that wait. All that is ever taken, in order, and what [`RecordsWriter::finish`] returns is the file.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.writer.inner_mut())
    }

    /// Finishes the file of an object of this content (digest), and returns its last bytes.
    ///
    /// # Errors
    /// [`LakeError::Parquet`] if it cannot be encoded.
    pub fn finish(mut self, content: &str) -> Result<Vec<u8>, LakeError> {
        self.writer.append_key_value_metadata(KeyValue::new(LOCATION.to_owned(), self.location.clone()));
        self.writer.append_key_value_metadata(KeyValue::new(CONTENT.to_owned(), content.to_owned()));
        self.writer.into_inner().map_err(failed(&self.location))
    }
}

/// Reads stored records back: the digest of the object's content, and the batches one after the other.
///
/// # Errors
/// [`LakeError::Parquet`] if the bytes are not such a file.
pub fn read_records(key: &str, bytes: Bytes) -> Result<(String, impl Iterator<Item = Result<RecordBatch, LakeError>> + use<>), LakeError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(failed(key))?;
    let metadata = builder.metadata().file_metadata().key_value_metadata();
    let content = metadata.and_then(|pairs| pairs.iter().find(|pair| pair.key == CONTENT)).and_then(|pair| pair.value.clone());
    let batches = builder.with_batch_size(READ_ROWS).build().map_err(failed(key))?;
    let key = key.to_owned();
    Ok((content.unwrap_or_default(), batches.map(move |batch| batch.map_err(|error| failed(&key)(error.into())))))
}

/// How a field's values are stored.
fn kind(field: &Field) -> DataType {
    match field.kind {
        FeatureKind::Numeric => DataType::Float64,
        FeatureKind::Categorical => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
    }
}

/// Whether stored records have the field's column.
#[must_use]
pub fn fits(batch: &RecordBatch, field: &Field) -> bool {
    batch.column_by_name(&field.name).is_some_and(|column| *column.data_type() == kind(field))
}

/// Stored records with a column for each field: those that are older than a feature, or than its type, carry none of it.
#[must_use]
pub fn fitted(batch: RecordBatch, fields: &[Field]) -> RecordBatch {
    if fields.iter().all(|field| fits(&batch, field)) {
        return batch;
    }
    let mut columns: Vec<(ArrowField, _)> = Vec::new();
    for (column, array) in batch.schema().fields().iter().zip(batch.columns()) {
        if !fields.iter().any(|field| field.name == *column.name()) {
            columns.push((column.as_ref().clone(), Arc::clone(array)));
        }
    }
    for field in fields {
        let array = batch.column_by_name(&field.name).filter(|_| fits(&batch, field)).cloned();
        let array = array.unwrap_or_else(|| new_null_array(&kind(field), batch.num_rows()));
        columns.push((ArrowField::new(&field.name, kind(field), true), array));
    }
    let (schema, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    // Columns of one length under their own types: this cannot fail, and if it did, counting would say which column.
    RecordBatch::try_new(Arc::new(Schema::new(schema)), arrays).unwrap_or(batch)
}

fn failed(key: &str) -> impl Fn(ParquetError) -> LakeError {
    move |source| LakeError::Parquet { key: key.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use arrow_array::{Array, ArrayRef, DictionaryArray, Float64Array, types::Int32Type};
    use tidegate_contract::FieldRole;

    use super::*;

    fn batch(from: i32) -> RecordBatch {
        let carriers: DictionaryArray<Int32Type> = ["UA", "AA", "UA"].into_iter().collect();
        let schema = Schema::new(vec![
            ArrowField::new("distance", DataType::Float64, true),
            ArrowField::new("carrier", DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)), true),
        ]);
        let distances = Float64Array::from(vec![Some(f64::from(from)), None, Some(f64::INFINITY)]);
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(distances) as ArrayRef, Arc::new(carriers)]).unwrap()
    }

    fn file() -> Bytes {
        let mut writer = RecordsWriter::new(&batch(0).schema(), "s3://logs/a").unwrap();
        let mut bytes = Vec::new();
        for from in 0..3 {
            writer.write(&batch(from)).unwrap();
            writer.close_row_group().unwrap();
            assert!(writer.encoded_bytes() > 0);
            bytes.extend(writer.take());
            assert_eq!(writer.unfinished_bytes(), 0);
        }
        bytes.extend(writer.finish("c0ffee").unwrap());
        bytes.into()
    }

    #[test]
    fn records_taken_out_piece_by_piece_are_one_file() {
        let (content, batches) = read_records("a.parquet", file()).unwrap();
        let batches: Vec<RecordBatch> = batches.map(Result::unwrap).collect();
        assert_eq!(content, "c0ffee");
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 9);
        assert_eq!(batches.first().unwrap().schema(), batch(0).schema(), "dictionaries stay dictionaries");
    }

    #[test]
    fn equal_records_give_equal_bytes() {
        assert_eq!(file(), file());
    }

    #[test]
    fn something_else_is_refused_by_its_key() {
        let error = read_records("a.parquet", Bytes::from_static(b"PAR1 nothing")).err().unwrap();
        assert_eq!(error.to_string(), "records of \"a.parquet\" could not be written or read as Parquet");
    }

    #[test]
    fn records_older_than_a_feature_carry_none_of_it() {
        let schema =
            Schema::new(vec![ArrowField::new("distance", DataType::Float64, true), ArrowField::new("carrier", DataType::Float64, true)]);
        let column = Arc::new(Float64Array::from(vec![1.0, 2.0])) as ArrayRef;
        let batch = RecordBatch::try_new(Arc::new(schema), vec![Arc::clone(&column), column]).unwrap();
        let field = |name: &str, kind| Field {
            name: name.to_owned(),
            role: FieldRole::Feature,
            kind,
            path: name.to_owned(),
            range: None,
            allowed: None,
            is_segment: false,
        };
        let fields =
            [field("distance", FeatureKind::Numeric), field("carrier", FeatureKind::Categorical), field("age", FeatureKind::Numeric)];
        let fitted = fitted(batch, &fields);
        assert_eq!(fitted.column_by_name("distance").unwrap().null_count(), 0);
        assert_eq!(fitted.column_by_name("carrier").unwrap().null_count(), 2, "it was of another type");
        assert_eq!(fitted.column_by_name("age").unwrap().null_count(), 2);
        assert_eq!(fitted.num_columns(), 3);
    }
}
