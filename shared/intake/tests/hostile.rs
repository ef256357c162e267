//! Hostile input: bombs, depth, length, ever new keys; and what must hold for any bytes at all.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression as Level;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use support::{dataset, good, logs, read, read_in};
use tidegate_intake::{Compression, Flow, Intake, Limits, Plan};

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Level::new(6));
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(content, 3).unwrap()
}

fn lines(count: u64) -> String {
    (0..count).map(|number| good(number) + "\n").collect()
}

/// Reads in one piece and in pieces of several sizes: all must give the same.
fn read_every_way(plan: &Plan, content: &[u8]) -> (support::Kept, tidegate_intake::Summary) {
    let whole = read(plan, content);
    for chunk in [1, 2, 3, 7, 64, 1_000, 4_097] {
        if content.len() / chunk < 200_000 {
            let pieces = read_in(plan, Limits::default(), content, chunk);
            assert_eq!(pieces, whole, "in pieces of {chunk}");
        }
    }
    whole
}

#[test]
fn every_compression_gives_the_same_batches_and_the_same_digest() {
    let content = lines(1_000);
    let (plain, expected) = read_every_way(&logs(), content.as_bytes());
    let members = [gzip(&content.as_bytes()[..1_000]), gzip(b""), gzip(&content.as_bytes()[1_000..])].concat();
    let frames =
        [zstd(&content.as_bytes()[..77]), vec![0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2], zstd(&content.as_bytes()[77..])].concat();
    let skippable = [vec![0x5f, 0x2a, 0x4d, 0x18, 0, 0, 0, 0], zstd(content.as_bytes())].concat();
    for (compressed, compression) in [
        (gzip(content.as_bytes()), Compression::Gzip),
        (members, Compression::Gzip),
        (zstd(content.as_bytes()), Compression::Zstd),
        (frames, Compression::Zstd),
        (skippable, Compression::Zstd),
    ] {
        let (kept, summary) = read_every_way(&logs(), &compressed);
        assert_eq!((&kept, summary.compression), (&plain, compression));
        assert_eq!((summary.lines, summary.content_sha256, summary.fault), (expected.lines, expected.content_sha256.clone(), None));
    }
}

#[test]
fn an_object_that_is_cut_off_keeps_its_lines_and_says_so() {
    let content = lines(2_000);
    for compressed in [gzip(content.as_bytes()), zstd(content.as_bytes())] {
        for cut in [5, 20, compressed.len() / 2, compressed.len() - 9, compressed.len() - 1] {
            let (kept, summary) = read_every_way(&logs(), &compressed[..cut]);
            assert_eq!(kept.kinds(), ["compression"], "cut at {cut} of {}", compressed.len());
            let rest = &kept.rejected[0];
            assert_eq!((rest.line, summary.lines.quarantined), (summary.lines.accepted + 1, 1));
            assert_eq!(summary.content_bytes, rest.offset, "the digest covers the lines that were read");
            assert!(summary.fault.is_some());
        }
    }
}

#[test]
fn garbage_behind_or_inside_compressed_data_is_a_fault() {
    let content = lines(2_000);
    for compressed in [gzip(content.as_bytes()), zstd(content.as_bytes())] {
        let (kept, summary) = read_every_way(&logs(), &[compressed.clone(), b"garbage that is no frame".to_vec()].concat());
        assert_eq!((kept.kinds(), summary.lines.accepted), (vec!["compression"], 2_000));
        let mut damaged = compressed.clone();
        for at in (100..damaged.len() - 20).step_by(97) {
            damaged[at] ^= 0x55;
        }
        let (kept, _) = read_every_way(&logs(), &damaged);
        assert_eq!(kept.rejected.last().unwrap().kind, "compression");
    }
}

#[test]
fn a_bomb_is_stopped_early() {
    let zeros = vec![b' '; 8 << 20];
    let mut bomb = GzEncoder::new(Vec::new(), Level::new(9));
    for _ in 0..32 {
        bomb.write_all(&zeros).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    for plan in [logs(), dataset()] {
        let (kept, summary) = read_in(&plan, Limits::default(), &bomb, 1_000);
        assert_eq!(kept.kinds(), ["bomb"]);
        assert!(summary.lines.read == 1 && kept.rejected[0].text.len() <= 256 * 1024 + 1);
    }
    let (kept, _) = read_in(&logs(), Limits { content_bytes: 500_000, ..Limits::default() }, &gzip(lines(5_000).as_bytes()), 1_000);
    assert_eq!(kept.kinds(), ["too-large"]);
    assert!(kept.rows() > 5_000 / 2);
}

#[test]
fn a_bomb_in_a_bomb_and_other_formats_are_refused_by_name() {
    let content = lines(3);
    let utf16: Vec<u8> = content.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, says) in [
        (gzip(&gzip(content.as_bytes())), "gzip inside gzip"),
        (zstd(&gzip(content.as_bytes())), "gzip inside zstd"),
        (gzip(b"PAR1...."), "Parquet inside gzip"),
        ([vec![0xff, 0xfe], utf16.clone()].concat(), "UTF-16"),
        (utf16, "UTF-16"),
    ] {
        let (kept, summary) = read_every_way(&logs(), &bytes);
        assert_eq!((kept.kinds(), summary.lines.read), (vec!["format"], 1), "{says}: {:?}", kept.rejected);
        assert!(kept.rejected[0].reason.contains(says), "{}", kept.rejected[0].reason);
    }
}

