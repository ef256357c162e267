//! Reading settings: all problems at once, each by name.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

/// Reads an environment variable: the one place that does.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Reads settings one by one and remembers every problem until [`Variables::finish`].
pub struct Variables<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<SettingProblem>,
}

impl std::fmt::Debug for Variables<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Variables").field("problems", &self.problems).finish_non_exhaustive()
    }
}

impl<'a> Variables<'a> {
    /// Settings found by this lookup: [`environment`], or a map in tests.
    #[must_use]
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, problems: Vec::new() }
    }

    /// A text that must be there and not be empty.
    pub fn text(&mut self, name: &'static str) -> String {
        match (self.lookup)(name) {
            Some(value) if !value.trim().is_empty() => value,
            Some(_) => self.problem(name, "found it empty, expected a value"),
            None => self.problem(name, "not set"),
        }
    }

    /// Values separated by commas; none when it is not set.
    #[must_use]
    pub fn list(&self, name: &'static str) -> Vec<String> {
        let value = (self.lookup)(name).unwrap_or_default();
        value.split(',').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect()
    }

    /// A number in a range, or the default when it is not set.
    pub fn number<T: FromStr + PartialOrd + Display + Copy>(&mut self, name: &'static str, default: T, range: RangeInclusive<T>) -> T {
        let Some(value) = (self.lookup)(name) else { return default };
        match value.trim().parse::<T>() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                let () = self.problem(name, &format!("found \"{value}\", expected a number from {} to {}", range.start(), range.end()));
                default
            }
        }
    }

    /// Names with commas between them; none when it is not set, or empty.
    pub fn names(&mut self, name: &'static str) -> Vec<String> {
        let value = (self.lookup)(name).unwrap_or_default();
        value.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    /// A value that reads itself and says what it expected; `otherwise` stands in for a wrong one until [`Variables::finish`] refuses it.
    pub fn parsed<T: FromStr<Err = String>>(&mut self, name: &'static str, otherwise: T) -> T {
        let text = self.text(name);
        if text.is_empty() {
            return otherwise;
        }
        text.parse().unwrap_or_else(|says: String| {
            let () = self.problem(name, &says);
            otherwise
        })
    }

    fn problem<T: Default>(&mut self, name: &'static str, says: &str) -> T {
        self.problems.push(SettingProblem { name, says: says.to_owned() });
        T::default()
    }

    /// Ends reading.
    ///
    /// # Errors
    /// [`WrongSettings`] naming every setting that was missing or wrong.
    pub fn finish(self) -> Result<(), WrongSettings> {
        if self.problems.is_empty() { Ok(()) } else { Err(WrongSettings { problems: self.problems }) }
    }
}

/// One setting that is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingProblem {
    /// The environment variable.
    pub name: &'static str,
    /// What was found and what was expected.
    pub says: String,
}

/// The function cannot start with these settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("wrong settings: {}", .problems.iter().map(|problem| format!("{}: {}", problem.name, problem.says)).collect::<Vec<_>>().join("; "))]
pub struct WrongSettings {
    /// Every problem, in the order in which the settings are read.
    pub problems: Vec<SettingProblem>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_setting_is_named_at_once() {
        let lookup = |name: &str| match name {
            "EMPTY" => Some(" ".to_owned()),
            "MANY" => Some("lots".to_owned()),
            "ORIGINS" => Some("https://a.example.com, https://b.example.com:8443,".to_owned()),
            _ => None,
        };
        let mut variables = Variables::new(&lookup);
        variables.text("BUCKET");
        variables.text("EMPTY");
        assert_eq!(variables.number("MANY", 4, 1..=10), 4);
        assert_eq!(variables.number("UNSET", 7, 1..=10), 7);
        assert_eq!(variables.list("ORIGINS"), ["https://a.example.com", "https://b.example.com:8443"]);
        assert!(variables.list("UNSET").is_empty());
        assert_eq!(
            variables.finish().unwrap_err().to_string(),
            "wrong settings: BUCKET: not set; EMPTY: found it empty, expected a value; MANY: found \"lots\", expected a number from 1 to 10"
        );
    }

    #[test]
    fn a_number_outside_its_range_is_refused() {
        let lookup = |_: &str| Some("11".to_owned());
        let mut variables = Variables::new(&lookup);
        variables.number("MANY", 4_u32, 1..=10);
        assert!(variables.finish().is_err());
    }
}
