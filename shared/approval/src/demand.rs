//! What a person must show beside the link before anything is decided.

/// What a person must show beside the link. Scanners of mail follow links, run scripts and send forms; this is what they do not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// The six characters that stand in the mail's body alone.
    Code,
    /// The model's name and the version, typed.
    TypedName,
    /// A button.
    Button,
}

impl Demand {
    /// How many wrong codes lock a link.
    pub const MAX_WRONG_TRIES: u32 = 5;

    /// What a stage demands. A stage that is not known demands what prod does.
    #[must_use]
    pub fn of(stage: &str) -> Self {
        match stage {
            "dev" => Self::Button,
            "test" => Self::TypedName,
            _ => Self::Code,
        }
    }

    /// What is to be typed for a version under [`Demand::TypedName`]: `flight-delay 3`.
    #[must_use]
    pub fn name_to_type(model: &str, version: u32) -> String {
        format!("{model} {version}")
    }

    /// Whether a person typed the name and the version. Case and the number of spaces do not count.
    #[must_use]
    pub fn is_typed(typed: &str, model: &str, version: u32) -> bool {
        let words = |text: &str| text.to_lowercase().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        words(typed) == words(&Self::name_to_type(model, version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearer_to_prod_the_more_is_demanded() {
        assert_eq!(["dev", "test", "prod", "elsewhere"].map(Demand::of), [Demand::Button, Demand::TypedName, Demand::Code, Demand::Code]);
    }

    #[test]
    fn name_and_version_are_both_typed() {
        for typed in ["flight-delay 3", "  Flight-Delay   3 "] {
            assert!(Demand::is_typed(typed, "flight-delay", 3), "{typed}");
        }
        for typed in ["", "flight-delay", "3", "flight-delay 33", "flight-delay3", "flight delay 3", "flight-delay 3 yes"] {
            assert!(!Demand::is_typed(typed, "flight-delay", 3), "{typed}");
        }
    }
}
