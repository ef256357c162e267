//! The pages, in words: one for each thing that can come of a link.

use tidegate_approval::{Demand, Subject};
use tidegate_registry::{Answer, Applied, ModelVersion, Recorded, VersionState, WindowRecord};
use tidegate_report::{
    Decision, DecisionForm, DecisionPage, GatePage, ModelCard, ModelFile, Mood, Notice, Said, Seen, Voter, after_approval, decision_page,
    expiry, gate_page, notice_page, still_to_say,
};
use tidegate_validation::GateReport;

use crate::HttpAnswer;
use crate::opened::{Opened, Standing};

/// What was sent before and could not be recorded as it was.
#[derive(Default)]
pub(crate) struct Sent {
    pub(crate) complaint: Option<String>,
    pub(crate) answer: Option<Answer>,
    pub(crate) reason: String,
}

/// Everything that a page says of a version, borrowed from its record.
struct Told<'a> {
    opened: &'a Opened,
    files: Vec<ModelFile<'a>>,
    voters: Vec<Voter<'a>>,
    now_ms: i64,
}

impl<'a> Told<'a> {
    fn of(opened: &'a Opened, version: &'a ModelVersion, now_ms: i64) -> Self {
        let files = version.artifact.files().iter();
        let files = files.map(|file| ModelFile { name: &file.name, sha256: &file.sha256, bytes: file.bytes }).collect();
        let request = version.request.as_ref().filter(|request| request.id == opened.link.request);
        let voters = request.into_iter().flat_map(|request| &request.approvers).map(|person| {
            let said = version.decisions.iter().find(|said| said.request == opened.link.request && said.person == *person);
            Voter { person, said: said.map(|said| Said { approved: said.answer == Answer::Approve, at_ms: said.at_ms }) }
        });
        Self { opened, files, voters: voters.collect(), now_ms }
    }

    fn card(&self) -> ModelCard<'_> {
        let (version, lineage) = (&self.opened.version, &self.opened.version.lineage);
        ModelCard {
            run: &lineage.run,
            submitter: &lineage.submitter,
            artifact_writer: &lineage.artifact_writer,
            submitted_at_ms: version.submitted_at_ms,
            code_revision: lineage.code_revision.as_deref(),
            framework: lineage.framework.as_deref(),
            parameters: &lineage.parameters,
            training_set: lineage.dataset_version.as_deref(),
            manifest: lineage.manifest.as_deref(),
            artifact: &version.id,
            files: &self.files,
        }
    }

    fn decision<'b>(&'b self, card: &'b ModelCard<'b>) -> Decision<'b> {
        let link = &self.opened.link;
        let (Subject::Promotion { champion, evidence, .. } | Subject::Retraining { champion, evidence, .. }) = &link.subject;
        let request = self.opened.version.request.as_ref().filter(|request| request.id == link.request);
        Decision {
            now_ms: self.now_ms,
            stage: &link.stage,
            model: &link.model,
            version: self.opened.version.number,
            champion: *champion,
            you: &link.approver,
            needed: request.map_or(0, |request| request.needed),
            voters: &self.voters,
            asked_at_ms: link.issued_at_ms,
            expires_at_ms: link.expires_at_ms,
            hold_ms: request.map_or(0, |request| request.hold_ms),
            evidence,
            card,
        }
    }
}

fn report_address(opened: &Opened) -> String {
    format!("/decision/report?t={}", opened.token)
}

/// The page with the form. What was sent and could not be recorded comes back with it, under a status that says so.
pub(crate) fn asked(opened: &Opened, report: &GateReport, drift: Option<&WindowRecord>, sent: &Sent, now_ms: i64) -> HttpAnswer {
    let told = Told::of(opened, &opened.version, now_ms);
    let card = told.card();
    // A complaint stands in the form: the browser shows that part of the page then.
    let (action, address) = (format!("/decision?t={}#decide", opened.token), report_address(opened));
    let form = DecisionForm {
        action: &action,
        report: &address,
        demand: Demand::of(&opened.link.stage),
        complaint: sent.complaint.as_deref(),
        approve: sent.answer.map(|answer| answer == Answer::Approve),
        reason: &sent.reason,
    };
    let page = DecisionPage {
        decision: &told.decision(&card),
        report,
        primary: opened.contract.as_ref().map(|contract| contract.validation.primary(contract.task)),
        drift: drift.map(|window| Seen { headline: &window.headline, end_ms: window.key.end_ms }),
        form: &form,
    };
    HttpAnswer::new(if sent.complaint.is_some() { 422 } else { 200 }, decision_page(&page))
}

