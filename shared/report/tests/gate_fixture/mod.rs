//! Candidates of a known strength, judged by the gate itself on seeded rows, with their model cards.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::sync::LazyLock;

use tidegate_contract::{Contract, Metric, Task};
use tidegate_report::{GatePage, ModelCard, ModelFile, gate_page};
use tidegate_statistics::random::Random;
use tidegate_validation::{Column, Contender, Evaluation, Facts, GateInput, GateReport, Labels, Latency, Reading, Table, gate, seed_of};

pub const SET: &str = "9b74c9897bac770ffc029102a200c5de9b74c9897bac770ffc029102a200c5de";
const ARTIFACT: &str = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
const CHAMPION: &str = "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9";
const TRAINING: &str = "baa5a0964d3320fbc0c6a922140453c8513ea24ab8fd0577034804a967248096";
const MANIFEST: &str = "486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7";

/// What the team asks of a candidate.
const CONTRACT: &str = "
model: flight-delay
task: binary
features:
  - { name: origin, type: categorical, protected: true }
  - { name: carrier, type: categorical }
segments: [carrier]
validation:
  primary: roc_auc
  minimum: 0.70
  non_inferiority: 0.01
  limits: [{ metric: recall, minimum: 0.5 }, { metric: ece, maximum: 0.25 }]
  fairness: { metric: equalized_odds_difference, maximum: 0.25 }
  latency_p99_ms: 50
  artifact_bytes: 100000000
";

/// The same of a model that predicts minutes.
const MINUTES: &str = "
model: taxi-out
task: regression
features:
  - { name: carrier, type: categorical }
validation:
  primary: rmse
  maximum: 10
  limits: [{ metric: bias, minimum: -1, maximum: 1 }]
";

/// Everything that a page is made from, owned.
#[derive(Clone)]
pub struct Case {
    pub report: GateReport,
    pub parameters: BTreeMap<String, String>,
    pub texts: Texts,
    pub primary: Option<Metric>,
}

/// The model card's texts.
#[derive(Clone)]
pub struct Texts {
    pub run: String,
    pub submitter: String,
    pub artifact_writer: String,
    pub code_revision: Option<String>,
    pub framework: Option<String>,
    pub training_set: Option<String>,
    pub manifest: Option<String>,
    pub artifact: String,
    pub files: Vec<(String, String, u64)>,
}

impl Case {
    pub fn html(&self) -> String {
        let texts = &self.texts;
        let files: Vec<ModelFile<'_>> = texts.files.iter().map(|(name, sha256, bytes)| ModelFile { name, sha256, bytes: *bytes }).collect();
        let card = ModelCard {
            run: &texts.run,
            submitter: &texts.submitter,
            artifact_writer: &texts.artifact_writer,
            submitted_at_ms: 1_375_273_800_000,
            code_revision: texts.code_revision.as_deref(),
            framework: texts.framework.as_deref(),
            parameters: &self.parameters,
            training_set: texts.training_set.as_deref(),
            manifest: texts.manifest.as_deref(),
            artifact: &texts.artifact,
            files: &files,
        };
        gate_page(&GatePage { report: &self.report, card: &card, primary: self.primary })
    }
}

/// A candidate that is better and passes.
pub fn better() -> Case {
    static JUDGED: LazyLock<Case> = LazyLock::new(|| case(4_000, |_| 1.6, Some(1.2), facts()));
    JUDGED.clone()
}

/// A candidate that is worse in one carrier, and slow.
pub fn failing() -> Case {
    static JUDGED: LazyLock<Case> = LazyLock::new(|| {
        let slow = Facts { latency: Some(Latency { p50_ms: 21.0, p99_ms: 61.5, rows: 1_000 }), ..facts() };
        case(4_000, |row| if row % 6 == 2 { 0.5 } else { 1.5 }, Some(1.4), slow)
    });
    JUDGED.clone()
}

/// A candidate of whom too little is known.
pub fn unclear() -> Case {
    static JUDGED: LazyLock<Case> =
        LazyLock::new(|| case(150, |_| 1.0, Some(1.0), Facts { training_overlap: None, latency: None, ..facts() }));
    JUDGED.clone()
}

/// A candidate without a champion to stand beside.
pub fn first() -> Case {
    static JUDGED: LazyLock<Case> = LazyLock::new(|| case(4_000, |_| 1.6, None, facts()));
    JUDGED.clone()
}

/// A candidate that predicts minutes, with less noise than its champion, who lacks every fifth row.
pub fn minutes() -> Case {
    static JUDGED: LazyLock<Case> = LazyLock::new(|| {
        let contract = Contract::parse(MINUTES).expect("the contract is good");
        let case = judged(&contract, &delays(2, 8.0, |_| true), Some(&delays(3, 11.0, |row| row % 5 != 3)), facts());
        Case { primary: Some(Metric::Rmse), ..case }
    });
    JUDGED.clone()
}

