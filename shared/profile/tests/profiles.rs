//! What a profile promises: exact counts, whatever the split and the order.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use tidegate_contract::{FeatureKind, Field, FieldRole};
use tidegate_profile::{
    Baseline, BatchFacts, FieldAnchor, Lines, MAX_OTHER_VALUES, Part, Profile, Profiler, Sampler, Source, WindowProfile, decode, encode,
};

fn fields() -> Vec<Field> {
    let field = |name: &str, kind| Field {
        name: name.into(),
        role: FieldRole::Feature,
        kind,
        path: name.into(),
        range: None,
        allowed: None,
        is_segment: false,
    };
    vec![
        Field { range: Some([0.0, 50.0]), ..field("x", FeatureKind::Numeric) },
        Field { allowed: Some(vec!["a".into(), "b".into()]), ..field("k", FeatureKind::Categorical) },
    ]
}

fn batch(rows: &[(Option<i64>, Option<f64>, Option<&str>)]) -> RecordBatch {
    let times: TimestampMillisecondArray = rows.iter().map(|row| row.0).collect();
    let ids: StringArray = rows.iter().map(|_| None::<&str>).collect();
    let numbers: Float64Array = rows.iter().map(|row| row.1).collect();
    let names: DictionaryArray<Int32Type> = rows.iter().map(|row| row.2).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("timestamp", Arc::new(times.with_timezone("UTC"))),
        ("inference_id", Arc::new(ids)),
        ("x", Arc::new(numbers)),
        ("k", Arc::new(names)),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).unwrap()
}

/// Rows of a simple mixture: a third zeros, some large values, missing and unseen values.
fn rows(from: u32, to: u32) -> Vec<(Option<i64>, Option<f64>, Option<&'static str>)> {
    let row = |i: u32| {
        let x = match i % 6 {
            0 | 1 => Some(0.0),
            2 => None,
            _ => Some(f64::from(i * 7919 % 1000) / 10.0),
        };
        (Some(i64::from(i) * 600_000), x, [Some("a"), Some("b"), None, Some("c")][(i % 4) as usize])
    };
    (from..to).map(row).collect()
}

fn baseline(rows: &[(Option<i64>, Option<f64>, Option<&str>)]) -> Baseline {
    let mut sampler = Sampler::new(&fields());
    sampler.observe(&batch(rows)).unwrap();
    let mut builder = sampler.freeze("b1", Source::default());
    builder.observe(&batch(rows), &BatchFacts::default()).unwrap();
    builder.finish()
}

fn profile(profiler: &Profiler, rows: &[(Option<i64>, Option<f64>, Option<&str>)]) -> Profile {
    let mut profile = profiler.start();
    profiler.observe(&mut profile, &batch(rows), &BatchFacts { version: "1".into(), ..BatchFacts::default() }).unwrap();
    profile
}

