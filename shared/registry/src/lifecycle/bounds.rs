//! What texts and numbers a record may hold, so that no item of the table grows towards its limit and no name leads astray.
//!
//! An audit entry holds the records that it changed, at most three versions; `DynamoDB` takes items of 400 KB.

use super::{Artifact, DatasetRecord, GateRecord, Lineage, RefusedSubmission, RetrainingCall, Submission};

/// Longest name: of a run, a person, a dataset version, a file, in bytes.
pub const MAX_NAME_BYTES: usize = 400;
/// Longest text that a person wrote or reads: a reason, a headline, a rule's sentence, in bytes.
pub const MAX_TEXT_BYTES: usize = 1_000;
/// Most parameters of a training.
pub const MAX_PARAMETERS: usize = 100;
/// Most bytes of all parameters, names and values.
pub const MAX_PARAMETER_BYTES: usize = 16_000;
/// Most files of an artifact.
pub const MAX_FILES: usize = 100;
/// Most bytes of all names of files.
pub(super) const MAX_FILE_NAME_BYTES: usize = 10_000;
/// Most rules that are kept of a gate.
pub const MAX_RULES: usize = 100;
/// Most bytes of all rules, names and sentences.
pub(super) const MAX_RULE_BYTES: usize = 40_000;
/// Largest file, bytes: 5 TB, as large as S3 takes.
pub(super) const MAX_FILE_BYTES: u64 = 5_000_000_000_000;

/// What is out of bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutOfBounds {
    /// Which part.
    pub field: String,
    /// What is there.
    pub found: String,
    /// What should be.
    pub expected: String,
}

type Checked = Result<(), OutOfBounds>;

fn wrong(field: &str, found: String, expected: impl Into<String>) -> Checked {
    Err(OutOfBounds { field: field.to_owned(), found, expected: expected.into() })
}

