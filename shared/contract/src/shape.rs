//! The shape of a contract: every key known, every required key there, every value of the right type.
//!
//! The JSON Schema made from the types says what is right, so that there is one truth; this file only knows the words
//! of JSON Schema that our own schema uses.

use serde_json::{Map, Value as Json};

use crate::WindowLength;
use crate::document::{Node, Path, Value, quoted};
use crate::error::Problem;
use crate::names::meant;

/// Everything in the tree that the schema does not allow.
pub(crate) fn problems(tree: &Node, schema: &Json) -> Vec<Problem> {
    let mut shape = Shape { root: schema, problems: Vec::new() };
    shape.check(tree, schema, &Path::default());
    shape.problems
}

struct Shape<'a> {
    root: &'a Json,
    problems: Vec<Problem>,
}

impl<'a> Shape<'a> {
    fn report(&mut self, node: &Node, path: &Path, message: String) {
        self.problems.push(Problem::new(node.at, path, message));
    }

    fn check(&mut self, node: &Node, schema: &'a Json, path: &Path) {
        let may_be_absent = is_optional(schema);
        let (schema, name) = self.resolve(schema);
        if may_be_absent && matches!(node.value, Value::Nothing) {
            return;
        }
        if name == Some("WindowLength") {
            self.check_length(node, path);
        } else if let Some(words) = words(schema) {
            self.check_word(node, &words, path);
        } else {
            match kind(schema) {
                "object" => self.check_mapping(node, schema, path),
                "array" => self.check_list(node, schema, path),
                "string" => self.check_text(node, path),
                "boolean" => self.expect(node, matches!(node.value, Value::Flag(_)), "true or false", path),
                "integer" => self.check_whole(node, schema, path),
                "number" => self.check_number(node, path),
                _ => {}
            }
        }
    }

    fn expect(&mut self, node: &Node, is_right: bool, expected: &str, path: &Path) {
        if !is_right {
            self.report(node, path, format!("found {}, expected {expected}", node.value));
        }
    }

    fn check_text(&mut self, node: &Node, path: &Path) {
        // A number or a flag without quotes is taken as the text that it is written as.
        let is_text = matches!(node.value, Value::Text(_) | Value::Number { .. } | Value::Flag(_));
        self.expect(node, is_text, "text", path);
    }

    fn check_number(&mut self, node: &Node, path: &Path) {
        let may_be_open = path.to_string().contains(".range[");
        let is_number = matches!(node.value, Value::Number { value, .. } if value.is_finite() || may_be_open && !value.is_nan());
        self.expect(node, is_number, "a number", path);
    }

    fn check_whole(&mut self, node: &Node, schema: &Json, path: &Path) {
        let greatest =
            if schema.get("format").and_then(Json::as_str) == Some("uint32") { f64::from(u32::MAX) } else { 9_007_199_254_740_992.0 };
        let is_right = matches!(node.value, Value::Number { value, whole: true } if (0.0..=greatest).contains(&value));
        self.expect(node, is_right, &format!("a whole number from 0 to {greatest}"), path);
    }

    fn check_length(&mut self, node: &Node, path: &Path) {
        let is_right = matches!(&node.value, Value::Text(text) if text.parse::<WindowLength>().is_ok());
        self.expect(node, is_right, "a length from 1h to 30d, such as 6h or 7d", path);
    }

    fn check_word(&mut self, node: &Node, words: &[&str], path: &Path) {
        let found = match &node.value {
            Value::Text(text) if words.contains(&text.as_str()) => return,
            Value::Text(text) => meant(text, words.iter().copied()),
            _ => None,
        };
        let expected = words.join(", ");
        self.report(node, path, format!("found {}, expected one of: {expected}{}", node.value, suggestion(found)));
    }

    fn check_list(&mut self, node: &Node, schema: &'a Json, path: &Path) {
        let Value::List(items) = &node.value else {
            return self.expect(node, false, "a list", path);
        };
        let length = |word: &str| schema.get(word).and_then(Json::as_u64);
        if let (Some(least), Some(most)) = (length("minItems"), length("maxItems"))
            && least == most
            && items.len() as u64 != least
        {
            self.expect(node, false, &format!("a list of {least}"), path);
        }
        if let Some(schema) = schema.get("items") {
            for (index, item) in items.iter().enumerate() {
                self.check(item, schema, &path.item(index));
            }
        }
    }

