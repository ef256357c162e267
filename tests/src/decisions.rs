//! An account in which people are asked about candidates, and their links as `notify` would mail them.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::MacAlgorithmSpec;
use tempfile::TempDir;
use tidegate_approval::{Code, Demand, Mac, Token};
use tidegate_approve::HttpAnswer;
use tidegate_contract::{Contract, Task};
use tidegate_lake::keys;
use tidegate_local_account::{ACCOUNT, Dice, LAKE, LINK_KEY, LINK_KID, LocalAccount, MODELS, Setup, TABLE};
use tidegate_registry::{
    AliasName, Artifact, ArtifactFile, Command, GateOutcome, GateRecord, GateRule, Lineage, LinkRecord, ModelVersion, Order, Policy,
    Registry, RegistryError, Stage, Submission,
};
use tidegate_validation::{Column, Contender, Evaluation, Facts, GateInput, GateReport, Latency, Reading, Table, gate, seed_of};

/// The model that people are asked about.
pub const DECIDED: &str = "flight-delay";
/// When they are asked, milliseconds since 1970: 1 August 2013, 09:00.
pub const ASKED_MS: i64 = 1_375_347_600_000;
/// A moment at which they look: two hours later.
pub const LOOKED_MS: i64 = ASKED_MS + 2 * 3_600_000;
/// Who is asked.
pub const LEAD: &str = "lead@example.com";
/// Who else is asked.
pub const RISK: &str = "risk@example.com";
/// Who submits candidates.
pub const SUBMITTER: &str = "mira@example.com";

const ROWS: usize = 3_000;
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
  limits: [{ metric: recall, minimum: 0.4 }, { metric: ece, maximum: 0.25 }]
  fairness: { metric: equalized_odds_difference, maximum: 0.30 }
  latency_p99_ms: 50
";

/// A person's link, as it is mailed.
#[derive(Debug, Clone)]
pub struct Mailed {
    /// What stands in the address.
    pub token: Token,
    /// What stands in the text.
    pub code: Code,
    /// What is kept of it.
    pub record: LinkRecord,
}

impl Mailed {
    /// The address below the endpoint.
    #[must_use]
    pub fn address(&self) -> String {
        self.token.url("")
    }

    /// A form that somebody with the mail before them fills in.
    #[must_use]
    pub fn form(&self, choice: &str, reason: &str) -> String {
        let version = self.record.link.subject.version().unwrap();
        let name = Demand::name_to_type(DECIDED, version).replace(' ', "+");
        format!("choice={choice}&code={}&name={name}&reason={reason}", self.code.printed().replace(' ', "+"))
    }
}

/// The account.
#[derive(Debug)]
pub struct Decisions {
    folder: TempDir,
    /// The account.
    pub account: Arc<LocalAccount>,
    /// Its registry.
    pub registry: Registry,
    /// The rules by which people decide in it.
    pub policy: Policy,
    answers: AtomicUsize,
}

impl Decisions {
    /// An account of a stage, whose contract has this `promotion`.
    pub async fn new(stage: Stage, promotion: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let account = LocalAccount::start_with(folder.path(), Setup { stage, ..Setup::default() }).await.unwrap();
        let registry = Registry::new(account.dynamodb.clone(), TABLE);
        let text = format!("{CONTRACT}{promotion}\n");
        let policy = Policy::of(&Contract::parse(&text).unwrap(), stage);
        let all = Self { folder, account: Arc::new(account), registry, policy, answers: AtomicUsize::new(0) };
        all.put(MODELS, &format!("contracts/{DECIDED}.yaml"), text.into_bytes()).await;
        all
    }

    /// An account of prod in which so many of two people must approve.
    pub async fn prod(approvals: u32) -> Self {
        Self::new(Stage::Prod, &format!("promotion: {{ prod: {{ approvals: {approvals}, approvers: [{LEAD}, {RISK}], expires: 3d }} }}"))
            .await
    }