/// Whether a character could deceive whoever reads it, or break a line.
fn is_hidden(character: char) -> bool {
    character.is_control() || matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// A name: there, short, one line.
pub(crate) fn name(field: &str, text: &str) -> Checked {
    if text.trim().is_empty() {
        return wrong(field, "nothing".to_owned(), "a name");
    }
    if text.len() > MAX_NAME_BYTES {
        return wrong(field, format!("{} bytes", text.len()), format!("at most {MAX_NAME_BYTES}"));
    }
    if text.chars().any(is_hidden) {
        return wrong(field, "characters that cannot be seen".to_owned(), "a name of visible characters");
    }
    Ok(())
}

/// A text: short; lines may break.
pub(crate) fn text(field: &str, text: &str) -> Checked {
    if text.len() > MAX_TEXT_BYTES {
        return wrong(field, format!("{} bytes", text.len()), format!("at most {MAX_TEXT_BYTES}"));
    }
    if text.chars().any(|character| is_hidden(character) && character != '\n') {
        return wrong(field, "characters that cannot be seen".to_owned(), "a text of visible characters");
    }
    Ok(())
}

/// A reason: a text that says something.
pub(crate) fn reason(field: &str, given: &str) -> Checked {
    if given.trim().is_empty() { wrong(field, "none".to_owned(), "a reason in words") } else { text(field, given) }
}

/// SHA-256 as 64 lower-case hexadecimal digits.
pub(crate) fn digest(field: &str, text: &str) -> Checked {
    hex(field, text, 64, "a SHA-256 of 64 lower-case hexadecimal digits")
}

/// Whether a text is a SHA-256 as it is written here: 64 lower-case hexadecimal digits.
#[must_use]
pub fn is_digest(text: &str) -> bool {
    is_hex(text, 64)
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The name of a request.
pub(crate) fn request(text: &str) -> Checked {
    hex("request", text, 32, "128 random bits as 32 lower-case hexadecimal digits")
}

fn hex(field: &str, text: &str, digits: usize, expected: &str) -> Checked {
    if is_hex(text, digits) { Ok(()) } else { wrong(field, format!("\"{}\"", text.chars().take(80).collect::<String>()), expected) }
}

/// Whether a file's name stays inside its folder, on every system.
#[must_use]
pub fn is_file_name(text: &str) -> bool {
    let is_part = |part: &str| !matches!(part, "" | "." | "..") && !part.ends_with(['.', ' ']);
    text.len() <= MAX_NAME_BYTES && text.split('/').all(is_part) && !text.contains(['\\', ':']) && !text.chars().any(is_hidden)
}

fn artifact(artifact: &Artifact) -> Checked {
    let files = artifact.files();
    if files.is_empty() || files.len() > MAX_FILES {
        return wrong("artifact", format!("{} files", files.len()), format!("1 to {MAX_FILES}"));
    }
    for file in files {
        if !is_file_name(&file.name) {
            let found =
                format!("a file \"{}\"", file.name.chars().map(|c| if is_hidden(c) { '·' } else { c }).take(80).collect::<String>());
            return wrong("artifact", found, "names inside the candidate's folder, such as model/weights.onnx");
        }
        digest(&format!("artifact, {}", file.name), &file.sha256)?;
        if file.bytes > MAX_FILE_BYTES {
            return wrong("artifact", format!("{} bytes in \"{}\"", file.bytes, file.name), format!("at most {MAX_FILE_BYTES}"));
        }
    }
    if let Some([one, _]) = files.windows(2).find(|pair| matches!(pair, [one, two] if one.name == two.name)) {
        return wrong("artifact", format!("\"{}\" twice", one.name), "every file once");
    }
    let bytes: usize = files.iter().map(|file| file.name.len()).sum();
    if bytes > MAX_FILE_NAME_BYTES {
        return wrong("artifact", format!("{bytes} bytes of names"), format!("at most {MAX_FILE_NAME_BYTES}"));
    }
    Ok(())
}

fn lineage(lineage: &Lineage) -> Checked {
    name("run", &lineage.run)?;
    name("submitter", &lineage.submitter)?;
    name("artifact writer", &lineage.artifact_writer)?;
    let optional = [
        ("dataset version", &lineage.dataset_version),
        ("evaluation version", &lineage.evaluation_version),
        ("code revision", &lineage.code_revision),
        ("framework", &lineage.framework),
        ("promoted from", &lineage.promoted_from),
    ];
    for (field, value) in optional {
        value.as_deref().map_or(Ok(()), |value| name(field, value))?;
    }
    lineage.manifest.as_deref().map_or(Ok(()), |value| digest("manifest", value))?;
    if lineage.parameters.len() > MAX_PARAMETERS {
        return wrong("parameters", format!("{} of them", lineage.parameters.len()), format!("at most {MAX_PARAMETERS}"));
    }
    for (parameter, value) in &lineage.parameters {
        name("parameters", parameter)?;
        text(&format!("parameter {parameter}"), value)?;
    }
    let bytes: usize = lineage.parameters.iter().map(|(parameter, value)| parameter.len() + value.len()).sum();
    if bytes > MAX_PARAMETER_BYTES {
        return wrong("parameters", format!("{bytes} bytes"), format!("at most {MAX_PARAMETER_BYTES}"));
    }
    Ok(())
}

pub(crate) fn submission(submission: &Submission) -> Checked {
    artifact(&submission.artifact)?;
    lineage(&submission.lineage)
}

pub(crate) fn refused(refused: &RefusedSubmission) -> Checked {
    name("run", &refused.run)?;
    digest("manifest", &refused.manifest)?;
    reason("reason", &refused.reason)
}

pub(crate) fn retraining(call: &RetrainingCall) -> Checked {
    name("trigger", &call.trigger)?;
    reason("why", &call.why)?;
    digest("evidence", &call.evidence)?;
    name("data", &call.data)?;
    call.cause.as_deref().map_or(Ok(()), |value| name("cause", value))?;
    call.report.as_deref().map_or(Ok(()), |value| name("report", value))?;
    call.dataset.as_deref().map_or(Ok(()), |value| digest("dataset", value))
}

pub(crate) fn dataset(dataset: &DatasetRecord) -> Checked {
    digest("dataset", &dataset.version)?;
    name("dataset's name", &dataset.name)?;
    text("dataset's checks", &dataset.says)
}

pub(crate) fn gate(gate: &GateRecord) -> Checked {
    reason("gate's headline", &gate.headline)?;
    digest("gate's digest", &gate.digest)?;
    name("gate's key", &gate.key)?;
    if gate.rules.len() > MAX_RULES {
        return wrong("gate's rules", format!("{} of them", gate.rules.len()), format!("at most {MAX_RULES}"));
    }
    for rule in &gate.rules {
        name("gate's rules", &rule.name)?;
        text(&format!("gate's rule {}", rule.name), &rule.says)?;
    }
    let bytes: usize = gate.rules.iter().map(|rule| rule.name.len() + rule.says.len()).sum();
    if bytes > MAX_RULE_BYTES {
        return wrong("gate's rules", format!("{bytes} bytes"), format!("at most {MAX_RULE_BYTES}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_stays_inside_its_folder() {
        for good in ["model.onnx", "a/b/c.bin", "weights v2 (final).onnx", "ä.bin", "..a"] {
            assert!(is_file_name(good), "{good}");
        }
        for bad in ["", "/etc/passwd", "../x", "a/../b", "a//b", "./a", "a/", "C:\\x", "a\\b", "s3://x", "a\nb", "a\u{202E}b", "..", "a/b."]
        {
            assert!(!is_file_name(bad), "{bad}");
        }
        assert!(!is_file_name(&"a".repeat(MAX_NAME_BYTES + 1)));
    }

    #[test]
    fn digests_are_digests() {
        assert!(digest("d", &"0a".repeat(32)).is_ok());
        for bad in ["", "0A", &"0A".repeat(32), &"0g".repeat(32), &"0a".repeat(33)] {
            assert!(digest("d", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_largest_record_leaves_room_in_an_audit_entry_for_three() {
        // Rules, parameters, names of files with their digests and sizes, the names, ten decisions with reasons.
        let largest = MAX_RULE_BYTES
            + 50 * MAX_RULES
            + MAX_PARAMETER_BYTES
            + MAX_FILE_NAME_BYTES
            + 120 * MAX_FILES
            + 20 * MAX_NAME_BYTES
            + 20 * MAX_TEXT_BYTES;
        assert!(3 * largest < 400 * 1024, "{largest}");
    }
}