    fn check_mapping(&mut self, node: &Node, schema: &'a Json, path: &Path) {
        let Value::Mapping(entries) = &node.value else {
            return self.expect(node, false, "settings (key: value)", path);
        };
        let unsaid = Map::new();
        let known = schema.get("properties").and_then(Json::as_object).unwrap_or(&unsaid);
        for entry in entries {
            if let Some(schema) = schema.get("properties").and_then(|known| known.get(&entry.key)) {
                self.check(&entry.node, schema, &path.key(&entry.key));
            } else {
                let message = self.unknown_key(&entry.key, known, path);
                self.problems.push(Problem::new(entry.at, path, message));
            }
        }
        for required in schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str) {
            if !entries.iter().any(|entry| entry.key == required) {
                let says = known.get(required).and_then(|property| property.get("description")).and_then(Json::as_str).unwrap_or_default();
                self.report(node, path, format!("found no \"{required}\", expected one: {says}"));
            }
        }
    }

    fn unknown_key(&self, key: &str, known: &Map<String, Json>, path: &Path) -> String {
        let here = path.to_string();
        let near = meant(key, known.keys().map(String::as_str));
        let elsewhere = || {
            let mut places = Vec::new();
            self.places(self.root, "", 0, &mut places);
            places.into_iter().find(|(name, parent)| *name == key && *parent != here).map(|(_, parent)| parent)
        };
        let hint = match near {
            Some(near) => suggestion(Some(near)),
            None => match elsewhere() {
                Some(parent) if parent.is_empty() => "; it belongs at the top".to_owned(),
                Some(parent) => format!("; it belongs under {parent}"),
                None => String::new(),
            },
        };
        let expected = known.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        format!("found unknown key {}, expected one of: {expected}{hint}", quoted(key))
    }

    /// Every key of a contract, with the path of the mapping that it belongs to.
    fn places(&self, schema: &'a Json, parent: &str, depth: usize, places: &mut Vec<(&'a str, String)>) {
        const DEEPEST: usize = 4;
        let (schema, _) = self.resolve(schema);
        if let (Some(items), true) = (schema.get("items"), depth < DEEPEST) {
            self.places(items, &format!("{parent}[]"), depth + 1, places);
        }
        let Some(properties) = schema.get("properties").and_then(Json::as_object) else { return };
        places.extend(properties.keys().map(|key| (key.as_str(), parent.to_owned())));
        for (key, schema) in properties.iter().filter(|_| depth < DEEPEST) {
            let path = if parent.is_empty() { key.clone() } else { format!("{parent}.{key}") };
            self.places(schema, &path, depth + 1, places);
        }
    }

    /// What a schema stands for, behind references and "or null", and the name of its type.
    fn resolve(&self, schema: &'a Json) -> (&'a Json, Option<&'a str>) {
        if let Some(name) = schema.get("$ref").and_then(Json::as_str).and_then(|target| target.strip_prefix("#/$defs/")) {
            return match self.root.get("$defs").and_then(|definitions| definitions.get(name)) {
                Some(target) => (self.resolve(target).0, Some(name)),
                None => (schema, None),
            };
        }
        match schema.get("anyOf").and_then(Json::as_array).and_then(|either| either.iter().find(|one| kind(one) != "null")) {
            Some(one) => self.resolve(one),
            None => (schema, None),
        }
    }
}

fn suggestion(word: Option<&str>) -> String {
    word.map(|word| format!("; did you mean \"{word}\"?")).unwrap_or_default()
}

/// The type that a schema asks for, "or null" left out.
fn kind(schema: &Json) -> &str {
    match schema.get("type") {
        Some(Json::String(one)) => one,
        Some(Json::Array(several)) => several.iter().filter_map(Json::as_str).find(|one| *one != "null").unwrap_or_default(),
        _ => "",
    }
}

fn is_optional(schema: &Json) -> bool {
    let has_null =
        |several: &Json| several.as_array().is_some_and(|several| several.iter().any(|one| one == "null" || kind(one) == "null"));
    schema.get("type").is_some_and(has_null) || schema.get("anyOf").is_some_and(has_null)
}

/// The words of which a value must be one.
fn words(schema: &Json) -> Option<Vec<&str>> {
    if let Some(words) = schema.get("enum").and_then(Json::as_array) {
        return Some(words.iter().filter_map(Json::as_str).collect());
    }
    let either = schema.get("oneOf").and_then(Json::as_array)?;
    Some(
        either.iter().flat_map(|one| words(one).unwrap_or_else(|| one.get("const").and_then(Json::as_str).into_iter().collect())).collect(),
    )
}