    /// The folder that the account lives in.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// How many answers were looked at.
    pub fn answered(&self) -> usize {
        self.answers.load(Ordering::Relaxed)
    }

    /// Puts an object.
    pub async fn put(&self, bucket: &str, key: &str, bytes: Vec<u8>) {
        self.account.s3.put_object().bucket(bucket).key(key).body(bytes.into()).send().await.unwrap();
    }

    /// Does something with a version.
    ///
    /// # Errors
    /// As the registry refuses it.
    pub async fn ask(&self, number: u32, by: &str, command: Command, at_ms: i64) -> Result<ModelVersion, RegistryError> {
        let order = Order { by: by.to_owned(), command };
        let applied = self.registry.apply(DECIDED, Some(number), &order, &self.policy, at_ms).await?;
        Ok(applied.version.unwrap())
    }

    /// A version that was submitted and judged, and about which people are asked under a name made from its run.
    pub async fn pending(&self, run: &str) -> ModelVersion {
        self.pending_at(run, ASKED_MS).await
    }

    /// A version that was submitted and judged.
    pub async fn judged(&self, run: &str) -> ModelVersion {
        self.judged_at(run, ASKED_MS).await
    }

    /// A version that serves, since a day before people are asked about another.
    pub async fn champion(&self, run: &str) -> ModelVersion {
        let at_ms = ASKED_MS - 86_400_000;
        let version = self.pending_at(run, at_ms).await;
        for person in self.policy.approvers.iter().take(self.policy.approvals as usize) {
            let answer = tidegate_registry::Answer::Approve;
            let command = Command::Decide { request: request_id(run), answer, reason: String::new() };
            self.ask(version.number, person, command, at_ms).await.unwrap();
        }
        self.ask(version.number, "function:registry", Command::Promote, at_ms + self.policy.hold_ms).await.unwrap()
    }

    async fn pending_at(&self, run: &str, at_ms: i64) -> ModelVersion {
        let version = self.judged_at(run, at_ms).await;
        self.ask(version.number, "function:validate", request(run), at_ms).await.unwrap()
    }

    async fn judged_at(&self, run: &str, at_ms: i64) -> ModelVersion {
        let submit = Command::Submit(Box::new(submission(run)));
        let version = self.ask(0, "function:validate", submit, at_ms).await.unwrap();
        let champion = self.registry.alias(DECIDED, AliasName::Champion).await.unwrap();
        let report = report(version.number, champion);
        self.put(LAKE, &keys::gate(DECIDED, &report.digest(), "gate.json"), report.to_json().into_bytes()).await;
        for command in [Command::StartValidation, Command::RecordGate(Box::new(record(&report, champion)))] {
            self.ask(version.number, "function:validate", command, at_ms).await.unwrap();
        }
        self.registry.version(DECIDED, version.number).await.unwrap().unwrap()
    }

    /// A person's link, minted as `notify` would: the same however often.
    pub async fn mail(&self, version: &ModelVersion, approver: &str) -> Mailed {
        let link = version.decision_link(approver, LINK_KID, ACCOUNT).unwrap();
        let token = link.token(self.mac(link.message()).await);
        let code = Code::of(&self.mac(link.code_message()).await);
        let check = match Demand::of(&link.stage) {
            Demand::Code => Some(self.mac(link.code_check_message(&code)).await),
            Demand::TypedName | Demand::Button => None,
        };
        let record = LinkRecord::new(link, check);
        self.registry.put_link(&record).await.unwrap();
        Mailed { token, code, record }
    }

    /// The MAC of a message under the account's key.
    pub async fn mac(&self, message: Vec<u8>) -> Mac {
        let call = self.account.kms.generate_mac().key_id(LINK_KEY).mac_algorithm(MacAlgorithmSpec::HmacSha256);
        let answer = call.message(Blob::new(message)).send().await.unwrap();
        Mac::from_slice(answer.mac.unwrap().as_ref()).unwrap()
    }

