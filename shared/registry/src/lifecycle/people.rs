//! Who is who: one person under several names is one person.
//!
//! Names are compared so that more of them count as the same person rather than fewer. That is the safe side: it can keep somebody
//! from deciding, and it never makes two approvers of one.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_contract::Person;

/// Other names of people, from the contract (`promotion.people`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct People {
    /// Normalised name → the person whom it means.
    known: BTreeMap<String, String>,
}

impl People {
    /// The people of a contract: each person's address with the other names of the same person.
    #[must_use]
    pub fn new(people: &[Person]) -> Self {
        let mut known = BTreeMap::new();
        for Person { person, also } in people {
            let person = normalised(person);
            for other in also {
                known.insert(normalised(other), person.clone());
            }
        }
        Self { known }
    }

    /// Every person whom a name may mean, normalised. A principal such as `arn:aws:sts::1:assumed-role/Analyst/Ada@example.com` or
    /// `AROA…:ada@example.com` means itself, and the address that its session is called by.
    #[must_use]
    pub fn meant_by(&self, name: &str) -> BTreeSet<String> {
        let whole = normalised(name);
        let session = whole.rsplit(['/', ':']).next().filter(|last| last.contains('@') && *last != whole).map(normalised);
        let names = std::iter::once(whole).chain(session);
        names.map(|name| self.known.get(&name).cloned().unwrap_or(name)).collect()
    }

    /// Whether two names may mean the same person.
    #[must_use]
    pub fn is_same(&self, one: &str, other: &str) -> bool {
        !self.meant_by(one).is_disjoint(&self.meant_by(other))
    }

    /// The person whom an approver's address means, normalised.
    #[must_use]
    pub fn person(&self, address: &str) -> String {
        let name = normalised(address);
        self.known.get(&name).cloned().unwrap_or(name)
    }
}

/// A name without what does not count: spaces around it, case, and what stands after a `+` in an address.
#[must_use]
pub fn normalised(name: &str) -> String {
    let name = name.trim().to_lowercase();
    match name.rsplit_once('@') {
        Some((local, domain)) => {
            // A `+` that comes first is part of the name, and an ARN's path may hold one.
            let local = match local.rsplit_once(['/', ':']) {
                Some(_) => local,
                None => local.split_once('+').map_or(local, |(before, _)| if before.is_empty() { local } else { before }),
            };
            format!("{local}@{}", domain.trim_end_matches('.'))
        }
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> People {
        let also = ["a.lovelace@example.com", "arn:aws:iam::111122223333:user/ada"].map(str::to_owned).into();
        People::new(&[Person { person: "ada@example.com".to_owned(), also }])
    }

    #[test]
    fn case_tags_and_aliases_do_not_make_another_person() {
        let people = people();
        for name in [
            "ada@example.com",
            " Ada@Example.COM ",
            "ada+tidegate@example.com",
            "ada+a+b@example.com.",
            "A.Lovelace+x@example.com",
            "arn:aws:iam::111122223333:user/Ada",
            "arn:aws:sts::111122223333:assumed-role/Analyst/ada@example.com",
            "arn:aws:sts::111122223333:assumed-role/Analyst/A.Lovelace+ci@example.com",
            "AWS:AROAEXAMPLE:ada@example.com",
        ] {
            assert!(people.is_same(name, "ada@example.com"), "{name}");
        }
    }

    #[test]
    fn another_person_stays_another_person() {
        let people = people();
        for name in ["bob@example.com", "ada@example.org", "arn:aws:sts::1:assumed-role/ada/bob@example.com", "+ada@example.com", ""] {
            assert!(!people.is_same(name, "ada@example.com"), "{name}");
        }
        assert_eq!(people.person("A.Lovelace@example.com"), "ada@example.com");
        assert_eq!(people.person("Bob+x@example.com"), "bob@example.com");
    }
}
