//! Every bit flipped, everything swapped and cut off: nothing is accepted, everything is told the same, nothing is written.

#![expect(clippy::indexing_slicing, clippy::panic, reason = "a test stops at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tidegate_approve::HttpAnswer;
use tidegate_local_account::TABLE;
use tidegate_tests::{DECIDED, Decisions, LEAD, LOOKED_MS, RISK};

/// What everybody was told.
#[derive(Default)]
struct Told {
    tried: usize,
    accepted: usize,
    answers: BTreeSet<String>,
}

impl Told {
    fn hear(&mut self, answer: &HttpAnswer) {
        self.tried += 1;
        self.accepted += usize::from(answer.status_code != 404);
        self.answers.insert(format!("{} {:?} {}", answer.status_code, answer.headers, answer.body));
    }
}

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

/// One text of an item, by its path, as it is now.
async fn field(decisions: &Decisions, keys: (&str, &str), path: &str) -> AttributeValue {
    let call = decisions.account.dynamodb.get_item().table_name(TABLE).consistent_read(true);
    let call = call.key("pk", AttributeValue::S(keys.0.to_owned())).key("sk", AttributeValue::S(keys.1.to_owned()));
    let item = call.send().await.unwrap().item.unwrap();
    let mut parts = path.split('.');
    let mut value = item.get(parts.next().unwrap()).unwrap().clone();
    for part in parts {
        value = match (part.parse::<usize>(), value) {
            (Ok(at), AttributeValue::L(list)) => list[at].clone(),
            (_, AttributeValue::M(map)) => map.get(part).unwrap().clone(),
            (_, other) => panic!("no {part} in {other:?}"),
        };
    }
    value
}

async fn set(decisions: &Decisions, keys: (&str, &str), path: &str, value: AttributeValue) {
    let parts: Vec<&str> = path.split('.').collect();
    let named: Vec<String> = parts
        .iter()
        .enumerate()
        .map(|(index, part)| {
            part.parse::<usize>().map_or_else(|_| format!("{}#p{index}", if index > 0 { "." } else { "" }), |at| format!("[{at}]"))
        })
        .collect();
    let mut call = decisions.account.dynamodb.update_item().table_name(TABLE);
    call = call.key("pk", AttributeValue::S(keys.0.to_owned())).key("sk", AttributeValue::S(keys.1.to_owned()));
    for (index, part) in parts.iter().enumerate().filter(|(_, part)| part.parse::<usize>().is_err()) {
        call = call.expression_attribute_names(format!("#p{index}"), *part);
    }
    call.update_expression(format!("SET {} = :value", named.concat())).expression_attribute_values(":value", value).send().await.unwrap();
}

