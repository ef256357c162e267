//! The stream of the registry's table: what was committed, in its order, as Lambda would bring it to `notify`.

use std::sync::{Mutex, PoisonError};

use dynoxide::Database;
use dynoxide::actions::describe_stream::DescribeStreamRequest;
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::actions::list_streams::ListStreamsRequest;
use serde_json::{Value, json};

use crate::LocalAccountError;
use crate::account::TABLE;

/// Most records that one batch holds, as in the template.
const BATCH: usize = 100;

/// How far the stream was read. It begins where the account was opened for the first time; what was told before is told to nobody again,
/// for `notify` remembers it.
#[derive(Debug, Default)]
pub(crate) struct Stream(Mutex<Option<String>>);

/// A batch of records, and where it ends.
pub(crate) struct Batch {
    pub(crate) event: Value,
    pub(crate) numbers: Vec<String>,
}

impl Stream {
    /// The next batch, or `None` if there is nothing new. It comes again until it is [passed](Self::pass).
    pub(crate) fn next(&self, database: &Database) -> Result<Option<Batch>, LocalAccountError> {
        let failed = || LocalAccountError::service("read the stream of its table");
        let request = ListStreamsRequest { table_name: Some(TABLE.to_owned()), ..ListStreamsRequest::default() };
        let Some(stream) = database.list_streams(request).map_err(failed())?.streams.into_iter().next() else { return Ok(None) };
        let request = DescribeStreamRequest { stream_arn: stream.stream_arn.clone(), ..DescribeStreamRequest::default() };
        let described = database.describe_stream(request).map_err(failed())?;
        let Some(shard) = described.stream_description.shards.into_iter().next() else { return Ok(None) };
        let after = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let kind = if after.is_some() { "AFTER_SEQUENCE_NUMBER" } else { "TRIM_HORIZON" };
        let request = GetShardIteratorRequest {
            stream_arn: stream.stream_arn.clone(),
            shard_id: shard.shard_id,
            shard_iterator_type: kind.to_owned(),
            sequence_number: after,
        };
        let Some(iterator) = database.get_shard_iterator(request).map_err(failed())?.shard_iterator else { return Ok(None) };
        let request = GetRecordsRequest { shard_iterator: iterator, limit: Some(BATCH) };
        let records = database.get_records(request).map_err(failed())?.records;
        if records.is_empty() {
            return Ok(None);
        }
        let numbers = records.iter().map(|record| record.dynamodb.sequence_number.clone()).collect();
        let mut records = serde_json::to_value(records).map_err(LocalAccountError::service("read the stream of its table"))?;
        for record in records.as_array_mut().into_iter().flatten() {
            if let Some(record) = record.as_object_mut() {
                record.insert("eventSourceARN".to_owned(), json!(stream.stream_arn));
            }
        }
        Ok(Some(Batch { event: json!({ "Records": records }), numbers }))
    }

    /// Goes on after a record.
    pub(crate) fn pass(&self, number: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(number.to_owned());
    }
}