#[test]
fn a_baseline_counts_every_value_in_its_own_cells() {
    let baseline = baseline(&rows(0, 3000));
    let x = baseline.profile.fields[0].numeric.as_ref().unwrap();
    assert_eq!(x.cells.iter().sum::<u64>(), baseline.profile.fields[0].present);
    assert_eq!((x.cells[0], *x.cells.last().unwrap()), (0, 0), "nothing of the baseline is far outside it");
    let Some(FieldAnchor::Numeric(anchor)) = &baseline.fields[0].anchor else { panic!() };
    let zero = anchor.atoms.iter().map(|&cell| x.cells[cell as usize]).max().unwrap();
    let zeros = rows(0, 3000).iter().filter(|row| row.1 == Some(0.0)).count() as u64;
    assert_eq!(zero, zeros, "the repeated zero has a cell of its own");
    assert!(anchor.edges.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(anchor.representatives().len(), anchor.cells());
}

#[test]
fn periods_and_hours_add_up_to_the_whole() {
    let baseline = baseline(&rows(0, 3000));
    assert_eq!(baseline.periods.len(), 21, "3,000 records ten minutes apart lie on 21 days");
    for (field, whole) in baseline.fields.iter().zip(&baseline.profile.fields) {
        for groups in [&field.periods, &field.hours] {
            let absent: u64 = groups.iter().map(|counts| counts.absent).sum();
            let usable: u64 = groups.iter().flat_map(|counts| &counts.cells).sum();
            assert_eq!((usable, absent), (whole.present, whole.missing + whole.wrong_type + whole.infinite));
        }
    }
}

#[test]
fn four_weeks_tell_the_hours_of_the_week_apart_and_fewer_the_hours_of_the_day() {
    let baseline_of = |rows: &[(Option<i64>, Option<f64>, Option<&'static str>)]| baseline(rows).fields[0].hours.clone();
    // Ten minutes apart: 144 rows a day.
    assert_eq!(baseline_of(&rows(0, 27 * 144)).len(), 24);
    let hours = baseline_of(&rows(0, 28 * 144));
    assert_eq!(hours.len(), 168);
    assert!(hours.iter().all(|counts| counts.absent + counts.cells.iter().sum::<u64>() == 24), "four weeks of six rows an hour");
    // 1970-01-05 was a Monday: nothing at one o'clock on Mondays.
    let silent: Vec<_> = rows(0, 28 * 144).into_iter().filter(|row| (row.0.unwrap() / 3_600_000) % 168 != 4 * 24 + 1).collect();
    let silent = baseline_of(&silent);
    let empty: Vec<usize> = (0..168).filter(|&hour| silent[hour].absent + silent[hour].cells.iter().sum::<u64>() == 0).collect();
    assert_eq!(empty, [1]);
}

#[test]
fn rows_without_times_are_cut_into_blocks() {
    let untimed: Vec<_> = rows(0, 3000).into_iter().map(|(_, x, k)| (None, x, k)).collect();
    let baseline = baseline(&untimed);
    assert_eq!(baseline.periods.len(), 20);
    assert!(baseline.fields[0].hours.is_empty());
    let sizes: Vec<u64> = baseline.fields[0].periods.iter().map(|counts| counts.absent + counts.cells.iter().sum::<u64>()).collect();
    assert!(sizes.iter().all(|&size| size == 150), "{sizes:?}");
}

#[test]
fn parts_of_records_add_up_to_the_whole_exactly() {
    let baseline = baseline(&rows(0, 2000));
    let profiler = Profiler::new(&fields(), Some(&baseline));
    let whole = profile(&profiler, &rows(2000, 5000));
    let mut sum = profile(&profiler, &rows(2000, 2100));
    sum.merge(&profile(&profiler, &rows(2100, 4999))).unwrap();
    sum.merge(&profile(&profiler, &rows(4999, 5000))).unwrap();
    let (a, b) = (sum.fields[0].numeric.as_mut().unwrap(), whole.fields[0].numeric.as_ref().unwrap());
    assert!((a.mean - b.mean).abs() < 1e-9 && (a.m2 / b.m2 - 1.0).abs() < 1e-9);
    (a.mean, a.m2) = (b.mean, b.m2);
    assert_eq!(sum, whole);
    assert_eq!(whole.fields[0].out_of_range, rows(2000, 5000).iter().filter(|row| row.1.is_some_and(|x| x > 50.0)).count() as u64);
    assert_eq!(whole.fields[1].out_of_range, 750, "every \"c\" is outside the allowed set");
}

#[test]
fn values_the_baseline_never_showed_are_counted_by_name() {
    let baseline = baseline(&[(Some(0), Some(1.0), Some("a")), (Some(1), Some(2.0), Some("b"))]);
    let profiler = Profiler::new(&fields(), Some(&baseline));
    let profile = profile(&profiler, &[(None, Some(f64::INFINITY), Some("new")), (None, Some(1e9), Some("a")), (None, None, None)]);
    let (x, k) = (&profile.fields[0], &profile.fields[1]);
    assert_eq!((x.present, x.infinite, x.missing), (1, 1, 1));
    assert_eq!(*x.numeric.as_ref().unwrap().cells.last().unwrap(), 1, "far above the baseline");
    assert_eq!(k.categorical.as_ref().unwrap().other["new"], 1);
    assert_eq!(k.categorical.as_ref().unwrap().outside(), 1);
}

#[test]
fn of_very_many_new_values_the_frequent_ones_keep_their_place_whenever_they_come() {
    let baseline = baseline(&rows(0, 2000));
    let profiler = Profiler::new(&fields(), Some(&baseline));
    let names: Vec<String> =
        (0..6_000).map(|row| if row >= 4_000 && row % 3 == 0 { "late".to_owned() } else { format!("new {row}") }).collect();
    let rows: Vec<_> = names.iter().map(|name| (None, None, Some(name.as_str()))).collect();
    let counted = |rows: &[_]| profile(&profiler, rows).fields.swap_remove(1).categorical.unwrap();
    let whole = counted(&rows);
    assert_eq!((whole.other.len(), whole.other["late"], whole.outside()), (MAX_OTHER_VALUES, 666, 6_000));
    let parts = || rows.chunks(500).map(|rows| profile(&profiler, rows));
    let sum = parts().reduce(|mut sum, part| {
        sum.merge(&part).unwrap();
        sum
    });
    assert_eq!(sum.unwrap().fields[1].categorical, Some(whole), "the same ones by parts");
}

#[test]
fn profiles_of_different_baselines_do_not_mix() {
    let baseline = baseline(&rows(0, 2000));
    let mut anchored = profile(&Profiler::new(&fields(), Some(&baseline)), &rows(0, 10));
    let before = anchored.clone();
    assert!(anchored.merge(&profile(&Profiler::new(&fields(), None), &rows(0, 10))).is_err());
    assert_eq!(anchored, before);
}

#[test]
fn records_counted_before_the_baseline_came_are_recounted_to_the_same_bytes() {
    let baseline = baseline(&rows(0, 2000));
    let facts = BatchFacts { version: "1".into(), wrong_type: vec![3, 0], unexpected: vec![("extra".into(), 7)] };
    let count = |profiler: &Profiler| {
        let mut profile = profiler.start();
        profiler.observe(&mut profile, &batch(&rows(0, 500)), &facts).unwrap();
        profile
    };
    let anchored = Profiler::new(&fields(), Some(&baseline));
    let early = count(&Profiler::new(&fields(), None));
    let recounted = anchored.recount(&early, [&batch(&rows(0, 500))]).unwrap();
    assert_eq!(encode(&recounted).unwrap(), encode(&count(&anchored)).unwrap());
}

fn part(profiler: &Profiler, id: &str, content: &str, span: (u32, u32), quarantined: u64) -> Part {
    let profile = profile(profiler, &rows(span.0, span.1));
    let lines = Lines { read: profile.records + quarantined, accepted: profile.records, quarantined, blank: 0 };
    Part {
        source: Source { id: id.into(), location: format!("s3://logs/{id}"), content: content.into(), lines },
        lines,
        reasons: [("bad json".to_owned(), quarantined)].into(),
        profile,
    }
}

#[test]
fn any_order_of_parts_gives_the_same_bytes_and_repeats_count_once() {
    let profiler = Profiler::new(&fields(), Some(&baseline(&rows(0, 2000))));
    let parts = vec![
        part(&profiler, "3", "same", (0, 100), 0),
        part(&profiler, "1", "one", (100, 250), 1),
        part(&profiler, "2", "same", (0, 100), 0),
        part(&profiler, "4", "broken", (300, 310), 5),
    ];
    let forward = WindowProfile::combine(profiler.start(), parts.clone(), 0.05).unwrap();
    let backward = WindowProfile::combine(profiler.start(), parts.into_iter().rev().collect(), 0.05).unwrap();
    assert_eq!(encode(&forward).unwrap(), encode(&backward).unwrap());
    assert_eq!(forward.profile.records, 250);
    assert_eq!((forward.intake.files, forward.intake.repeated, forward.intake.refused), (4, 1, 1));
    assert!(forward.intake.notable["s3://logs/3"].contains("repeats"), "{:?}", forward.intake.notable);
    assert!(forward.intake.notable["s3://logs/4"].contains("33 %"), "{:?}", forward.intake.notable);
}

#[test]
fn what_is_stored_reads_back_equal() {
    let baseline = baseline(&rows(0, 2000));
    assert_eq!(decode::<Baseline>(&encode(&baseline).unwrap()).unwrap(), baseline);
    assert!(decode::<Baseline>(b"not a profile").is_err());
    assert!(decode::<Baseline>(&zstd::bulk::compress(b"{}", 1).unwrap()).is_err());
}

#[test]
fn numbers_near_the_limit_stay_readable() {
    let profiler = Profiler::new(&fields(), None);
    let profile = profile(&profiler, &[(None, Some(1.7e308), None), (None, Some(-1.7e308), None), (None, Some(1.7e308), None)]);
    assert_eq!(decode::<Profile>(&encode(&profile).unwrap()).unwrap(), profile);
    let extreme = baseline(&[(None, Some(f64::MAX), None), (None, Some(-f64::MAX), None), (None, Some(0.0), None)]);
    assert_eq!(decode::<Baseline>(&encode(&extreme).unwrap()).unwrap(), extreme);
}
