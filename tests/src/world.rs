//! One account, one model, and a look at everything that was made of its logs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate_local_account::{Faults, LAKE, LOGS, LocalAccount, MODELS, Setup, TABLE};
use tidegate_monitoring::Verdict;

use crate::logs::{CONTRACT, MODEL};

/// When the first object of every world was written, seconds since 1970: 1 July 2013. Each next one is a second younger.
const FIRST_WRITE: u64 = 1_372_636_800;

/// An account in a folder of its own, with its faults at hand.
#[derive(Debug)]
pub struct World {
    folder: TempDir,
    /// The account.
    pub account: LocalAccount,
    /// What goes wrong between functions and services.
    pub faults: Faults,
    written: std::cell::Cell<u64>,
}

impl World {
    /// An empty account, functions without retries of their own.
    pub async fn empty() -> Self {
        Self::over(tempfile::tempdir().unwrap(), 0).await
    }

    /// An account with the model's contract.
    pub async fn new() -> Self {
        let world = Self::empty().await;
        world.contract(CONTRACT).await;
        world
    }

    /// Another account that begins with what this one has in its buckets and table; its queues are empty.
    pub async fn fork(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(self.folder.path(), folder.path());
        Self::over(folder, self.written.get()).await
    }

    async fn over(folder: TempDir, written: u64) -> Self {
        // What the functions complain about is shown with a test that fails; only the first of them can start this.
        let lines = tracing_subscriber::fmt().with_test_writer().with_max_level(tracing_subscriber::filter::LevelFilter::ERROR);
        drop(lines.try_init());
        let faults = Faults::default();
        let account =
            LocalAccount::start_with(folder.path(), Setup { attempts: 1, faults: faults.clone(), ..Setup::default() }).await.unwrap();
        Self { folder, account, faults, written: written.into() }
    }

    /// Puts the model's contract.
    pub async fn contract(&self, text: &str) {
        self.put(MODELS, &format!("contracts/{MODEL}.yaml"), text.as_bytes()).await;
    }

    /// Puts a training set.
    pub async fn train(&self, name: &str, text: &str) {
        self.put(MODELS, &format!("datasets/{MODEL}/{name}"), text.as_bytes()).await;
    }

    /// Puts a training set, or a stored baseline, of these bytes.
    pub async fn train_bytes(&self, name: &str, bytes: &[u8]) {
        self.put(MODELS, &format!("datasets/{MODEL}/{name}"), bytes).await;
    }

    /// Asks for the records of a window as a dataset version.
    pub async fn publish(&self, from: &str, to: &str) {
        let body = json!({ "publish": { "model": MODEL, "from": from, "to": to } });
        self.account.send_to_collect(&body.to_string()).await.unwrap();
    }

    /// Puts a scoring log below the model's prefix.
    pub async fn log(&self, name: &str, bytes: impl AsRef<[u8]>) {
        self.put(LOGS, &format!("{MODEL}/{name}"), bytes.as_ref()).await;
    }

