//! A message as people read it: a subject, a text, and the same for a chat.

use serde_json::{Value, json};

/// Longest subject of a mail (SNS API reference, *Publish*: 100 ASCII characters).
const MAX_SUBJECT: usize = 100;

/// Longest text that a chat card shows (Amazon Q Developer in chat applications, custom notifications: description, 8,000 characters).
const MAX_CARD: usize = 4_000;

/// How urgent a message is. Subscriptions filter by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Somebody should look.
    Warning,
    /// Somebody must act.
    Critical,
}

impl Severity {
    /// As subscriptions filter by it: `warning`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What kind of news (`drift`, `data-fault`, `decision-needed`): subscriptions filter by it.
    pub kind: &'static str,
    /// How urgent.
    pub severity: Severity,
    /// The model.
    pub model: String,
    subject: String,
    opening: String,
    parts: Vec<(&'static str, String)>,
    link: Option<String>,
}

impl Message {
    /// A message with this subject and first sentence.
    #[must_use]
    pub fn new(kind: &'static str, severity: Severity, model: &str, subject: &str, opening: &str) -> Self {
        Self { kind, severity, model: model.to_owned(), subject: ascii(subject), opening: plain(opening), parts: Vec::new(), link: None }
    }

    /// With one more part, unless it is empty.
    #[must_use]
    pub fn with(mut self, name: &'static str, text: &str) -> Self {
        if !text.trim().is_empty() {
            self.parts.push((name, plain(text)));
        }
        self
    }

    /// With the one link.
    #[must_use]
    pub fn linked(mut self, link: Option<String>) -> Self {
        self.link = link;
        self
    }

    /// At most 100 ASCII characters in one line.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The text of a mail.
    #[must_use]
    pub fn body(&self) -> String {
        let parts = self.parts.iter().map(|(name, text)| format!("\n{name}\n  {}\n", text.replace('\n', "\n  ")));
        let link = self.link.iter().map(|link| format!("\n{link}\n"));
        std::iter::once(format!("{}\n", self.opening)).chain(parts).chain(link).collect()
    }

    /// The same for Slack and Teams: a custom notification of Amazon Q Developer in chat applications (AWS Chatbot), schema 1.0. It never
    /// carries the link of a decision, which is for one person.
    #[must_use]
    pub fn card(&self, thread: &str) -> Value {
        let told = self.parts.iter().filter(|(name, _)| *name != NEXT).map(|(name, part)| format!("\n*{name}* {part}"));
        let text: String = std::iter::once(self.opening.clone()).chain(told).collect();
        let next: Vec<&String> = self.parts.iter().filter(|(name, _)| *name == NEXT).map(|(_, part)| part).collect();
        let title = match self.severity {
            Severity::Info => self.subject.clone(),
            Severity::Warning => format!(":warning: {}", self.subject),
            Severity::Critical => format!(":rotating_light: {}", self.subject),
        };
        let mut content = json!({ "textType": "client-markdown", "title": title, "description": cut(&text, MAX_CARD) });
        if let (Some(content), false) = (content.as_object_mut(), next.is_empty()) {
            content.insert("nextSteps".to_owned(), json!(next));
        }
        json!({
            "version": "1.0",
            "source": "custom",
            "content": content,
            "metadata": { "threadId": thread, "summary": self.subject, "eventType": self.kind, "relatedResources": [self.model] },
        })
    }
}

/// Name of the part that says what the reader can do.
pub(crate) const NEXT: &str = "What you can do";

/// Text for a mail: no control characters but line breaks, and none that turn the direction of the text around or cannot be seen.
pub(crate) fn plain(text: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control() && c != '\n' || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
    };
    text.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect()
}

/// A subject: one line of ASCII, cut where it is too long.
fn ascii(text: &str) -> String {
    let mut line = String::new();
    for c in plain(text).chars() {
        match c {
            ' '..='~' => line.push(c),
            '\n' => line.push(' '),
            '–' | '—' | '−' => line.push('-'),
            '≥' => line.push_str(">="),
            '≤' => line.push_str("<="),
            '×' => line.push('x'),
            '°' => line.push_str("deg "),
            'ä' | 'à' | 'á' | 'â' => line.push('a'),
            'ö' | 'ó' | 'ô' => line.push('o'),
            'ü' | 'ú' | 'û' => line.push('u'),
            'é' | 'è' | 'ê' => line.push('e'),
            'ß' => line.push_str("ss"),
            '‘' | '’' => line.push('\''),
            '“' | '”' | '„' => line.push('"'),
            _ => line.push('?'),
        }
    }
    if line.len() > MAX_SUBJECT {
        let mut cut: String = line.chars().take(MAX_SUBJECT - 3).collect();
        // Between words, if there is one to cut before in the last third.
        if let Some(at) = cut.rfind(' ').filter(|at| *at > MAX_SUBJECT * 2 / 3) {
            cut.truncate(at);
        }
        line = format!("{}...", cut.trim_end());
    }
    line
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.to_owned() } else { text.chars().take(most - 1).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(subject: &str, opening: &str) -> Message {
        Message::new("drift", Severity::Warning, "m", subject, opening)
    }

    #[test]
    fn a_subject_is_one_line_of_at_most_100_ascii_characters() {
        for subject in
            ["[prod] m: drift – temp ≥ 30 °C", "a\r\nBcc: evil@example.com", &"word ".repeat(60), &"x".repeat(300), "日本\u{202E}語"]
        {
            let subject = message(subject, "").subject;
            assert!(subject.len() <= 100 && subject.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{subject}");
        }
        assert_eq!(message("[prod] m: drift – é", "").subject(), "[prod] m: drift - e");
        assert!(message(&"word ".repeat(60), "").subject().ends_with("word..."));
    }

    #[test]
    fn nothing_in_a_text_breaks_its_line_or_turns_it_around() {
        let message = message("s", "a\u{202E}b\rc\u{0}d\u{200B}e").with("Cause", "x\ny\u{7}").with("Empty", "  ");
        assert_eq!(message.body(), "a b c d e\n\nCause\n  x\n  y \n");
    }

    #[test]
    fn a_card_is_a_custom_notification_without_the_link() {
        let message =
            message("s", "It drifted.").with("Cause", "heat").with(NEXT, "Retrain.").linked(Some("https://x/decision?t=1".to_owned()));
        let card = message.card("m/7d");
        assert_eq!(card["version"], "1.0");
        assert_eq!(card["source"], "custom");
        assert_eq!(card["content"]["description"], "It drifted.\n*Cause* heat");
        assert_eq!(card["content"]["nextSteps"], json!(["Retrain."]));
        assert!(!card.to_string().contains("decision?t="));
        assert!(message.body().ends_with("\nhttps://x/decision?t=1\n"));
    }
}
