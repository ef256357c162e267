//! The page as a whole: what it promises whatever it is given.

#[allow(dead_code, unreachable_pub, missing_docs, clippy::pedantic, clippy::indexing_slicing, reason = "shared with the example")]
mod fixture;

#[allow(unreachable_pub, clippy::pedantic, reason = "shared with the other page's tests")]
mod checks;

use checks::{POISON, checked};
use fixture::{DAY_MS, JULY_MS, Story, story};
use tidegate_contract::{BaselineKind, FeatureKind, FeatureMonitoring, FieldRole, Method, Sensitivity};
use tidegate_monitoring::{
    ActionKind, BaselineReference, CarriedBy, Cause, CauseKind, Incident, Onset, QualityFinding, QualityKind, SegmentFinding, State,
    TrailPoint, Window,
};
use tidegate_profile::{Baseline, FieldAnchor, NumericAnchor};
use tidegate_report::{Page, render};

const STATES: [State; 5] = [State::Ok, State::InsufficientData, State::Warning, State::Drift, State::NoData];

fn page(story: &Story) -> String {
    let html = checked(&render(&story.page()));
    assert!(!html.contains("undefined"), "a window's page has a word for everything");
    html
}

#[test]
fn the_verdict_stands_before_everything_else() {
    let html = page(&story());
    let place = |text: &str| html.find(text).unwrap_or_else(|| panic!("no {text:?}"));
    let order = [
        "Drift</span>",
        "<h1>2 of 8 fields moved",
        "Since <strong>29 June</strong>, between 27 June and 2 July",
        "against <strong>the training data</strong>",
        "46% of the model's importance moved",
        "Why</h2>",
        "<strong>The inputs moved. </strong>Departure delays rose",
        "Likely (80%).",
        "What to do</h2>",
        "Consider retraining",
        "Moved together",
        "Most of it in",
        "29,425",
        "id=\"also\"",
        "id=\"moved\"",
        "dep_delay</bdi></h3>",
        "score</bdi></h3>",
        "id=\"segments\"",
        "id=\"still\"",
        "id=\"time\"",
        "id=\"quality\"",
        "id=\"files\"",
        "id=\"method\"",
        "<footer>",
    ];
    let places: Vec<usize> = order.into_iter().map(place).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(html.contains("1–31 July 2013"));
}

#[test]
fn every_other_incident_has_its_cause_and_what_to_do() {
    let html = page(&story());
    let also = part(&html, "also");
    for said in ["carrier</bdi></h3>", "Since <strong>9 July</strong>", "texts are spelt differently", "Possible (60%).", "Ask the source"]
    {
        assert!(also.contains(said), "{said:?} in {also}");
    }
    assert!(!also.contains("The inputs moved"), "the banner tells the main incident");
    let mut alone = story();
    alone.verdict.incidents.truncate(1);
    assert!(!page(&alone).contains("id=\"also\""));
}

#[test]
fn a_segment_says_what_moved_in_it_and_by_how_much() {
    let html = page(&story());
    let segments = part(&html, "segments");
    for said in
        ["<bdi class=\"value\">EWR</bdi>", "10,475 records", "dep_delay", "0.61 ", "mean 23.2, was 7.9", "<bdi class=\"value\">VX</bdi>"]
    {
        assert!(segments.contains(said), "{said:?} in {segments}");
    }
    let mut whole = story();
    whole.verdict.segments.clear();
    assert!(!page(&whole).contains("id=\"segments\""));
}

#[test]
fn what_each_baseline_says_stands_in_one_line_where_more_than_one_could_tell() {
    let mut story = story();
    let line = "Against <span>the training data: <strong class=\"s-drift\">drift</strong> (decides)</span> · <span>the 31 days before: <strong class=\"s-ok\">ok</strong></span>";
    assert!(page(&story).contains(line));
    for field in &mut story.verdict.fields {
        field.opinions.truncate(1);
    }
    assert!(!page(&story).contains("(decides)"));
}

#[test]
fn a_season_is_told_calmly() {
    let mut story = story();
    let verdict = &mut story.verdict;
    verdict.state = State::Ok;
    verdict.cause.kind = CauseKind::Season;
    verdict.incidents.clear();
    verdict.segments.clear();
    verdict.quality.clear();
    for field in &mut verdict.fields {
        field.state = State::Ok;
    }
    (verdict.fields[0].season, verdict.fields[0].sentence) = (true, "its values are higher, as at this time of every week".into());
    let html = page(&story);
    let body = html.split_once("<body>").unwrap().1;
    assert!(!body.contains("s-drift") && !body.contains("s-warn"), "no colour of alarm");
    assert!(part(&html, "still").contains("Its values are higher, as at this time of every week."), "the field that swings says so");
    assert!(!body.contains("Since "));
}