fn facts() -> Facts {
    Facts {
        training_overlap: Some(0),
        latency: Some(Latency { p50_ms: 2.0, p99_ms: 12.5, rows: 1_000 }),
        artifact_bytes: Some(84_005_120),
        ..Facts::default()
    }
}

fn case(rows: usize, strength: impl Fn(usize) -> f64, champion: Option<f64>, facts: Facts) -> Case {
    let contract = Contract::parse(CONTRACT).expect("the contract is good");
    let candidate = answers(rows, 2, strength);
    let champion = champion.map(|champion| answers(rows, 3, |_| champion));
    judged(&contract, &candidate, champion.as_ref(), facts)
}

fn judged(contract: &Contract, candidate: &Evaluation, champion: Option<&Evaluation>, facts: Facts) -> Case {
    let report = gate(&GateInput {
        contract,
        candidate: Contender { version: "8", digest: ARTIFACT, evaluation_digest: SET, evaluation: candidate },
        champion: champion.map(|evaluation| Contender { version: "7", digest: CHAMPION, evaluation_digest: SET, evaluation }),
        facts,
        seed: seed_of(SET),
    });
    let parameters = [("learning_rate", "0.05"), ("max_depth", "6"), ("n_estimators", "400"), ("objective", "binary:logistic")];
    let texts = Texts {
        run: "2013-08-01-boosted-trees".to_owned(),
        submitter: "arn:aws:iam::123456789012:user/mira".to_owned(),
        artifact_writer: "arn:aws:sts::123456789012:assumed-role/training/pipeline".to_owned(),
        code_revision: Some("4f1c2ab9e6d07b35".to_owned()),
        framework: Some("xgboost 3.0".to_owned()),
        training_set: Some(TRAINING.to_owned()),
        manifest: Some(MANIFEST.to_owned()),
        artifact: ARTIFACT.to_owned(),
        files: vec![
            ("model/encoder.json".to_owned(), CHAMPION.to_owned(), 5_120),
            ("model/weights.ubj".to_owned(), ARTIFACT.to_owned(), 84_000_000),
        ],
    };
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
    Case { report, parameters, texts, primary: Some(Metric::RocAuc) }
}

/// A model that tells late flights from others by `strength` standard deviations, half of whose noise is its own.
fn answers(rows: usize, seed: u64, strength: impl Fn(usize) -> f64) -> Evaluation {
    let normal = |random: &mut Random| (2.0 * random.exponential()).sqrt() * (TAU * random.uniform()).cos();
    let (mut world, mut own) = (Random::new(1, "world"), Random::new(seed, "model"));
    let (mut late, mut scores) = (Vec::new(), Vec::new());
    for row in 0..rows {
        let is_late = world.uniform() < 0.3;
        let noise = (normal(&mut world) + normal(&mut own)) * 0.5_f64.sqrt();
        let strength = strength(row);
        let signal = if is_late { strength / 2.0 } else { -strength / 2.0 };
        late.push(f64::from(u8::from(is_late)));
        // Nine digits, as a file would have: the last bits of another machine's logarithm make no other table.
        let score = 1.0 / (1.0 + (0.4 - strength.max(0.5) * (signal + noise)).exp());
        scores.push((score * 1e9).round() / 1e9);
    }
    let named = |row: usize, names: &[&str]| Some(names[row % names.len()].to_owned());
    let origin = |row: usize| if row % 97 == 5 { Some("TTN".to_owned()) } else { named(row, &["EWR", "JFK", "LGA"]) };
    Table {
        ids: (0..rows).map(|row| format!("row-{row:04}")).collect(),
        actual: Some(Column::Numbers(late)),
        score: Some(scores),
        groups: vec![
            ("origin".to_owned(), (0..rows).map(origin).collect::<Labels>()),
            ("carrier".to_owned(), (0..rows).map(|row| named(row, &["AA", "B6", "DL", "EV", "UA", "VX"])).collect::<Labels>()),
        ],
        ..Table::default()
    }
    .read(&Reading::new(Task::Binary))
    .expect("the table is good")
}

/// Predictions of minutes that are off by a bell of this width, for the rows that are kept.
fn delays(seed: u64, width: f64, keep: impl Fn(usize) -> bool) -> Evaluation {
    let (mut world, mut own) = (Random::new(1, "world"), Random::new(seed, "model"));
    let rows: Vec<(usize, f64, f64)> = (0..2_000)
        .map(|row| {
            let actual = (world.exponential() * 20.0).round();
            let off = (2.0 * own.exponential()).sqrt() * (TAU * own.uniform()).cos() * width;
            (row, actual, ((actual + off) * 1e6).round() / 1e6)
        })
        .filter(|(row, _, _)| keep(*row))
        .collect();
    Table {
        ids: rows.iter().map(|(row, _, _)| format!("row-{row:04}")).collect(),
        actual: Some(Column::Numbers(rows.iter().map(|(_, actual, _)| *actual).collect())),
        prediction: Some(Column::Numbers(rows.iter().map(|(_, _, prediction)| *prediction).collect())),
        ..Table::default()
    }
    .read(&Reading::new(Task::Regression))
    .expect("the table is good")
}
