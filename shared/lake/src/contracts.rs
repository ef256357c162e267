//! The contracts of the models bucket: read once, and again only when they changed.

use std::{collections::BTreeMap, sync::Arc};

use tidegate_contract::{Contract, ContractError};
use tokio::sync::Mutex;

use crate::{Bucket, LakeError, keys};

/// The contracts of a models bucket, kept between invocations by their entity tags.
#[derive(Debug)]
pub struct ContractBook {
    bucket: Bucket,
    kept: Mutex<BTreeMap<String, (String, Entry)>>,
}

/// One object below `contracts/`.
#[derive(Debug, Clone)]
enum Entry {
    Usable(Arc<Contract>),
    Faulty(Arc<ContractError>),
    /// Not even text, or not the contract of the model that the key names.
    Wrong(String),
}

/// A contract that cannot be used.
#[derive(Debug, Clone)]
pub struct Unusable {
    /// Its key.
    pub key: String,
    /// The model that the key names.
    pub model: String,
    entry: Entry,
}

impl Unusable {
    /// What is wrong with it.
    #[must_use]
    pub fn error(&self) -> LakeError {
        let key = self.key.clone();
        match &self.entry {
            Entry::Faulty(faults) => LakeError::Contract { key, source: Arc::clone(faults) },
            Entry::Wrong(says) => LakeError::ContractUse { key, says: says.clone() },
            Entry::Usable(_) => LakeError::ContractUse { key, says: "it shares its logs prefix with another contract".to_owned() },
        }
    }
}

/// Every contract as it was at one moment.
#[derive(Debug, Clone, Default)]
pub struct Contracts {
    usable: Vec<(String, Arc<Contract>)>,
    unusable: Vec<Unusable>,
}

impl ContractBook {
    /// The contracts of this bucket.
    #[must_use]
    pub fn new(bucket: Bucket) -> Self {
        Self { bucket, kept: Mutex::default() }
    }

    /// All contracts as they are now: one LIST, and one GET for each that is new or changed.
    ///
    /// # Errors
    /// As a call fails. A contract with faults is no error here: it is among [`Contracts::unusable`].
    pub async fn load(&self) -> Result<Contracts, LakeError> {
        let listed = self.bucket.list(keys::CONTRACTS).await?;
        let mut kept = self.kept.lock().await;
        kept.retain(|key, _| listed.iter().any(|object| object.key == *key));
        let mut contracts = Contracts::default();
        for object in listed {
            let Some(model) = keys::model_of_contract(&object.key) else { continue };
            let entry = match kept.get(&object.key) {
                Some((etag, entry)) if *etag == object.etag => entry.clone(),
                _ => {
                    // Deleted since the listing: it will not be in the next one.
                    let Some(stored) = self.bucket.get(&object.key).await? else { continue };
                    let entry = Entry::read(model, &stored.bytes);
                    kept.insert(object.key.clone(), (stored.etag, entry.clone()));
                    entry
                }
            };
            contracts.add(model, object.key.clone(), entry);
        }
        Ok(contracts)
    }
}

impl Entry {
    fn read(model: &str, bytes: &[u8]) -> Self {
        let Ok(text) = std::str::from_utf8(bytes) else { return Self::Wrong("found bytes that are not UTF-8, expected YAML".to_owned()) };
        match Contract::parse(text) {
            Ok(contract) if contract.model == model => Self::Usable(Arc::new(contract)),
            Ok(contract) => Self::Wrong(format!(
                "found the contract of model \"{}\", expected that of \"{model}\", which the key names",
                contract.model
            )),
            Err(faults) => Self::Faulty(Arc::new(faults)),
        }
    }
}

impl Contracts {
    /// These contracts, for a test or a desk.
    #[must_use]
    pub fn of(contracts: impl IntoIterator<Item = Contract>) -> Self {
        let mut all = Self::default();
        for contract in contracts {
            let (model, key) = (contract.model.clone(), format!("{}{}.yaml", keys::CONTRACTS, contract.model));
            all.add(&model, key, Entry::Usable(Arc::new(contract)));
        }
        all
    }

    fn add(&mut self, model: &str, key: String, entry: Entry) {
        match entry {
            Entry::Usable(contract) if !self.usable.iter().any(|(_, other)| other.logs_prefix() == contract.logs_prefix()) => {
                self.usable.push((key, contract));
            }
            entry => self.unusable.push(Unusable { key, model: model.to_owned(), entry }),
        }
    }

    /// Contracts that can be used, in the order of their keys.
    pub fn usable(&self) -> impl Iterator<Item = &Arc<Contract>> {
        self.usable.iter().map(|(_, contract)| contract)
    }