    /// Asks the page, and looks at the headers of its answer.
    pub async fn http(&self, method: &str, address: &str, headers: &[(&str, &str)], body: &str, at_ms: i64) -> HttpAnswer {
        let answer = self.account.http(method, address, headers, body.as_bytes(), at_ms).await.unwrap();
        assert_eq!(missing_header(&answer), None, "{method} {}", answer.status_code);
        self.answers.fetch_add(1, Ordering::Relaxed);
        answer
    }

    /// Opens an address.
    pub async fn get(&self, address: &str) -> HttpAnswer {
        self.http("GET", address, &[], "", LOOKED_MS).await
    }

    /// Sends a form as a browser does.
    pub async fn post(&self, address: &str, form: &str) -> HttpAnswer {
        let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Origin", "null"), ("Sec-Fetch-Site", "same-origin")];
        self.http("POST", address, &headers, form, LOOKED_MS).await
    }

    /// The table, item by item.
    pub async fn table(&self) -> BTreeMap<String, String> {
        let mut items = BTreeMap::new();
        let mut pages = self.account.dynamodb.scan().table_name(TABLE).into_paginator().send();
        while let Some(page) = pages.next().await {
            for item in page.unwrap().items() {
                let attributes: BTreeMap<_, _> = item.iter().map(|(name, value)| (name, sorted(value))).collect();
                items.insert(format!("{:?} {:?}", item.get("pk"), item.get("sk")), format!("{attributes:?}"));
            }
        }
        items
    }

    /// How many versions serve or have served, and how many may.
    pub async fn promotions(&self) -> usize {
        let versions = self.registry.versions(DECIDED).await.unwrap();
        versions.iter().filter(|version| version.approved_at_ms.is_some() || !version.reigns.is_empty()).count()
    }
}

fn sorted(value: &aws_sdk_dynamodb::types::AttributeValue) -> String {
    match value {
        aws_sdk_dynamodb::types::AttributeValue::M(map) => {
            let map: BTreeMap<_, _> = map.iter().map(|(name, value)| (name, sorted(value))).collect();
            format!("{map:?}")
        }
        aws_sdk_dynamodb::types::AttributeValue::L(list) => format!("{:?}", list.iter().map(sorted).collect::<Vec<_>>()),
        other => format!("{other:?}"),
    }
}

/// The first header that every answer must carry and this one does not.
#[must_use]
pub fn missing_header(answer: &HttpAnswer) -> Option<&'static str> {
    let header = |name: &str| answer.headers.get(name).map_or("", String::as_str);
    let policy = header("content-security-policy");
    let parts = ["default-src 'none'", "style-src 'sha256-", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"];
    let exact = [
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
        ("x-robots-tag", "noindex, nofollow, noarchive"),
        ("strict-transport-security", "max-age=63072000; includeSubDomains"),
        ("cross-origin-opener-policy", "same-origin"),
        ("content-type", "text/html; charset=utf-8"),
    ];
    let lacks = parts.into_iter().find(|part| !policy.contains(part) || policy.contains("unsafe"));
    lacks.or_else(|| exact.into_iter().find(|(name, value)| header(name) != *value).map(|(name, _)| name))
}

/// The name of the request about a run.
#[must_use]
pub fn request_id(run: &str) -> String {
    keys::sha256(run).chars().take(32).collect()
}

/// The command that asks people about a run.
#[must_use]
pub fn request(run: &str) -> Command {
    Command::RequestApprovals { request: request_id(run) }
}