    async fn put(&self, bucket: &str, key: &str, bytes: &[u8]) {
        self.account.s3.put_object().bucket(bucket).key(key).body(bytes.to_vec().into()).send().await.unwrap();
        // Receipts hold the time at which an object was written: it must not differ between two runs of a test.
        let written = Duration::from_secs(FIRST_WRITE + self.written.get());
        self.written.set(self.written.get() + 1);
        let file = std::fs::File::options().write(true).open(self.account.bucket_folder(bucket).join(key)).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + written).unwrap();
    }

    /// Delivers everything that waits, until nothing does.
    pub async fn settle(&self) {
        self.account.settle().await.unwrap();
    }

    /// Lets the schedule fire for a time (RFC 3339) and judges what it planned.
    pub async fn tick(&self, time: &str) {
        self.account.tick(time).await.unwrap();
        self.settle().await;
    }

    /// Tells, delivers and redrives until nothing waits and no dead letter is left, as operators do after a bad day. The first
    /// rounds meet whatever faults are set; then these stop.
    pub async fn recover(&self) {
        for round in 0..10 {
            if round == 5 {
                self.faults.heal();
            }
            self.settle().await;
            let mut moved = 0;
            for queue in [self.account.collect_queue(), self.account.drift_queue(), self.account.performance_queue()] {
                moved += self.account.redrive(queue).await.unwrap();
            }
            if moved == 0 {
                return;
            }
        }
        self.faults.heal();
        self.settle().await;
    }

    /// Every object of the lake, by key, without roll-ups: those are a cache.
    #[must_use]
    pub fn lake(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        read(&self.account.bucket_folder(LAKE), "", &mut files);
        files.retain(|key, _| !key.contains("/rollup/"));
        files
    }

    /// Everything that lasts: the lake and the registry's table. Left out is what says how often something was written, which
    /// is a matter of deliveries and not of their outcome: a record's revision, and which keys a receipt remembers as retired.
    pub async fn state(&self) -> State {
        let mut files = self.lake();
        for (_, bytes) in files.iter_mut().filter(|(key, _)| key.starts_with("receipts/")) {
            let receipt: tidegate_lake::Receipt = serde_json::from_slice(bytes).unwrap();
            *bytes = serde_json::to_vec_pretty(&tidegate_lake::Receipt { retired: BTreeMap::new(), ..receipt }).unwrap();
        }
        let items = self.account.dynamodb.scan().table_name(TABLE).send().await.unwrap();
        for item in items.items() {
            let mut item: BTreeMap<_, _> = item.iter().map(|(name, value)| (name.as_str(), plain(value))).collect();
            // It counts how often the record was written, which may differ; what was written may not.
            item.remove("revision");
            let key = format!("table {} {}", item.get("pk").unwrap_or(&Value::Null), item.get("sk").unwrap_or(&Value::Null));
            files.insert(key, serde_json::to_vec(&item).unwrap());
        }
        State(files)
    }

    /// Keys of the lake below a prefix.
    #[must_use]
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        self.lake().into_keys().filter(|key| key.starts_with(prefix)).collect()
    }

    /// The verdict of the day that ends at this midnight (`2013-07-02`), and its bytes.
    #[must_use]
    pub fn verdict(&self, end: &str) -> (Verdict, Vec<u8>) {
        let key = format!("reports/model={MODEL}/window=1d/end={end}T00/verdict.json");
        let bytes = self.lake().remove(&key);
        let bytes = bytes.unwrap_or_else(|| format!("no {key} among {:#?}", self.keys("reports")).into_bytes());
        let verdict = serde_json::from_slice(&bytes).map_err(|_| String::from_utf8_lossy(&bytes).into_owned());
        (verdict.unwrap(), bytes)
    }

    /// Every receipt.
    #[must_use]
    pub fn receipts(&self) -> Vec<tidegate_lake::Receipt> {
        self.lake()
            .iter()
            .filter(|(key, _)| key.starts_with("receipts/"))
            .map(|(_, bytes)| serde_json::from_slice(bytes).unwrap())
            .collect()
    }
}

/// Everything that lasts, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State(pub BTreeMap<String, Vec<u8>>);

impl State {
    /// The same without what receipts remember of earlier contents of their objects: whether an earlier one was ever seen is
    /// up to chance.
    #[must_use]
    pub fn without_memory(mut self) -> Self {
        for (_, bytes) in self.0.iter_mut().filter(|(key, _)| key.starts_with("receipts/")) {
            let mut receipt: serde_json::Map<String, Value> = serde_json::from_slice(bytes).unwrap();
            receipt.remove("retired");
            *bytes = serde_json::to_vec(&receipt).unwrap();
        }
        self
    }

    /// Where two states differ, in words; empty when they do not.
    #[must_use]
    pub fn difference(&self, other: &Self) -> String {
        let mut text = String::new();
        for key in self.0.keys().chain(other.0.keys().filter(|key| !self.0.contains_key(*key))) {
            let (ours, theirs) = (self.0.get(key), other.0.get(key));
            if ours != theirs {
                let show = |bytes: Option<&Vec<u8>>| {
                    bytes.map_or("missing".to_owned(), |bytes| String::from_utf8_lossy(bytes).chars().take(1200).collect())
                };
                writeln!(text, "{key}\n  expected {}\n  found    {}", show(ours), show(theirs)).unwrap();
            }
        }
        text
    }
}

fn plain(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => json!(text),
        AttributeValue::Bool(yes) => json!(yes),
        AttributeValue::L(list) => list.iter().map(plain).collect(),
        AttributeValue::M(map) => json!(map.iter().map(|(name, value)| (name, plain(value))).collect::<BTreeMap<_, _>>()),
        other => json!(format!("{other:?}")),
    }
}

fn read(folder: &Path, below: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let key = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            read(&entry.path(), &format!("{key}/"), files);
        } else {
            files.insert(key, std::fs::read(entry.path()).unwrap());
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
            let modified = entry.metadata().unwrap().modified().unwrap();
            std::fs::File::options().write(true).open(&target).unwrap().set_modified(modified).unwrap();
        }
    }
}