/// Every text and number that differs in one bit and can still be stored: the eighth bit of an ASCII character makes no text.
fn forged(value: &AttributeValue) -> Vec<AttributeValue> {
    match value {
        AttributeValue::S(text) => {
            let bits = (0..text.len() * 8).filter(|bit| bit % 8 != 7);
            bits.filter_map(|bit| String::from_utf8(flipped(text.as_bytes(), bit)).ok()).map(AttributeValue::S).collect()
        }
        AttributeValue::N(number) => {
            let number: i64 = number.parse().unwrap();
            let bits = if number < 1 << 31 { 31 } else { 42 };
            (0..bits).map(|bit| AttributeValue::N((number ^ (1 << bit)).to_string())).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn nothing_forged_is_accepted_everything_is_told_the_same_and_nothing_is_written() {
    let decisions = Decisions::prod(2).await;
    decisions.champion("run-0").await;
    let version = decisions.pending("run-1").await;
    let other = decisions.pending("run-2").await;
    let (lead, risk) = (decisions.mail(&version, LEAD).await, decisions.mail(&version, RISK).await);
    let elsewhere = decisions.mail(&other, LEAD).await;
    let before = decisions.table().await;
    let form = lead.form("approve", "");
    let mut told = Told::default();

    // The token: every bit of its text, of its id and of its MAC; parts of other tokens; every part of it.
    let good = lead.token.expose();
    let parts: Vec<&str> = good.split('.').collect();
    let bytes = |at: usize| URL_SAFE_NO_PAD.decode(parts[at]).unwrap();
    let mut tokens: BTreeSet<String> =
        (0..good.len() * 8).filter_map(|bit| String::from_utf8(flipped(good.as_bytes(), bit)).ok()).collect();
    for (at, length) in [(2, 16), (3, 32)] {
        for bit in 0..length * 8 {
            let mut forged: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
            forged[at] = URL_SAFE_NO_PAD.encode(flipped(&bytes(at), bit));
            tokens.insert(forged.join("."));
        }
    }
    for stranger in [&risk, &elsewhere] {
        let stranger = stranger.token.expose();
        let theirs: Vec<&str> = stranger.split('.').collect();
        tokens.insert(format!("v1.k1.{}.{}", parts[2], theirs[3]));
        tokens.insert(format!("v1.k1.{}.{}", theirs[2], parts[3]));
    }
    tokens.insert(format!("v1.k1.{}.{}", parts[3], parts[2]));
    for end in 0..good.len() {
        tokens.insert(good[..end].to_owned());
        tokens.insert(good[end + 1..].to_owned());
    }
    tokens.remove(&good);
    for token in &tokens {
        // A character that ends the value, or begins another, makes another address, not another token.
        let address = format!("/decision?t={}", token.replace('&', "%26").replace('?', "%3F"));
        told.hear(&decisions.get(&address).await);
        told.hear(&decisions.post(&address, &form).await);
    }
    for address in
        ["/decision", "/decision?", "/decision?t=", "/", "/decisions", &format!("/x?t={good}"), &format!("/decision?t={good}&t={good}")]
    {
        told.hear(&decisions.get(address).await);
    }
    let by_token = told.tried;

    // The table: every bit of every field of the link that is kept in it, changed after the mail.
    let (model, sk) = (format!("MODEL#{DECIDED}"), format!("VERSION#{:08}", version.number));
    let link = format!("LINK#{}", lead.token.id().hex());
    let asked = "record_body.request";
    let fields = [
        ((model.as_str(), sk.as_str()), format!("{asked}.about.evidence")),
        ((&model, &sk), format!("{asked}.about.policy")),
        ((&model, &sk), format!("{asked}.about.champion")),
        ((&model, &sk), format!("{asked}.asked_at_ms")),
        ((&model, &sk), format!("{asked}.expires_at_ms")),
        ((&model, &sk), "record_body.artifact.0.sha256".to_owned()),
        ((&model, &sk), "record_body.artifact.0.name".to_owned()),
        ((&model, &sk), "record_body.artifact.0.bytes".to_owned()),
        ((&link, "LINK"), "record_body.request".to_owned()),
        ((&link, "LINK"), "record_body.approver".to_owned()),
        ((&link, "LINK"), "record_body.model".to_owned()),
        ((&link, "LINK"), "record_body.subject.version".to_owned()),
    ];
    let mut flips: BTreeMap<String, usize> = BTreeMap::new();
    for (keys, path) in &fields {
        let right = field(&decisions, *keys, path).await;
        for wrong in forged(&right) {
            set(&decisions, *keys, path, wrong).await;
            // One of both, by turns: what is rebuilt is the same.
            let answer = if told.tried.is_multiple_of(2) {
                decisions.get(&lead.address()).await
            } else {
                decisions.post(&lead.address(), &form).await
            };
            assert_eq!(answer.status_code, 404, "{path}: {}", answer.body);
            told.hear(&answer);
            *flips.entry(path.clone()).or_default() += 1;
        }
        set(&decisions, *keys, path, right).await;
    }
    assert_eq!(decisions.table().await, before, "as it was, once the forged fields are mended");
    println!(
        "forgeries: {} tried ({by_token} tokens and addresses, {} fields of the table), {} accepted, {} different answers, 0 writes",
        told.tried,
        flips.values().sum::<usize>(),
        told.accepted,
        told.answers.len()
    );
    assert!(told.tried >= 2_000, "{}", told.tried);
    assert_eq!((told.accepted, told.answers.len()), (0, 1));
    // The right one still works.
    assert_eq!(decisions.get(&lead.address()).await.status_code, 200);
    assert_eq!(decisions.post(&lead.address(), &form).await.status_code, 200);
}

#[tokio::test]
async fn a_second_too_late_decides_nothing_however_the_second_is_asked_for() {
    let decisions = Decisions::prod(1).await;
    let version = decisions.pending("run-1").await;
    let lead = decisions.mail(&version, LEAD).await;
    let over = lead.record.link.expires_at_ms;
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let before = decisions.table().await;
    for at_ms in [over, over + 1_000, over + 86_400_000] {
        let answer = decisions.http("POST", &lead.address(), &headers, &lead.form("approve", ""), at_ms).await;
        assert_eq!(answer.status_code, 410);
        assert!(answer.body.contains("The time to decide about version 1 of flight-delay is over."), "{}", answer.body);
    }
    // A second more, in the table: another link.
    let (model, path) = (format!("MODEL#{DECIDED}"), "record_body.request.expires_at_ms");
    let right = field(&decisions, (&model, "VERSION#00000001"), path).await;
    set(&decisions, (&model, "VERSION#00000001"), path, AttributeValue::N((over + 1_000).to_string())).await;
    assert_eq!(decisions.http("POST", &lead.address(), &headers, &lead.form("approve", ""), over).await.status_code, 404);
    set(&decisions, (&model, "VERSION#00000001"), path, right).await;
    assert_eq!(decisions.table().await, before);
    let answer = decisions.http("POST", &lead.address(), &headers, &lead.form("approve", ""), over - 1).await;
    assert_eq!(answer.status_code, 200, "the last moment");
}

#[tokio::test]
async fn a_link_of_another_stage_or_account_is_none_here() {
    let prod = Decisions::prod(1).await;
    let version = prod.pending("run-1").await;
    let link = version.decision_link(LEAD, "k1", "111122223333").unwrap();
    prod.mail(&version, LEAD).await;
    for forged in [
        tidegate_approval::Link { stage: "test".to_owned(), ..link.clone() },
        tidegate_approval::Link { account: "999999999999".to_owned(), ..link.clone() },
    ] {
        // Made with the very key: an account that shared it would still not be this one.
        let token = forged.token(prod.mac(forged.message()).await);
        assert_eq!(prod.http("GET", &token.url(""), &[], "", LOOKED_MS).await.status_code, 404);
    }
    let right = link.token(prod.mac(link.message()).await);
    assert_eq!(prod.http("GET", &right.url(""), &[], "", LOOKED_MS).await.status_code, 200);
    // MACs made for another purpose open nothing.
    let code = link.token(prod.mac(link.code_message()).await);
    assert_eq!(prod.http("GET", &code.url(""), &[], "", LOOKED_MS).await.status_code, 404);
}