/// The gate's complete report.
pub(crate) fn report(opened: &Opened, report: &GateReport) -> HttpAnswer {
    let told = Told::of(opened, &opened.version, 0);
    let primary = opened.contract.as_ref().map(|contract| contract.validation.primary(contract.task));
    HttpAnswer::new(200, gate_page(&GatePage { report, card: &told.card(), primary }))
}

/// A decision that was recorded now, or had been recorded by a click at the same moment.
pub(crate) fn recorded(opened: &Opened, answer: Answer, applied: &Applied, now_ms: i64) -> HttpAnswer {
    let version = applied.version.as_ref().unwrap_or(&opened.version);
    let told = Told::of(opened, version, now_ms);
    let card = told.card();
    let decision = told.decision(&card);
    let mut facts = vec![("Recorded for", opened.link.approver.clone()), ("About", about(opened))];
    if let Some(entry) = applied.entry {
        facts.push(("Audit entry", format!("number {entry} in the trail of {}", opened.link.model)));
    }
    let title = match (answer, applied.entry) {
        (Answer::Approve, Some(_)) => "Your approval is recorded.",
        (Answer::Reject, Some(_)) => "Your rejection is recorded.",
        (Answer::Approve, None) => "Your approval was already recorded.",
        (Answer::Reject, None) => "Your rejection was already recorded.",
    };
    let says = match answer {
        Answer::Approve => match still_to_say(&decision) {
            Some(others) if version.state == VersionState::PendingApproval => {
                vec![format!("Still to decide: {others}. They have links of their own.")]
            }
            _ => vec!["Nobody else has to decide.".to_owned()],
        },
        Answer::Reject => vec!["One rejection is enough: the version is rejected, and nobody else is asked any more.".to_owned()],
    };
    done(opened, title, &says, &facts, &decision, &next(version, &decision))
}

/// What becomes of a version after a decision.
fn next(version: &ModelVersion, decision: &Decision<'_>) -> String {
    match version.state {
        VersionState::PendingApproval | VersionState::Approved => after_approval(decision, 0),
        VersionState::Rejected => {
            "The submitter and everybody who was asked are told, with the reason. What was wrong can be mended and submitted as a new run."
                .to_owned()
        }
        VersionState::Champion => format!("Version {} is champion.", decision.version),
        state => format!("Version {} is {} now.", decision.version, state.name().replace('-', " ")),
    }
}

fn done(opened: &Opened, title: &str, says: &[String], facts: &[(&str, String)], decision: &Decision<'_>, next: &str) -> HttpAnswer {
    let address = report_address(opened);
    let notice = Notice {
        mood: Mood::Recorded,
        about: &heading(opened),
        title,
        says,
        facts,
        voters: decision.voters,
        you: decision.you,
        next,
        report: Some(&address),
    };
    HttpAnswer::new(200, notice_page(&notice))
}

fn about(opened: &Opened) -> String {
    format!("version {} of {} in {}", opened.version.number, opened.link.model, opened.link.stage)
}

fn heading(opened: &Opened) -> String {
    format!("{} · {} · version {}", opened.link.stage, opened.link.model, opened.version.number)
}

/// A link by which nothing can be decided any more: each reason is its own page.
pub(crate) fn closed(opened: &Opened, standing: &Standing, now_ms: i64) -> HttpAnswer {
    let told = Told::of(opened, &opened.version, now_ms);
    let card = told.card();
    let decision = told.decision(&card);
    let (number, model) = (opened.version.number, &opened.link.model);
    let (status, mood, title, says, next) = match standing {
        Standing::Said(said) => {
            let title = format!("Already recorded: you {} version {number} of {model}.", said.answer.done());
            let mut says = vec!["Opening or sending it again changes nothing.".to_owned()];
            if !said.reason.is_empty() {
                says.push(format!("Your reason: {}", said.reason));
            }
            let facts = [("Recorded for", opened.link.approver.clone()), ("About", about(opened))];
            return done(opened, &title, &says, &facts, &decision, &next(&opened.version, &decision));
        }
        Standing::Locked => (
            423,
            Mood::Refused,
            "This link is locked: too many wrong codes were tried.".to_owned(),
            "Nothing was decided. If it was not you who tried, somebody may have your mail: tell the people who run Tidegate. They have been alarmed.".to_owned(),
            format!("The others who are asked can still decide. Open until {}; then it expires, which is a no.", expiry(&decision)),
        ),
        Standing::Expired => (
            410,
            Mood::Over,
            format!("The time to decide about version {number} of {model} is over."),
            format!("It could be decided until {}. Silence is a no: it does not become champion.", expiry(&decision)),
            "If it is still wanted, it has to be submitted as a new run, and you will be asked again.".to_owned(),
        ),
        Standing::Superseded => (
            410,
            Mood::Over,
            "This link is about an earlier request.".to_owned(),
            format!("Version {number} of {model} was looked at again after this mail was sent, so that this link decides nothing any more."),
            "Use the link of the latest mail. If there is none, it is being looked at right now, and you will get one.".to_owned(),
        ),
        Standing::Stale(changed) => (
            410,
            Mood::Over,
            format!("What you were asked about has changed: {}.", changed.join(" and ")),
            format!("You were asked to decide about version {number} of {model} as it stood then. Nobody decides about something they have not seen."),
            "It is looked at again, and you will be asked again with what is true then.".to_owned(),
        ),
        Standing::Approved => (
            410,
            Mood::Over,
            format!("Version {number} of {model} was approved without you."),
            "As many as are needed approved it. Nothing more is needed from you.".to_owned(),
            next(&opened.version, &decision),
        ),
        Standing::Ended(state, ending) => (
            410,
            Mood::Over,
            format!("Version {number} of {model} is {} already.", state.name().replace('-', " ")),
            ending.as_ref().map_or_else(String::new, |ending| format!("By {}: {}", ending.by, ending.reason)),
            "Nothing more is needed from you.".to_owned(),
        ),
        Standing::Open => return unavailable(true),
    };
    let address = report_address(opened);
    let notice = Notice {
        mood,
        about: &heading(opened),
        title: &title,
        says: &[says],
        facts: &[],
        voters: decision.voters,
        you: decision.you,
        next: &next,
        report: Some(&address),
    };
    HttpAnswer::new(status, notice_page(&notice))
}