#[test]
fn too_few_records_say_what_would_have_shown() {
    let mut story = story();
    story.verdict.state = State::InsufficientData;
    story.verdict.incidents.clear();
    for (field, visible) in story.verdict.fields.iter_mut().zip([0.11, 0.2, 0.4, 0.3, 0.35]) {
        (field.state, field.smallest_visible) = (State::InsufficientData, Some(visible));
    }
    let html = page(&story);
    assert!(html.contains(
        "would have shown <strong>shifts of 0.11 to 0.40 sd or 0.30 to 0.35 w, depending on the field</strong>; what matters begins at"
    ));
}

#[test]
fn the_trail_marks_where_the_move_began_and_new_versions() {
    let html = page(&story());
    let time = part(&html, "time");
    assert!(time.contains("it began 29 June") && time.contains(">since 29 June</text>"));
    assert!(time.contains(">version 2013.1</text>"));
    let mut story = story();
    for incident in &mut story.verdict.incidents {
        incident.began = None;
    }
    assert!(!part(&page(&story), "time").contains("since"));
}

#[test]
fn how_it_was_judged_says_what_was_done_and_nothing_else() {
    let mut story = story();
    let plain = part(&page(&story), "method");
    assert!(plain.contains("compared with the training data and the 31 days before. The first of them that can tell decides."));
    assert!(plain.contains("The window before says whether a move is new."));
    for absent in ["season", "one of a series", "by one number", "SageMaker", "Segments are corrected", "a tenth of an average"] {
        assert!(!plain.contains(absent), "{absent:?} in {plain}");
    }
    let weeks = BaselineReference {
        kind: BaselineKind::Seasonal,
        location: "the same hours of 6 past weeks".into(),
        ..story.verdict.baselines[1].clone()
    };
    story.verdict.baselines.insert(1, weeks);
    story.verdict.windows_corrected = 720.0;
    story.contract.segments = vec!["origin".into()];
    story.contract.features[0].importance = 3.0;
    story.contract.features[1].monitoring =
        Some(FeatureMonitoring { method: Some(Method::Hellinger), threshold: Some(0.2), ..FeatureMonitoring::default() });
    let full = part(&page(&story), "method");
    for said in [
        "the same hours of 6 past weeks",
        "is a season and no alarm",
        "the 720 windows of its length in 30 days",
        "Segments are corrected",
        "a tenth of an average",
        "air_time</bdi>, Hellinger distance matters from 0.2",
    ] {
        assert!(full.contains(said), "{said:?} in {full}");
    }
    story.contract.monitoring.method = Method::Psi;
    assert!(part(&page(&story), "method").contains("<strong>Population stability index</strong>, which matters from 0.1"));
    story.contract.monitoring.method = Method::SagemakerRobust;
    assert!(part(&page(&story), "method").contains("no p-value is asked"));
}

/// One section of the page.
fn part(html: &str, id: &str) -> String {
    let start = format!("<section id=\"{id}\"");
    assert!(html.contains(&start), "no section {id}");
    html.split(&start).skip(1).filter_map(|from| from.split("</section>").next()).collect()
}

#[test]
fn equal_inputs_give_equal_bytes() {
    assert_eq!(page(&story()), page(&story()));
}

#[test]
fn every_state_has_its_word_its_shape_and_its_class() {
    for state in STATES {
        let mut story = story();
        story.verdict.state = state;
        for field in &mut story.verdict.fields {
            field.state = state;
        }
        let html = page(&story);
        let badge = tidegate_report::Badge(state);
        assert!(html.contains(&format!("</svg>{}</span>", badge.word())), "{state:?}");
        assert!(html.contains(&format!("class=\"banner {}\"", badge.class())), "{state:?}");
    }
}

