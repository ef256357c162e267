//! The values of one Arrow column, whatever its type.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, BooleanArray, GenericByteArray, PrimitiveArray, StringViewArray, types};
use arrow_schema::{DataType, TimeUnit};

use crate::row::Cell;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// A column by its type. A type that is none of these is a value of the wrong type in every row.
pub(crate) enum Values<'a> {
    Boolean(&'a BooleanArray),
    Int8(&'a PrimitiveArray<Int8Type>),
    Int16(&'a PrimitiveArray<Int16Type>),
    Int32(&'a PrimitiveArray<Int32Type>),
    Int64(&'a PrimitiveArray<Int64Type>),
    UInt8(&'a PrimitiveArray<UInt8Type>),
    UInt16(&'a PrimitiveArray<UInt16Type>),
    UInt32(&'a PrimitiveArray<UInt32Type>),
    UInt64(&'a PrimitiveArray<UInt64Type>),
    Float16(&'a PrimitiveArray<Float16Type>),
    Float32(&'a PrimitiveArray<Float32Type>),
    Float64(&'a PrimitiveArray<Float64Type>),
    Decimal32(&'a PrimitiveArray<Decimal32Type>, f64),
    Decimal64(&'a PrimitiveArray<Decimal64Type>, f64),
    Decimal128(&'a PrimitiveArray<Decimal128Type>, f64),
    Text(&'a GenericByteArray<types::Utf8Type>),
    LargeText(&'a GenericByteArray<types::LargeUtf8Type>),
    TextView(&'a StringViewArray),
    Bytes(&'a GenericByteArray<types::BinaryType>),
    Seconds(&'a PrimitiveArray<TimestampSecondType>),
    Millis(&'a PrimitiveArray<TimestampMillisecondType>),
    Micros(&'a PrimitiveArray<TimestampMicrosecondType>),
    Nanos(&'a PrimitiveArray<TimestampNanosecondType>),
    Days(&'a PrimitiveArray<Date32Type>),
    DayMillis(&'a PrimitiveArray<Date64Type>),
    Null,
    Other(&'static str),
}

impl<'a> Values<'a> {
    pub(crate) fn new(array: &'a dyn Array) -> Self {
        let known = match array.data_type() {
            DataType::Boolean => array.as_boolean_opt().map(Self::Boolean),
            DataType::Int8 => array.as_primitive_opt().map(Self::Int8),
            DataType::Int16 => array.as_primitive_opt().map(Self::Int16),
            DataType::Int32 => array.as_primitive_opt().map(Self::Int32),
            DataType::Int64 => array.as_primitive_opt().map(Self::Int64),
            DataType::UInt8 => array.as_primitive_opt().map(Self::UInt8),
            DataType::UInt16 => array.as_primitive_opt().map(Self::UInt16),
            DataType::UInt32 => array.as_primitive_opt().map(Self::UInt32),
            DataType::UInt64 => array.as_primitive_opt().map(Self::UInt64),
            DataType::Float16 => array.as_primitive_opt().map(Self::Float16),
            DataType::Float32 => array.as_primitive_opt().map(Self::Float32),
            DataType::Float64 => array.as_primitive_opt().map(Self::Float64),
            DataType::Decimal32(_, scale) => array.as_primitive_opt().map(|array| Self::Decimal32(array, unit(*scale))),
            DataType::Decimal64(_, scale) => array.as_primitive_opt().map(|array| Self::Decimal64(array, unit(*scale))),
            DataType::Decimal128(_, scale) => array.as_primitive_opt().map(|array| Self::Decimal128(array, unit(*scale))),
            DataType::Utf8 => array.as_bytes_opt().map(Self::Text),
            DataType::LargeUtf8 => array.as_bytes_opt().map(Self::LargeText),
            DataType::Utf8View => array.as_string_view_opt().map(Self::TextView),
            DataType::Binary => array.as_bytes_opt().map(Self::Bytes),
            DataType::Timestamp(TimeUnit::Second, _) => array.as_primitive_opt().map(Self::Seconds),
            DataType::Timestamp(TimeUnit::Millisecond, _) => array.as_primitive_opt().map(Self::Millis),
            DataType::Timestamp(TimeUnit::Microsecond, _) => array.as_primitive_opt().map(Self::Micros),
            DataType::Timestamp(TimeUnit::Nanosecond, _) => array.as_primitive_opt().map(Self::Nanos),
            DataType::Date32 => array.as_primitive_opt().map(Self::Days),
            DataType::Date64 => array.as_primitive_opt().map(Self::DayMillis),
            DataType::Null => Some(Self::Null),
            _ => None,
        };
        known.unwrap_or(Self::Other("a value of another type"))
    }

    /// The value of a row, which must be one of the array's.
    pub(crate) fn cell(&self, at: usize) -> Cell<'a> {
        let float = |value: f64, unit: f64| Cell::Float(value / unit);
        let cell = match self {
            Self::Boolean(array) => array.is_valid(at).then(|| Cell::Bool(array.value(at))),
            Self::Int8(array) => value(array, at).map(|value| Cell::Int(value.into())),
            Self::Int16(array) => value(array, at).map(|value| Cell::Int(value.into())),
            Self::Int32(array) => value(array, at).map(|value| Cell::Int(value.into())),
            Self::Int64(array) => value(array, at).map(Cell::Int),
            Self::UInt8(array) => value(array, at).map(|value| Cell::Int(value.into())),
            Self::UInt16(array) => value(array, at).map(|value| Cell::Int(value.into())),
            Self::UInt32(array) => value(array, at).map(|value| Cell::Int(value.into())),
            Self::UInt64(array) => value(array, at).map(|value| i64::try_from(value).map_or(Cell::Float(value as f64), Cell::Int)),
            Self::Float16(array) => value(array, at).map(|value| Cell::Float(value.to_f64())),
            Self::Float32(array) => value(array, at).map(|value| Cell::Float(value.into())),
            Self::Float64(array) => value(array, at).map(Cell::Float),
            Self::Decimal32(array, unit) => value(array, at).map(|value| float(value.into(), *unit)),
            Self::Decimal64(array, unit) => value(array, at).map(|value| float(value as f64, *unit)),
            Self::Decimal128(array, unit) => value(array, at).map(|value| float(value as f64, *unit)),
            Self::Text(array) => array.is_valid(at).then(|| Cell::Text(array.value(at))),
            Self::LargeText(array) => array.is_valid(at).then(|| Cell::Text(array.value(at))),
            Self::TextView(array) => array.is_valid(at).then(|| Cell::Text(array.value(at))),
            // Some writers do not say that their strings are strings.
            Self::Bytes(array) => {
                array.is_valid(at).then(|| str::from_utf8(array.value(at)).map_or(Cell::Nested("bytes that are no UTF-8"), Cell::Text))
            }
            Self::Seconds(array) => value(array, at).map(|value| Cell::Time(value.saturating_mul(1_000))),
            Self::Millis(array) => value(array, at).map(Cell::Time),
            Self::Micros(array) => value(array, at).map(|value| Cell::Time(value.div_euclid(1_000))),
            Self::Nanos(array) => value(array, at).map(|value| Cell::Time(value.div_euclid(1_000_000))),
            Self::Days(array) => value(array, at).map(|value| Cell::Time(i64::from(value) * DAY_MS)),
            Self::DayMillis(array) => value(array, at).map(Cell::Time),
            Self::Null => None,
            Self::Other(what) => Some(Cell::Nested(what)),
        };
        cell.unwrap_or(Cell::Null)
    }
}

/// What one unit of a decimal's whole number is worth, as its divisor.
fn unit(scale: i8) -> f64 {
    10f64.powi(scale.into())
}

fn value<T: arrow_array::ArrowPrimitiveType>(array: &PrimitiveArray<T>, at: usize) -> Option<T::Native> {
    array.is_valid(at).then(|| array.value(at))
}