#[test]
fn an_array_of_records_is_read_however_it_is_cut() {
    for content in [format!("[\n{},\n{}]", good(1), good(2)), format!("[{},{}]", good(1), good(2))] {
        let (kept, summary) = read_every_way(&logs(), content.as_bytes());
        assert_eq!((kept.rows(), summary.lines.read), (2, 2));
    }
}

#[test]
fn parquet_is_told_by_its_first_four_bytes() {
    let mut kept = support::Kept::default();
    let mut intake = Intake::new(&logs(), Limits::default());
    assert_eq!(intake.push(b"PA", &mut kept).unwrap(), Flow::More);
    assert_eq!(intake.push(b"R1", &mut kept).unwrap(), Flow::Parquet);
    assert_eq!(intake.push(b"...", &mut kept).unwrap(), Flow::Parquet);
    assert_eq!(intake.finish(&mut kept).unwrap().lines.quarantined, 1);
}

#[test]
fn depth_ends_at_32_levels() {
    let nested = |depth: usize| format!("{{\"timestamp\":0,\"a\":{}1{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    let (kept, _) = read(&logs(), [nested(32), nested(33), nested(100_000), good(1)].join("\n"));
    assert_eq!(kept.kinds(), ["too-deep", "too-deep"]);
    assert_eq!((kept.rows(), kept.rejected[0].column), (2, Some(20 + 31)));
    let objects = format!("{}1{}", "{\"features\":".repeat(60_000), "}".repeat(60_000));
    assert_eq!(read(&logs(), objects).0.kinds(), ["line-too-long"]);
}

#[test]
fn a_huge_line_is_put_aside_with_its_beginning_and_reading_goes_on() {
    let huge = format!("{{\"timestamp\":0,\"a\":\"{}\"}}", "x".repeat(2 << 20));
    let content = format!("{}\n{huge}\n{}\n", good(1), good(2));
    for chunk in [1_000, 100_000, usize::MAX] {
        let (kept, summary) = read_in(&logs(), Limits::default(), content.as_bytes(), chunk);
        let bad = &kept.rejected[0];
        assert_eq!((bad.kind, bad.line, bad.text.len(), bad.truncated), ("line-too-long", 2, 256 * 1024, true));
        assert!(bad.reason.contains(&huge.len().to_string()), "{}", bad.reason);
        assert_eq!(summary.lines.accepted, 2);
    }
    let most = 256 * 1024;
    let exactly = |length: usize| format!("{{\"timestamp\":0,\"a\":\"{}\"}}", "x".repeat(length - 22));
    assert_eq!(exactly(most).len(), most);
    let (kept, summary) = read_every_way(&logs(), [exactly(most), exactly(most + 1)].join("\n").as_bytes());
    assert_eq!((summary.lines.accepted, kept.kinds()), (1, vec!["line-too-long"]));
}

#[test]
fn one_line_too_many_ends_the_object() {
    let limits = Limits { lines: 3, ..Limits::default() };
    for content in [lines(5), lines(3) + "\n", lines(3) + "{"] {
        let whole = read_in(&logs(), limits, content.as_bytes(), usize::MAX);
        assert_eq!((whole.1.lines.accepted, whole.0.kinds(), whole.0.rejected[0].line), (3, vec!["too-large"], 4));
        assert_eq!(whole.1.content_bytes, lines(3).len() as u64);
        assert_eq!(read_in(&logs(), limits, content.as_bytes(), 5), whole);
    }
    assert!(read_in(&logs(), limits, lines(3).as_bytes(), 5).1.fault.is_none());
    let csv = "timestamp,x\n0,1\n0,2\n\n0,3\n";
    let (kept, summary) = read_in(&logs(), limits, csv.as_bytes(), 3);
    assert_eq!((summary.lines.accepted, summary.lines.blank, kept.kinds()), (2, 1, vec!["too-large"]));
}

#[test]
fn ever_new_keys_and_categories_stay_bounded() {
    let mut content = String::new();
    for line in 0..3_000 {
        write!(content, "{{\"timestamp\":0,\"features\":{{\"x\":{line},\"k\":\"{}\"", "category ".repeat(100) + &line.to_string()).unwrap();
        for key in 0..20 {
            write!(content, ",\"new {line} {key}\":1").unwrap();
        }
        content.push_str("}}\n");
    }
    let (kept, summary) = read_in(&logs(), Limits::default(), content.as_bytes(), 100_000);
    assert_eq!(summary.lines.accepted, 3_000);
    let unexpected = &kept.batches[0].2.unexpected;
    assert_eq!((unexpected.len(), unexpected.iter().map(|(_, count)| count).sum::<u64>()), (101, 60_000));
    let distinct: std::collections::HashSet<_> = kept.texts("k").into_iter().flatten().collect();
    assert_eq!(distinct.len(), 3_000);
    assert!(distinct.iter().all(|value| value.len() <= 200));
    let many = format!(
        "{{\"timestamp\":0,{}\"last\":1,\"key 5000\":1}}",
        (0..9_000).map(|key| format!("\"key {key}\":1,")).collect::<Vec<String>>().concat()
    );
    let (kept, _) = read(&logs(), [many, good(1)].join("\n"));
    assert_eq!((kept.kinds(), kept.rows()), (vec!["duplicate-key"], 1));
}

#[test]
fn unfinished_batches_hold_a_bounded_number_of_bytes() {
    let limits = Limits { held_bytes: 100_000, ..Limits::default() };
    let content = (0..5_000)
        .map(|at| format!("{{\"timestamp\":{},\"inference_id\":\"{}\",\"features\":{{\"x\":{at}}}}}\n", at % 5 * 3_600, "i".repeat(500)))
        .collect::<Vec<String>>()
        .concat();
    let (kept, summary) = read_in(&logs(), limits, content.as_bytes(), 10_000);
    assert_eq!(summary.lines.accepted, 5_000);
    assert!(kept.batches.iter().all(|(_, batch, _)| batch.num_rows() < 250), "flushed early");
}

/// Bytes that are often almost a log.
fn almost_logs() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => (0_u64..50).prop_map(|number| good(number).into_bytes()),
        1 => Just(b"timestamp,x,k\n0,1,a\n".to_vec()),
        2 => Just(b"\n".to_vec()),
        1 => Just(b"\r\n".to_vec()),
        1 => prop_oneof![Just("\""), Just("{"), Just("}"), Just("["), Just(","), Just("\\u12"), Just("1e5"), Just(" "), Just("\u{feff}"), Just("é")].prop_map(|text| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..8),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_in_any_pieces_give_the_same_and_add_up(bytes in prop_oneof![almost_logs(), proptest::collection::vec(any::<u8>(), 0..300)], chunk in 1_usize..40, compress in 0..3, cut in 0_usize..2_000) {
        let bytes = match compress {
            0 => bytes,
            1 => gzip(&bytes),
            _ => zstd(&bytes),
        };
        let bytes = bytes.get(..cut).unwrap_or(&bytes);
        for plan in [logs(), dataset()] {
            // `read_in` checks that read = accepted + quarantined + blank.
            let whole = read(&plan, bytes);
            prop_assert_eq!(&read_in(&plan, Limits::default(), bytes, chunk), &whole);
            let tight = Limits { line_bytes: 60, lines: 5, content_bytes: 400, batch_rows: 2, open_partitions: 1, ..Limits::default() };
            prop_assert_eq!(read_in(&plan, tight, bytes, chunk), read_in(&plan, tight, bytes, usize::MAX));
        }
    }

    #[test]
    fn a_damaged_line_never_costs_its_neighbours(at in 0_usize..150, byte in any::<u8>()) {
        let mut damaged = good(2).into_bytes();
        let at = at % damaged.len();
        prop_assume!(byte != b'\n');
        damaged[at] = byte;
        let content = [good(1).into_bytes(), damaged, good(3).into_bytes()].join(&b'\n');
        let (kept, _) = read(&logs(), content);
        let ids: Vec<String> = kept.texts("inference_id").into_iter().flatten().collect();
        prop_assert!(ids.contains(&"i1".to_owned()) && ids.contains(&"i3".to_owned()));
    }

    #[test]
    fn the_validator_agrees_with_a_known_parser(text in "[\\[\\]{}\",:0-9eE+.\\\\ntrufalse \\-]{0,24}") {
        if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
            prop_assert!(tidegate_intake::validate(text.as_bytes()).is_ok(), "{}", text);
        } else {
            // Numbers beyond a double are within the grammar.
            prop_assert!(tidegate_intake::validate(text.as_bytes()).is_err() || text.contains(['e', 'E']), "{}", text);
        }
    }
}
