//! Why lines went into quarantine, as a person would say it.

/// The words for a reason by which intake counts quarantined lines; the reason itself when it has no words yet.
#[must_use]
pub fn reason_in_words(reason: &str) -> &str {
    match reason {
        "json" => "not valid JSON",
        "not-an-object" => "JSON, but not an object",
        "duplicate-key" => "the same key twice",
        "too-deep" => "nested too deeply",
        "payload" => "request or response not readable",
        "line-too-long" => "line too long",
        "encoding" => "not UTF-8",
        "control-character" => "control character in a name",
        "timestamp-missing" => "no timestamp",
        "timestamp" => "timestamp not understood",
        "identity" => "inference id or version not usable",
        "field-count" => "more or fewer fields than the header",
        "quoting" => "broken quoting",
        "compression" => "damaged compression",
        "bomb" => "inflates beyond the limits",
        "format" => "format not readable",
        "header" => "header not usable",
        "parquet" => "damaged Parquet",
        "too-large" => "too many lines or bytes",
        "too-many-hours" => "records of too many hours in one file",
        other => other,
    }
}