#[test]
fn every_cause_and_kind_of_finding_has_words() {
    for cause in [
        CauseKind::None,
        CauseKind::DataFault,
        CauseKind::Season,
        CauseKind::PopulationShift,
        CauseKind::CovariateDrift,
        CauseKind::PredictionDrift,
        CauseKind::VersionChange,
        CauseKind::Unknown,
    ] {
        let mut story = story();
        story.verdict.cause.kind = cause;
        story.verdict.action.kind = ActionKind::Investigate;
        let named = tidegate_report::phrases::cause(cause, None);
        assert_eq!(named.is_none(), cause == CauseKind::None, "{cause:?}");
        assert!(page(&story).contains(&named.map_or_else(String::new, |named| format!("<strong>{named}. </strong>"))));
    }
    let kinds = [
        QualityKind::Missing,
        QualityKind::WrongType,
        QualityKind::OutOfRange,
        QualityKind::UnseenCategory,
        QualityKind::Infinite,
        QualityKind::AbsentFeature,
        QualityKind::UnexpectedFeature,
        QualityKind::BadLines,
    ];
    let mut story = story();
    story.verdict.quality = kinds
        .map(|kind| QualityFinding {
            kind,
            field: Some("hour".into()),
            state: State::Drift,
            share: 0.5,
            share_baseline: None,
            sentence: "found".into(),
        })
        .to_vec();
    assert_eq!(page(&story).matches("50% affected").count(), kinds.len());
}

#[test]
fn a_window_without_records_a_baseline_or_anything_else_is_still_a_page() {
    let mut story = story();
    story.verdict.fields.clear();
    story.verdict.trail.clear();
    story.verdict.quality.clear();
    story.verdict.versions.clear();
    story.verdict.baselines.clear();
    story.verdict.records = 0;
    story.verdict.intake = tidegate_monitoring::IntakeSummary::default();
    story.verdict.headline.clear();
    story.verdict.window = Window { start_ms: i64::MAX, end_ms: i64::MIN };
    story.current.fields.clear();
    story.current.span_ms = None;
    checked(&render(&Page { baseline: None, ..story.page() }));
}

#[test]
fn without_a_baseline_the_fields_are_listed_and_nothing_is_compared() {
    let mut story = story();
    story.current.anchor = None;
    story.verdict.baselines.clear();
    for field in &mut story.verdict.fields {
        field.state = State::InsufficientData;
        field.decisive = None;
        field.tests.clear();
    }
    let html = checked(&render(&Page { baseline: None, ..story.page() }));
    assert!(html.contains("no baseline yet") && html.contains("not tested"));
}

#[test]
fn counts_of_another_baseline_are_not_drawn() {
    let mut story = story();
    story.current.anchor = Some("another".into());
    let html = page(&story);
    assert!(html.contains("not counted in this baseline"));
    assert!(!html.contains("Distribution of dep_delay"));
}

#[test]
fn text_from_outside_stays_text_wherever_it_stands() {
    let mut story = story();
    poison(&mut story);
    let html = page(&story);
    assert!(html.contains("&lt;script&gt;alert(1)"), "the text is shown, escaped");
    assert!(!html.contains("\u{202e}"));
}

/// Puts [`POISON`] into every text of the page's inputs.
fn poison(story: &mut Story) {
    let bad = || POISON.to_owned();
    let Story { contract, verdict, current, baseline } = story;
    (contract.model, contract.owners.monitoring) = (bad(), Some(bad()));
    for feature in &mut contract.features {
        feature.name = bad();
        feature.monitoring = Some(FeatureMonitoring { effect: Some(0.2), missing: Some(0.1), mute: true, ..Default::default() });
    }
    (verdict.schema, verdict.model, verdict.headline) = (bad(), bad(), bad());
    (verdict.cause.evidence, verdict.action.sentence) = (bad(), bad());
    verdict.versions = [(bad(), 3), (format!("{POISON}2"), 4)].into_iter().collect();
    for reference in &mut verdict.baselines {
        (reference.id, reference.location) = (bad(), bad());
    }
    for (index, field) in verdict.fields.iter_mut().enumerate() {
        let name = format!("{POISON}{index}");
        for profile in current.fields.iter_mut().chain(&mut baseline.profile.fields).filter(|profile| profile.name == field.name) {
            profile.name.clone_from(&name);
            if let Some(values) = &mut profile.categorical {
                values.other = [(bad(), 5)].into_iter().collect();
            }
        }
        for point in &mut verdict.trail {
            if let Some(effect) = point.effects.remove(&field.name) {
                point.effects.insert(name.clone(), effect);
            }
        }
        (field.name, field.sentence) = (name, bad());
        field.distances = [(bad(), 0.5)].into_iter().collect();
        let said = field.opinions.iter_mut().flat_map(|opinion| {
            opinion.sentence = bad();
            &mut opinion.decisive
        });
        for test in field.tests.iter_mut().chain(&mut field.decisive).chain(said) {
            (test.test, test.unit, test.says) = (bad(), bad(), bad());
        }
    }
    for cells in &mut baseline.fields {
        if let Some(FieldAnchor::Categorical(anchor)) = &mut cells.anchor {
            anchor.values.iter_mut().for_each(|value| *value = bad());
        }
    }
    for finding in &mut verdict.quality {
        (finding.field, finding.sentence) = (Some(bad()), bad());
    }
    for incident in &mut verdict.incidents {
        (incident.cause.evidence, incident.action.sentence) = (bad(), bad());
        incident.fields.push(bad());
        incident.segment = Some(CarriedBy { segment: bad(), value: bad(), share: 0.5 });
    }
    for finding in &mut verdict.segments {
        (finding.segment, finding.value, finding.field, finding.sentence) = (bad(), bad(), bad(), bad());
        (finding.decisive.test, finding.decisive.unit, finding.decisive.says) = (bad(), bad(), bad());
    }
    for point in &mut verdict.trail {
        point.new_versions = vec![bad()];
    }
    verdict.intake.reasons = [(bad(), 5)].into_iter().collect();
    verdict.intake.notable = [(bad(), bad())].into_iter().collect();
}

