//! What counting by segment promises: the same records, counted apart, exactly, whatever the split and the order.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use tidegate_contract::{FeatureKind, Field, FieldRole};
use tidegate_profile::{
    Baseline, BatchFacts, COARSE_CELLS, FieldAnchor, Profile, Profiler, SEGMENT_COUNTS, SEGMENT_VALUES, Sampler, Source, decode, encode,
};

/// A number and two names.
type Row = (Option<f64>, Option<String>, Option<&'static str>);

fn fields() -> Vec<Field> {
    let field = |name: &str, kind, is_segment| Field {
        name: name.into(),
        role: FieldRole::Feature,
        kind,
        path: name.into(),
        range: None,
        allowed: None,
        is_segment,
    };
    vec![
        field("x", FeatureKind::Numeric, false),
        field("region", FeatureKind::Categorical, true),
        field("channel", FeatureKind::Categorical, false),
    ]
}

fn batch(rows: &[Row]) -> RecordBatch {
    let times: TimestampMillisecondArray = rows.iter().map(|_| None).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("timestamp", Arc::new(times.with_timezone("UTC"))),
        ("inference_id", Arc::new(rows.iter().map(|_| None::<&str>).collect::<StringArray>())),
        ("x", Arc::new(rows.iter().map(|row| row.0).collect::<Float64Array>())),
        ("region", Arc::new(rows.iter().map(|row| row.1.as_deref()).collect::<DictionaryArray<Int32Type>>())),
        ("channel", Arc::new(rows.iter().map(|row| row.2).collect::<DictionaryArray<Int32Type>>())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).unwrap()
}

/// Rows of regions with numbers of their own: a few large regions, many small ones, and rows that lack this or that.
fn rows(from: u32, to: u32) -> Vec<Row> {
    let row = |i: u32| {
        let noise = i.wrapping_mul(2_654_435_761) >> 8;
        let region = noise % 97 % 80;
        let x = (!noise.is_multiple_of(11)).then(|| f64::from(noise % 1_000) + f64::from(region) * 100.0);
        let region = (!noise.is_multiple_of(13)).then(|| format!("region {region}"));
        (x, region, [Some("web"), Some("shop"), None][(noise % 3) as usize])
    };
    (from..to).map(row).collect()
}

fn baseline(fields: &[Field], rows: &[Row]) -> Baseline {
    let mut sampler = Sampler::new(fields);
    sampler.observe(&batch(rows)).unwrap();
    let mut builder = sampler.freeze("b1", Source::default());
    builder.observe(&batch(rows), &BatchFacts::default()).unwrap();
    builder.finish()
}

fn profile(profiler: &Profiler, rows: &[Row]) -> Profile {
    let mut profile = profiler.start();
    profiler.observe(&mut profile, &batch(rows), &BatchFacts::default()).unwrap();
    profile
}

/// Counts of a profile's field in its coarse cells.
fn coarsened(profile: &Profile, anchor: &FieldAnchor, position: usize) -> Vec<u64> {
    let field = &profile.fields[position];
    let cells = match (&field.numeric, &field.categorical) {
        (Some(numeric), _) => numeric.cells.clone(),
        (_, Some(names)) => names.cells.iter().copied().chain([names.outside()]).collect(),
        _ => unreachable!(),
    };
    let coarse = anchor.coarse();
    let mut sums = vec![0; usize::from(*coarse.last().unwrap()) + 1];
    for (cell, count) in coarse.iter().zip(cells) {
        sums[usize::from(*cell)] += count;
    }
    sums
}

#[test]
fn the_groups_of_a_segment_add_up_to_the_whole() {
    let baseline = baseline(&fields(), &rows(0, 5_000));
    let window = profile(&Profiler::new(&fields(), Some(&baseline)), &rows(5_000, 8_000));
    for profile in [&baseline.profile, &window] {
        let segment = &profile.segments[0];
        assert_eq!((segment.field.as_str(), segment.values.len(), segment.groups.len()), ("region", SEGMENT_VALUES, SEGMENT_VALUES + 2));
        assert_eq!(segment.groups.iter().map(|group| group.records).sum::<u64>(), profile.records);
        assert_eq!(segment.groups[segment.without_value()].records, profile.fields[1].missing);
        for position in [0, 2] {
            let anchor = baseline.fields[position].anchor.as_ref().unwrap();
            let mut sums = vec![0; anchor.coarse().iter().map(|cell| usize::from(*cell) + 1).max().unwrap()];
            for group in segment.groups.iter().filter(|group| group.records > 0) {
                let field = &group.fields[position];
                assert!(field.present() <= group.records && field.cells.len() <= COARSE_CELLS);
                sums.iter_mut().zip(&field.cells).for_each(|(sum, cell)| *sum += cell);
            }
            assert_eq!(sums, coarsened(profile, anchor, position));
        }
        assert!(segment.groups.iter().filter(|group| group.records > 0).all(|group| group.fields[1].cells.is_empty()));
    }
}

#[test]
fn the_periods_of_a_baseline_add_up_to_the_whole_by_segment() {
    // Without times the rows are cut into twenty blocks; batches do not end where blocks do.
    let rows = rows(0, 5_000);
    let mut sampler = Sampler::new(&fields());
    sampler.observe(&batch(&rows)).unwrap();
    let mut builder = sampler.freeze("b1", Source::default());
    for rows in rows.chunks(777) {
        builder.observe(&batch(rows), &BatchFacts::default()).unwrap();
    }
    let split = builder.finish();
    assert_eq!(split.segments.len(), 20);
    assert!(split.segments.iter().all(|period| period[0].groups.iter().map(|group| group.records).sum::<u64>() == 250));
    let empty = Profile { segments: split.segments[0].clone(), ..split.profile.clone() };
    let sum = split.segments[1..].iter().fold(empty, |mut sum, period| {
        let period = Profile { segments: period.clone(), ..split.profile.clone() };
        sum.merge(&period).unwrap();
        sum
    });
    assert_eq!(sum.segments, split.profile.segments);
    assert_eq!(split.segments, baseline(&fields(), &rows).segments);
}

#[test]
fn each_value_has_its_own_records_and_their_mean() {
    let baseline = baseline(&fields(), &rows(0, 5_000));
    let window = rows(5_000, 8_000);
    let profile = profile(&Profiler::new(&fields(), Some(&baseline)), &window);
    let Some(FieldAnchor::Numeric(anchor)) = &baseline.fields[0].anchor else { panic!() };
    for (value, group) in profile.segments[0].values.iter().zip(&profile.segments[0].groups) {
        let own: Vec<&Row> = window.iter().filter(|row| row.1.as_ref() == Some(value)).collect();
        assert_eq!(group.records, own.len() as u64);
        let numbers: Vec<f64> = own.iter().filter_map(|row| row.0).collect();
        assert_eq!(group.fields[0].present(), numbers.len() as u64);
        let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
        assert!((anchor.mean_of_offsets(group.fields[0].offsets, numbers.len() as u64).unwrap() - mean).abs() < 0.01);
    }
}

#[test]
fn any_split_in_any_order_gives_the_same_segments() {
    let baseline = baseline(&fields(), &rows(0, 5_000));
    let profiler = Profiler::new(&fields(), Some(&baseline));
    let whole = profile(&profiler, &rows(5_000, 8_000));
    let mut parts: Vec<Profile> =
        [5_000, 5_001, 5_900, 7_000, 8_000].windows(2).map(|ends| profile(&profiler, &rows(ends[0], ends[1]))).collect();
    for _ in 0..parts.len() {
        parts.rotate_left(1);
        let mut sum = profiler.start();
        for part in &parts {
            sum.merge(part).unwrap();
        }
        assert_eq!(encode(&sum.segments).unwrap(), encode(&whole.segments).unwrap());
    }
}

#[test]
fn what_was_counted_without_segments_is_counted_again_to_the_same_bytes() {
    let plain: Vec<Field> = fields().into_iter().map(|field| Field { is_segment: false, ..field }).collect();
    let baseline = baseline(&fields(), &rows(0, 5_000));
    let (with, without) = (Profiler::new(&fields(), Some(&baseline)), Profiler::new(&plain, Some(&baseline)));
    let early = profile(&without, &rows(5_000, 6_000));
    assert!(early.segments.is_empty() && without.has_counted(&early) && !with.has_counted(&early));
    let mut sum = with.start();
    assert!(sum.merge(&early).is_err());
    assert_eq!(sum, with.start(), "a refused merge changes nothing");
    let again = with.recount(&early, [batch(&rows(5_000, 5_100)), batch(&rows(5_100, 6_000))]).unwrap();
    assert!(with.has_counted(&again));
    assert_eq!(encode(&again).unwrap(), encode(&profile(&with, &rows(5_000, 6_000))).unwrap());
}

#[test]
fn a_profile_that_was_stored_before_there_were_segments_reads_back() {
    let plain: Vec<Field> = fields().into_iter().map(|field| Field { is_segment: false, ..field }).collect();
    let old = baseline(&plain, &rows(0, 1_000));
    let json = serde_json::to_string(&old).unwrap();
    assert!(!json.contains("segments"), "a model without segments is stored as before");
    assert_eq!(decode::<Baseline>(&encode(&old).unwrap()).unwrap(), old);
    let window = profile(&Profiler::new(&fields(), Some(&old)), &rows(1_000, 1_100));
    assert!(window.segments.is_empty(), "what the baseline was not counted by has nothing to be compared with");
}

type Break = fn(&mut Baseline);

#[test]
fn a_stored_baseline_whose_groups_do_not_fit_is_refused() {
    let good = baseline(&fields(), &rows(0, 2_000));
    good.check().unwrap();
    let broken: [(&str, Break); 6] = [
        ("periods by other segments", |b| drop(b.segments.pop())),
        ("no such field", |b| b.profile.segments[0].field = "x".to_owned()),
        ("most frequent", |b| b.profile.segments[0].values.swap(0, 1)),
        ("two more than values", |b| drop(b.profile.segments[0].groups.pop())),
        ("one per coarse cell", |b| b.profile.segments[0].groups[0].fields[0].cells.push(0)),
        ("records in groups", |b| b.profile.segments[0].groups[0].records += 1),
    ];
    for (expected, breaks) in broken {
        let mut baseline = good.clone();
        breaks(&mut baseline);
        let said = baseline.check().unwrap_err().to_string();
        assert!(said.contains("segments") && said.contains(expected), "{said}");
    }
}

#[test]
fn many_fields_leave_room_for_fewer_values() {
    let narrow = fields();
    let wide: Vec<Field> =
        narrow.iter().cloned().chain((0..600).map(|i| Field { name: format!("x{i}"), is_segment: false, ..narrow[0].clone() })).collect();
    let rows = rows(0, 500);
    let narrow = batch(&rows);
    let mut columns: Vec<(String, ArrayRef)> =
        narrow.schema().fields().iter().zip(narrow.columns()).map(|(field, column)| (field.name().clone(), column.clone())).collect();
    columns.extend((0..600).map(|i| (format!("x{i}"), narrow.column_by_name("x").unwrap().clone())));
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).unwrap();
    let mut sampler = Sampler::new(&wide);
    sampler.observe(&batch).unwrap();
    let mut builder = sampler.freeze("wide", Source::default());
    builder.observe(&batch, &BatchFacts::default()).unwrap();
    let segment = &builder.finish().profile.segments[0];
    assert!((20..SEGMENT_VALUES).contains(&segment.values.len()), "{} values", segment.values.len());
    let counts: usize = segment.groups.iter().flat_map(|group| &group.fields).map(|field| field.cells.len()).sum();
    assert!(counts <= SEGMENT_COUNTS, "{counts} counts");
}