    /// Contracts that cannot be used, in the order of their keys.
    #[must_use]
    pub fn unusable(&self) -> &[Unusable] {
        &self.unusable
    }

    /// The contract of the model that a scoring log or a file of ground truth belongs to: the one with the longest prefix that the key
    /// begins with. `None` if no contract claims it.
    ///
    /// # Errors
    /// [`LakeError::Contract`] or [`LakeError::ContractUse`] if a contract that cannot be used may claim the log: by the prefix
    /// that it would have by default, or, when no other contract claims the log, by one that cannot be read.
    pub fn of_log(&self, key: &str) -> Result<Option<Arc<Contract>>, LakeError> {
        let claim = |contract: &Contract| {
            let prefixes = [contract.logs_prefix(), contract.truth_prefix()];
            prefixes.into_iter().filter(|prefix| key.starts_with(prefix)).map(|prefix| prefix.len()).max()
        };
        let best = self.usable().filter_map(|contract| Some((claim(contract)?, contract))).max_by_key(|(claim, _)| *claim);
        let (claimed, best) = best.map_or((0, None), |(claim, contract)| (claim, Some(contract)));
        let default_prefix = |unusable: &&Unusable| key.strip_prefix(&unusable.model).is_some_and(|rest| rest.starts_with('/'));
        let broken = self.unusable.iter().find(|unusable| default_prefix(unusable) && unusable.model.len() + 1 >= claimed);
        match (best, broken.or(if best.is_none() { self.unusable.first() } else { None })) {
            (_, Some(unusable)) => Err(unusable.error()),
            (best, None) => Ok(best.cloned()),
        }
    }

    /// The contract of a model, or `None` if it has none.
    ///
    /// # Errors
    /// [`LakeError::Contract`] or [`LakeError::ContractUse`] if it cannot be used.
    pub fn of_model(&self, model: &str) -> Result<Option<Arc<Contract>>, LakeError> {
        if let Some(unusable) = self.unusable.iter().find(|unusable| unusable.model == model) {
            return Err(unusable.error());
        }
        Ok(self.usable().find(|contract| contract.model == model).cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract(model: &str, prefix: Option<&str>) -> Contract {
        let logs = prefix.map(|prefix| format!("logs: {{ prefix: {prefix} }}\n")).unwrap_or_default();
        Contract::parse(&format!("model: {model}\ntask: binary\n{logs}features:\n  - {{ name: distance, type: numeric }}\n")).unwrap()
    }

    fn model_of(contracts: &Contracts, key: &str) -> Option<String> {
        contracts.of_log(key).unwrap().map(|contract| contract.model.clone())
    }

    #[test]
    fn the_longest_prefix_finds_the_model() {
        let contracts = Contracts::of([contract("flight", None), contract("flight-late", Some("flight/late/"))]);
        assert_eq!(model_of(&contracts, "flight/x.jsonl").as_deref(), Some("flight"));
        assert_eq!(model_of(&contracts, "flight/late/x.jsonl").as_deref(), Some("flight-late"));
        assert_eq!(model_of(&contracts, "flight-late/x.jsonl"), None);
    }

    #[test]
    fn a_faulty_contract_stops_its_own_model_only() {
        let mut contracts = Contracts::of([contract("flight", None)]);
        contracts.add("churn", "contracts/churn.yaml".to_owned(), Entry::read("churn", b"model: churn\n"));
        assert_eq!(model_of(&contracts, "flight/x.jsonl").as_deref(), Some("flight"));
        assert!(contracts.of_log("churn/x.jsonl").is_err());
        assert!(contracts.of_log("elsewhere/x.jsonl").is_err(), "the faulty contract may claim it");
        assert!(contracts.of_model("churn").is_err());
        assert!(contracts.of_model("flight").unwrap().is_some());
    }

    #[test]
    fn a_contract_under_another_models_name_is_refused() {
        let mut contracts = Contracts::default();
        let text = b"model: flight\ntask: binary\nfeatures:\n  - { name: distance, type: numeric }\n";
        contracts.add("churn", "contracts/churn.yaml".to_owned(), Entry::read("churn", text));
        let says = contracts.of_model("churn").unwrap_err().to_string();
        assert_eq!(
            says,
            "contract \"contracts/churn.yaml\" cannot be used: found the contract of model \"flight\", expected that of \"churn\", which the key names"
        );
    }

    #[test]
    fn two_contracts_with_one_prefix_are_not_guessed_between() {
        let contracts = Contracts::of([contract("a", Some("logs/")), contract("b", Some("logs/"))]);
        assert_eq!(model_of(&contracts, "logs/x").as_deref(), Some("a"));
        assert_eq!(contracts.unusable().len(), 1);
        assert!(contracts.of_model("b").is_err());
    }
}
