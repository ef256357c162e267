//! A served candidate under load: rows of the evaluation set go to its endpoint at the contract's rate, and what comes back becomes rules of the gate.
//!
//! Requests leave when they are due, whether or not those before them are answered, as far as `concurrency` lets them; a response time begins when its request
//! was due. A slow endpoint therefore cannot slow down the test that measures it.

mod body;
mod load;
mod rules;
mod served;

use bytes::Bytes;
use tidegate_contract::{Contract, EndpointTest, Stage};
use tidegate_validation::{Column, Rule};
use tracing::info;

use crate::evidence::{Answers, Questions};
use body::{Expected, Features, Reading};
use load::Asked;
pub use served::Endpoints;

/// What a candidate's endpoint should answer, row by row.
fn expected(answers: &Answers, row: usize) -> Option<Expected<'_>> {
    if let Some(scores) = &answers.score {
        return scores.get(row).map(|score| Expected::Number(*score));
    }
    match answers.prediction.as_ref()? {
        Column::Numbers(numbers) => numbers.get(row).map(|number| Expected::Number(*number)),
        Column::Labels(labels) => labels.name(row).map(Expected::Label),
    }
}

/// Tests the endpoint that the contract names for this stage, if it names one, and says what came of it as rules of the gate.
pub(crate) async fn test(
    endpoints: &Endpoints,
    stage: Stage,
    contract: &Contract,
    run: &str,
    questions: &Questions,
    answers: &Answers,
) -> Vec<Rule> {
    let Some(test) = contract.validation.endpoint.as_ref().filter(|test| test.stage == stage) else { return Vec::new() };
    let served = match endpoints.of(test, run) {
        Ok(served) => served,
        Err(reason) => return vec![rules::not_tested(&reason)],
    };
    let requests = requests(test, contract, questions, answers);
    let reading = Reading::of(contract, test);
    let asked = load::run(test, &requests, |body| served.ask(body), |answer, expected| reading.judge(answer, expected)).await;
    info!(model = contract.model, run, endpoint = %served, requests = asked.len(), "the endpoint was tested");
    rules::of(test, &served.to_string(), &asked)
}

/// A request and what should come back.
struct Request<'a> {
    body: Bytes,
    expected: Option<Expected<'a>>,
}

/// As many requests as are asked for, about rows from all over the evaluation set.
fn requests<'a>(test: &EndpointTest, contract: &Contract, questions: &Questions, answers: &'a Answers) -> Vec<Request<'a>> {
    let features = Features::of(contract, &questions.rows);
    let places = answers.places();
    let (rows, wanted) = (questions.rows.count, u64::from(test.requests));
    let row_of = |request: u64| usize::try_from((request * rows as u64 / wanted.max(1)).min(rows as u64 - 1)).unwrap_or(0);
    (0..wanted)
        .map(row_of)
        .map(|row| Request {
            body: features.body(test.body, row),
            expected: places.get(questions.ids.get(row)).and_then(|place| expected(answers, *place)),
        })
        .collect()
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Came {
    /// The candidate's answer.
    Right,
    /// Another answer; the first words of it.
    Wrong(String),
    /// No readable answer, and why.
    Failed(String),
}

impl Asked {
    fn count(asked: &[Self], is: impl Fn(&Came) -> bool) -> u64 {
        asked.iter().filter(|one| is(&one.came)).count() as u64
    }
}
