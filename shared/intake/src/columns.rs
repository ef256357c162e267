//! The columns of one partition while its rows arrive.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, StringBuilder, TimestampMillisecondBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use hashbrown::HashMap;
use tidegate_contract::FeatureKind;
use tidegate_profile::{BatchFacts, MAX_UNEXPECTED};

use crate::names::Names;
use crate::row::{Category, Cell, Numeric, Row};
use crate::{IntakeError, Plan, plan};

/// Where unexpected features are counted whose names are too many to keep.
const OTHER_NAMES: &str = "(other names)";

/// The columns of one partition.
#[derive(Debug)]
pub(crate) struct Columns {
    timestamp: TimestampMillisecondBuilder,
    inference_id: StringBuilder,
    fields: Vec<Column>,
    wrong_type: Vec<u64>,
    unexpected: HashMap<String, u64>,
    rows: usize,
    held_bytes: usize,
}

enum Column {
    Numeric(Float64Builder),
    Categorical(Names),
}

impl std::fmt::Debug for Column {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Numeric(_) => "Numeric",
            Self::Categorical(_) => "Categorical",
        })
    }
}

/// What identifies a row: read before it is known that the row is good.
pub(crate) struct Identity<'a> {
    pub(crate) timestamp_ms: Option<i64>,
    pub(crate) inference_id: Option<&'a str>,
}

impl Columns {
    pub(crate) fn new(plan: &Plan) -> Self {
        // Builders start empty: a hundred partitions of a thousand columns cost nothing until rows come.
        let fields = plan.fields().iter().map(|field| match field.kind {
            FeatureKind::Numeric => Column::Numeric(Float64Builder::with_capacity(0)),
            FeatureKind::Categorical => Column::Categorical(Names::default()),
        });
        Self {
            timestamp: TimestampMillisecondBuilder::with_capacity(0).with_timezone("UTC"),
            inference_id: StringBuilder::with_capacity(0, 0),
            fields: fields.collect(),
            wrong_type: vec![0; plan.fields().len()],
            unexpected: HashMap::new(),
            rows: 0,
            held_bytes: 0,
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// About how many bytes the rows take.
    pub(crate) fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Adds a row; nothing can fail from here on.
    pub(crate) fn append<R: Row + ?Sized>(&mut self, row: &R, identity: &Identity<'_>, plan: &Plan) {
        self.timestamp.append_option(identity.timestamp_ms);
        self.inference_id.append_option(identity.inference_id);
        let mut bytes = 16 + identity.inference_id.map_or(0, str::len) + 8 * self.fields.len();
        for (place, (column, wrong)) in self.fields.iter_mut().zip(&mut self.wrong_type).enumerate() {
            let cell = match row.cell(plan::FIELDS + place) {
                Cell::Absent => plan.constant(plan::FIELDS + place).map_or(Cell::Absent, Cell::Text),
                cell => cell,
            };
            match column {
                Column::Numeric(column) => match cell.numeric() {
                    Numeric::Value(value) => column.append_value(value),
                    Numeric::Missing => column.append_null(),
                    Numeric::WrongType => {
                        column.append_null();
                        *wrong += 1;
                    }
                },
                Column::Categorical(column) => match cell.category() {
                    Category::Value(value) if plan.hides(place) => {
                        column.push(&plan.privacy().pseudonym(&value));
                        bytes += value.len();
                    }
                    Category::Value(value) => {
                        column.push(&value);
                        bytes += value.len();
                    }
                    Category::Missing => column.push_null(),
                    Category::WrongType => {
                        column.push_null();
                        *wrong += 1;
                    }
                },
            }
        }
        let unexpected = &mut self.unexpected;
        row.unexpected(&mut |name| {
            if let Some(count) = unexpected.get_mut(name) {
                *count += 1;
            } else if unexpected.len() < MAX_UNEXPECTED {
                unexpected.insert(crate::category(name).into_owned(), 1);
            } else {
                *unexpected.entry_ref(OTHER_NAMES).or_insert(0) += 1;
            }
        });
        self.rows += 1;
        self.held_bytes += bytes;
    }

    /// The rows so far as a batch; the columns are empty again.
    ///
    /// # Errors
    /// [`IntakeError::Batch`] if the columns do not fit together, which would be a fault of this room.
    pub(crate) fn take(&mut self, plan: &Plan, version: &str) -> Result<(RecordBatch, BatchFacts), IntakeError> {
        let mut columns: Vec<ArrayRef> = vec![Arc::new(self.timestamp.finish()), Arc::new(self.inference_id.finish())];
        columns.extend(self.fields.iter_mut().map(|column| -> ArrayRef {
            match column {
                Column::Numeric(column) => Arc::new(column.finish()),
                Column::Categorical(column) => Arc::new(column.take()),
            }
        }));
        let batch = RecordBatch::try_new(Arc::clone(plan.schema()), columns).map_err(IntakeError::Batch)?;
        let mut unexpected: Vec<(String, u64)> = self.unexpected.drain().collect();
        unexpected.sort();
        let fresh = vec![0; self.wrong_type.len()];
        let wrong_type = std::mem::replace(&mut self.wrong_type, fresh);
        (self.rows, self.held_bytes) = (0, 0);
        Ok((batch, BatchFacts { version: version.to_owned(), wrong_type, unexpected }))
    }
}