fn submission(run: &str) -> Submission {
    Submission {
        artifact: Artifact::new(vec![
            ArtifactFile { name: "model.onnx".to_owned(), sha256: keys::sha256(run), bytes: 84_000 },
            ArtifactFile { name: "encoder.json".to_owned(), sha256: keys::sha256("encoder"), bytes: 5_120 },
        ]),
        lineage: Lineage {
            promoted_from: None,
            run: run.to_owned(),
            submitter: SUBMITTER.to_owned(),
            artifact_writer: "arn:aws:sts::111122223333:assumed-role/training/pipeline".to_owned(),
            dataset_version: Some(keys::sha256("spring")),
            evaluation_version: Some(keys::sha256("july")),
            code_revision: Some("4f1c2ab9e6d07b35".to_owned()),
            framework: Some("scikit-learn 1.9".to_owned()),
            parameters: BTreeMap::from([("C".to_owned(), "0.1".to_owned())]),
            manifest: None,
        },
    }
}

/// What the gate finds of a candidate that is better than the champion, by seeded rows.
fn report(version: u32, champion: Option<u32>) -> GateReport {
    let set = keys::sha256("july");
    let contract = Contract::parse(CONTRACT).unwrap();
    let (own, before) = (answers(2, 1.7), answers(3, 1.2));
    let (name, against) = (format!("v{version}"), champion.map(|champion| format!("v{champion}")));
    let (digest, other) = (keys::sha256(&name), keys::sha256("champion"));
    gate(&GateInput {
        contract: &contract,
        candidate: Contender { version: &name, digest: &digest, evaluation_digest: &set, evaluation: &own },
        champion: against.as_deref().map(|version| Contender { version, digest: &other, evaluation_digest: &set, evaluation: &before }),
        facts: Facts { training_overlap: Some(0), latency: Some(Latency { p50_ms: 2.0, p99_ms: 12.5, rows: 1_000 }), ..Facts::default() },
        seed: seed_of(&set),
    })
}

fn record(report: &GateReport, champion: Option<u32>) -> GateRecord {
    let outcome = |outcome| match outcome {
        tidegate_validation::Outcome::Pass => GateOutcome::Pass,
        tidegate_validation::Outcome::Fail => GateOutcome::Fail,
        tidegate_validation::Outcome::CannotTell => GateOutcome::CannotTell,
    };
    let rules =
        report.rules.iter().map(|rule| GateRule { name: rule.name.clone(), outcome: outcome(rule.outcome), says: rule.sentence.clone() });
    GateRecord {
        outcome: outcome(report.outcome),
        headline: report.headline.clone(),
        digest: report.digest(),
        key: keys::gate(DECIDED, &report.digest(), "gate.json"),
        champion,
        rules: rules.collect(),
    }
}

/// A model that tells late flights from others by `strength` standard deviations.
fn answers(seed: u64, strength: f64) -> Evaluation {
    let (mut world, mut own) = (Dice::new(1), Dice::new(seed));
    let normal = |dice: &mut Dice| (-2.0 * (1.0 - dice.roll()).ln()).sqrt() * (TAU * dice.roll()).cos();
    let (mut late, mut scores) = (Vec::new(), Vec::new());
    for _ in 0..ROWS {
        let is_late = world.roll() < 0.3;
        let noise = (normal(&mut world) + normal(&mut own)) * 0.5_f64.sqrt();
        let signal = if is_late { strength / 2.0 } else { -strength / 2.0 };
        late.push(f64::from(u8::from(is_late)));
        scores.push(((1.0 / (1.0 + (0.5 - strength * (signal + noise)).exp())) * 1e9).round() / 1e9);
    }
    let named = |names: &'static [&'static str]| (0..ROWS).map(|row| names.get(row % names.len()).map(|name| (*name).to_owned()));
    Table {
        ids: (0..ROWS).map(|row| format!("row-{row:04}")).collect(),
        actual: Some(Column::Numbers(late)),
        score: Some(scores),
        groups: vec![
            ("origin".to_owned(), named(&["EWR", "JFK", "LGA"]).collect()),
            ("carrier".to_owned(), named(&["AA", "B6", "DL", "UA"]).collect()),
        ],
        ..Table::default()
    }
    .read(&Reading::new(Task::Binary))
    .unwrap()
}