/// The opposite of what a person has said before.
pub(crate) fn opposite(opened: &Opened, said: &Recorded, now_ms: i64) -> HttpAnswer {
    let told = Told::of(opened, &opened.version, now_ms);
    let card = told.card();
    let decision = told.decision(&card);
    let done = said.answer.done();
    let notice = Notice {
        mood: Mood::Refused,
        about: &heading(opened),
        title: &format!("You {done} it before, and a decision stands."),
        says: &[format!("Version {} of {} was {done} by you. The opposite was not recorded.", opened.version.number, opened.link.model)],
        facts: &[],
        voters: decision.voters,
        you: decision.you,
        next: match said.answer {
            Answer::Approve => {
                "If you have come to doubt it, tell the people who run Tidegate at once: they can withdraw it or roll it back."
            }
            Answer::Reject => "It can be submitted again as a new run, and you will be asked again.",
        },
        report: None,
    };
    HttpAnswer::new(409, notice_page(&notice))
}

/// A person who may not decide about this version.
pub(crate) fn not_yours(opened: &Opened, reason: &str) -> HttpAnswer {
    let says = [format!("{reason}.")];
    simple(403, Mood::Refused, &heading(opened), "You cannot decide about this version.", &says, "The others who are asked can.")
}

/// One page for everything that is no link, whatever it is.
pub(crate) fn not_found() -> HttpAnswer {
    let says = ["It may have been cut off on its way: open it from the mail once more, or copy all of it.".to_owned()];
    simple(404, Mood::Over, "", "There is nothing to decide at this address.", &says, "")
}

/// A form that another site sent.
pub(crate) fn from_elsewhere() -> HttpAnswer {
    let says = ["The form was sent by another site than this one.".to_owned()];
    simple(403, Mood::Refused, "", "Nothing was recorded.", &says, "Open the link from your mail and decide on the page that it shows.")
}

/// A body that is no form of ours.
pub(crate) fn no_form() -> HttpAnswer {
    let says = ["What was sent is not the form of this page.".to_owned()];
    simple(400, Mood::Refused, "", "Nothing was recorded.", &says, "Open the link from your mail and decide on the page that it shows.")
}

/// Something of ours failed before anything was decided.
pub(crate) fn unavailable(may_pass: bool) -> HttpAnswer {
    let says = ["It is not your fault, and nothing was decided.".to_owned()];
    let next = if may_pass {
        "Open the link again in a minute."
    } else {
        "It does not pass by itself: tell the people who run Tidegate. The log says what it is."
    };
    simple(503, Mood::Refused, "", "This cannot be shown at the moment.", &says, next).with("retry-after", "60")
}

/// Something of ours failed while a decision was being recorded.
pub(crate) fn uncertain() -> HttpAnswer {
    let says = ["The answer of the registry did not come. Your decision is recorded once or not at all.".to_owned()];
    let next = "Open the link again in a minute: it says whether your decision was recorded. If it was not, decide again.";
    simple(503, Mood::Refused, "", "It is not known whether your decision was recorded.", &says, next).with("retry-after", "60")
}

fn simple(status: u16, mood: Mood, about: &str, title: &str, says: &[String], next: &str) -> HttpAnswer {
    let notice = Notice { mood, about, title, says, facts: &[], voters: &[], you: "", next, report: None };
    HttpAnswer::new(status, notice_page(&notice))
}
