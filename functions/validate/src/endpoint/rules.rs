//! What a test under load comes to, as rules of the gate.

use tidegate_contract::EndpointTest;
use tidegate_validation::{Outcome, Rule, share_rule};

use super::{Asked, Came};

/// A test that could not be made never passes.
pub(crate) fn not_tested(reason: &str) -> Rule {
    Rule::new("endpoint:errors", Outcome::CannotTell, format!("The endpoint was not tested: {reason}."))
}

/// The rules of a test.
pub(crate) fn of(test: &EndpointTest, endpoint: &str, asked: &[Asked]) -> Vec<Rule> {
    let all = asked.len() as u64;
    let failed = Asked::count(asked, |came| matches!(came, Came::Failed(_)));
    let of_what = format!("requests to {endpoint}, {} a second,", test.rate);
    let mut rules = vec![share_rule(
        "endpoint:errors",
        failed,
        all,
        test.errors,
        &of_what,
        "had no readable answer",
        first(asked, |came| match came {
            Came::Failed(reason) => Some(reason),
            _ => None,
        }),
    )];
    let limits = [("endpoint:latency_p50_ms", 0.5, test.latency_p50_ms), ("endpoint:latency_p99_ms", 0.01, test.latency_p99_ms)];
    for (name, share, most) in limits {
        let Some(most) = most else { continue };
        let slow = asked.iter().filter(|one| one.took.as_secs_f64() * 1e3 > most || matches!(one.came, Came::Failed(_))).count() as u64;
        let took =
            quantile(asked, 1.0 - share).map(|took| format!("{:.0} of 100 were answered within {took:.0} ms", (1.0 - share) * 100.0));
        let mut rule = share_rule(name, slow, all, share, &of_what, &format!("took longer than {most} ms"), took);
        (rule.value, rule.maximum) = (quantile(asked, 1.0 - share), Some(most));
        rule.interval = None;
        rules.push(rule);
    }
    let answered = all - failed;
    if answered > 0 {
        let wrong = Asked::count(asked, |came| matches!(came, Came::Wrong(_)));
        let example = first(asked, |came| match came {
            Came::Wrong(found) => Some(found),
            _ => None,
        });
        rules.push(answers(test, wrong, answered, example));
    }
    rules
}

/// Whether what is served is the candidate: where no other answer is allowed, one is enough to know.
fn answers(test: &EndpointTest, wrong: u64, answered: u64, example: Option<String>) -> Rule {
    const NAME: &str = "endpoint:answers";
    if test.wrong > 0.0 {
        return share_rule(NAME, wrong, answered, test.wrong, "answers", "were not the candidate's", example);
    }
    let mut rule = if wrong == 0 {
        Rule::new(NAME, Outcome::Pass, format!("The endpoint answered as the candidate did: {answered} answers compared."))
    } else {
        let example = example.map(|found| format!(" (such as {found})")).unwrap_or_default();
        let says = format!(
            "{wrong} of {answered} answers of the endpoint are not the candidate's{example}: another model is served, or it is asked otherwise."
        );
        Rule::new(NAME, Outcome::Fail, says)
    };
    rule.rows = Some(answered);
    rule
}

fn first<'a>(asked: &'a [Asked], of: impl Fn(&'a Came) -> Option<&'a String>) -> Option<String> {
    asked.iter().find_map(|one| of(&one.came)).cloned()
}

/// The time within which a share of the requests was over, milliseconds.
fn quantile(asked: &[Asked], share: f64) -> Option<f64> {
    let mut times: Vec<f64> = asked.iter().map(|one| one.took.as_secs_f64() * 1e3).collect();
    times.sort_unstable_by(f64::total_cmp);
    let rank = (share * times.len() as f64).ceil().max(1.0);
    (1..=times.len()).find(|place| *place as f64 >= rank).and_then(|place| times.get(place - 1)).map(|time| (time * 1e3).round() / 1e3)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use Outcome::{CannotTell, Fail, Pass};

    fn asked(counts: [(u64, u64, Came); 3]) -> Vec<Asked> {
        let each = |(count, millis, came): (u64, u64, Came)| {
            (0..count).map(move |_| Asked { took: Duration::from_millis(millis), came: came.clone() })
        };
        counts.into_iter().flat_map(each).collect()
    }

    fn outcomes(test: &EndpointTest, asked: &[Asked]) -> Vec<(String, Outcome)> {
        of(test, "https://m.example.com/", asked).into_iter().map(|rule| (rule.name, rule.outcome)).collect()
    }

    #[test]
    fn a_quick_endpoint_with_the_right_answers_passes_and_each_fault_has_its_rule() {
        let test = EndpointTest { latency_p50_ms: Some(20.0), latency_p99_ms: Some(100.0), ..EndpointTest::default() };
        let (fail, wrong) = (|| Came::Failed("status 503".to_owned()), || Came::Wrong("0.9".to_owned()));
        let all = |of: [Outcome; 4]| {
            let names = ["endpoint:errors", "endpoint:latency_p50_ms", "endpoint:latency_p99_ms", "endpoint:answers"];
            names.map(str::to_owned).into_iter().zip(of).collect::<Vec<_>>()
        };
        assert_eq!(outcomes(&test, &asked([(1_000, 10, Came::Right), (0, 0, fail()), (0, 0, wrong())])), all([Pass; 4]));
        assert_eq!(outcomes(&test, &asked([(950, 10, Came::Right), (50, 5, fail()), (0, 0, wrong())])), all([Fail, Pass, Fail, Pass]));
        assert_eq!(outcomes(&test, &asked([(999, 10, Came::Right), (0, 0, fail()), (1, 10, wrong())])), all([Pass, Pass, Pass, Fail]));
        assert_eq!(
            outcomes(&test, &asked([(100, 10, Came::Right), (900, 30, Came::Right), (0, 0, fail())])),
            all([Pass, Fail, Pass, Pass])
        );
        assert_eq!(
            outcomes(&test, &asked([(990, 10, Came::Right), (10, 300, Came::Right), (0, 0, fail())])),
            all([Pass, Pass, CannotTell, Pass])
        );
    }

    #[test]
    fn sentences_say_what_was_asked_and_what_came() {
        let test = EndpointTest { latency_p99_ms: Some(100.0), ..EndpointTest::default() };
        let asked =
            asked([(950, 10, Came::Right), (40, 5, Came::Failed("status 503".to_owned())), (10, 10, Came::Wrong("0.9".to_owned()))]);
        let says: Vec<String> = of(&test, "https://m.example.com/", &asked).into_iter().map(|rule| rule.sentence).collect();
        assert_eq!(
            says,
            [
                "4.0 % (3.0–5.4 %) of 1,000 requests to https://m.example.com/, 20 a second, had no readable answer; at most 1 % were asked (status 503).",
                "4.0 % (3.0–5.4 %) of 1,000 requests to https://m.example.com/, 20 a second, took longer than 100 ms; at most 1 % were asked (99 of 100 were answered within 10 ms).",
                "10 of 960 answers of the endpoint are not the candidate's (such as 0.9): another model is served, or it is asked otherwise.",
            ]
        );
    }
}