#[test]
fn a_restricted_contract_shows_no_category_value_anywhere() {
    let values = ["OO", "ZZ", "EWR", "B6", "9E", "VX", "PHL"];
    let mut story = story();
    story.verdict.headline = "carrier moved: its mix changed, most of all \"B6\": 17 %, was 16 %.".into();
    story.verdict.cause.evidence = "origin: EWR fell".into();
    story.verdict.incidents[1].segment = Some(CarriedBy { segment: "origin".into(), value: "PHL".into(), share: 0.4 });
    story.verdict.incidents[1].cause.evidence = "origin: PHL is new".into();
    let open = page(&story);
    story.contract.sensitivity = Sensitivity::Restricted;
    let closed = page(&story);
    let text: String = closed.split("<body>").skip(1).collect();
    for value in values {
        assert!(open.contains(value), "{value} is in the open page");
        assert!(
            !text.split(|character: char| !character.is_alphanumeric() && character != '_').any(|word| word == value),
            "{value} is in the restricted page"
        );
    }
    assert!(text.contains("Value 1") && text.contains("New value 1"));
    assert!(part(&closed, "segments").contains(">value 1</bdi>"), "a segment has its place among the baseline's values");
    assert!(part(&closed, "also").contains("value withheld"), "a value that the baseline never showed has no place");
}

#[test]
fn many_fields_with_long_names_and_everything_moved_stay_below_the_limit() {
    for name in
        ["a_feature_with_quite_a_long_name_number", "<&>\"'<&>\"'<&>\"'<&>\"'<&>\"'<&>\"'<&>\"'<&>\"'<&>\"'<&>\"'<&>\"'<&>\"'<&>\"'<&>\"'"]
    {
        let mut story = story();
        let (fields, now, before, cells) = (
            story.verdict.fields.clone(),
            story.current.fields.clone(),
            story.baseline.profile.fields.clone(),
            story.baseline.fields.clone(),
        );
        for index in 0..200 {
            let pick = index % fields.len();
            let mut field = fields[pick].clone();
            let from = now.iter().position(|profile| profile.name == field.name).unwrap();
            field.name = format!("{name}{index}");
            field.state = State::Drift;
            field.sentence = name.repeat(40);
            for test in &mut field.tests {
                test.says = name.repeat(20);
            }
            field.tests = field.tests.iter().cycle().take(30).cloned().collect();
            for (profiles, source) in [(&mut story.current.fields, &now), (&mut story.baseline.profile.fields, &before)] {
                let mut profile = source[from].clone();
                profile.name.clone_from(&field.name);
                profiles.push(profile);
            }
            story.baseline.fields.push(cells[from].clone());
            story.verdict.fields.push(field);
            let (incident, finding) = (story.verdict.incidents[0].clone(), story.verdict.segments[0].clone());
            let fields = vec![name.repeat(9); 40];
            story.verdict.incidents.push(Incident {
                fields,
                cause: Cause { evidence: name.repeat(30), ..incident.cause.clone() },
                ..incident
            });
            story.verdict.segments.push(SegmentFinding { value: name.repeat(30), sentence: name.repeat(30), ..finding });
            story.verdict.quality.push(QualityFinding { sentence: name.repeat(20), ..story.verdict.quality[0].clone() });
        }
        let html = page(&story);
        assert!(html.contains("more, see verdict.json"));
    }
}

#[test]
fn odd_numbers_and_cells_never_stop_the_page() {
    let infinity = f64::INFINITY;
    let anchors = [
        vec![],
        vec![infinity],
        vec![-infinity, infinity],
        vec![-infinity, 0.0, infinity],
        vec![1.0],
        vec![1e300, 1.7e308],
        vec![0.0, 5e-324],
        vec![f64::NAN, f64::NAN],
    ];
    for edges in anchors {
        for count in [0, 1, u64::MAX] {
            let mut story = story();
            for (index, field) in story.current.fields.iter_mut().chain(&mut story.baseline.profile.fields).enumerate() {
                (field.present, field.missing, field.infinite) = (u64::MAX, u64::MAX, u64::MAX);
                if let Some(numbers) = &mut field.numeric {
                    numbers.cells = vec![count; if index == 0 { 3 } else { edges.len() + 1 }];
                }
                if let Some(values) = &mut field.categorical {
                    values.cells.iter_mut().for_each(|cell| *cell = count);
                    values.remainder = count;
                }
            }
            for cells in &mut story.baseline.fields {
                if let Some(FieldAnchor::Numeric(anchor)) = &mut cells.anchor {
                    *anchor = NumericAnchor { edges: edges.clone(), atoms: vec![0, 7, u32::MAX] };
                }
            }
            page(&story);
        }
    }
}

#[test]
fn odd_effects_and_trails_never_stop_the_page() {
    let window = Window { start_ms: JULY_MS, end_ms: JULY_MS + DAY_MS };
    for value in [0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, 1e-320] {
        let mut story = story();
        for field in &mut story.verdict.fields {
            field.state = State::Drift;
            field.importance = value;
            (field.mean_baseline, field.mean_current, field.missing_current, field.smallest_visible) =
                (Some(value), Some(1.0), Some(value), Some(value));
            for test in field.tests.iter_mut().chain(&mut field.decisive) {
                (test.effect, test.effect_low, test.effect_high, test.threshold, test.p_adjusted) = (value, value, value, value, value);
            }
        }
        story.verdict.cause.confidence = value;
        story.verdict.importance_moved = value;
        for (index, incident) in story.verdict.incidents.iter_mut().enumerate() {
            incident.cause.confidence = value;
            incident.segment = Some(CarriedBy { segment: "origin".into(), value: "EWR".into(), share: value });
            let (at_ms, earliest_ms, latest_ms) = if index == 0 { (i64::MIN, i64::MAX, i64::MIN) } else { (i64::MAX, i64::MIN, i64::MAX) };
            incident.began = Some(Onset { at_ms, earliest_ms, latest_ms });
        }
        for finding in &mut story.verdict.segments {
            let test = &mut finding.decisive;
            (test.effect, test.effect_low, test.effect_high, test.threshold, test.p_adjusted) = (value, value, value, value, value);
        }
        for (start_ms, end_ms) in [(JULY_MS, JULY_MS + DAY_MS), (5, 5), (i64::MIN, i64::MAX), (i64::MAX, i64::MIN)] {
            story.verdict.trail = vec![TrailPoint {
                window: Window { start_ms, end_ms },
                records: u64::MAX,
                effects: [("dep_delay".to_owned(), value)].into_iter().collect(),
                new_versions: vec!["2".to_owned()],
            }];
            page(&story);
        }
        story.verdict.trail =
            vec![
                TrailPoint { window, records: 1, effects: [("dep_delay".to_owned(), 1e99)].into_iter().collect(), new_versions: vec![] };
                2_000
            ];
        page(&story);
    }
}

#[test]
fn a_baseline_with_fewer_cells_than_fields_is_not_trusted_further_than_it_reaches() {
    let mut story = story();
    story.baseline.fields.truncate(1);
    page(&story);
    story.baseline = Baseline { fields: vec![], ..story.baseline };
    page(&story);
}

#[test]
fn a_field_judged_as_another_kind_than_counted_has_no_distribution() {
    let mut story = story();
    for field in &mut story.verdict.fields {
        field.kind = if field.kind == FeatureKind::Numeric { FeatureKind::Categorical } else { FeatureKind::Numeric };
        field.role = FieldRole::Latency;
    }
    assert!(page(&story).contains("No distribution to draw"));
}
