//! A contract in words: what the model is, what is watched, who decides.

use tidegate_contract::{Approvals, BaselineKind, Consumption, Contract, Feature, FeatureKind, Monitoring, Task};

use crate::terminal::{Say, counted, line, series, table};

/// What a contract says, in words.
pub(crate) fn says(contract: &Contract) -> String {
    let task = match contract.task {
        Task::Binary => "one of two classes",
        Task::Multiclass => "one of several classes",
        Task::Regression => "a number",
    };
    let consumption = match contract.consumption {
        Consumption::RealTime => "one record at a time",
        Consumption::Batch => "many records at once",
    };
    let mut text = format!("{} answers {task}, {consumption}.\n", contract.model);
    match (&contract.owners.business, &contract.owners.monitoring) {
        (None, None) => text.push_str("Nobody is named as its owner (owners).\n"),
        (business, monitoring) => {
            let who = |owner: &Option<String>| owner.as_deref().map_or("nobody", |owner| owner).to_owned();
            text.say(format_args!("Results belong to {}, monitoring to {}.\n", who(business), who(monitoring)));
        }
    }
    text.say(format_args!("Its logs arrive under {} in the logs bucket.\n\n", contract.logs_prefix()));

    let monitoring = &contract.monitoring;
    let windows: Vec<String> = monitoring.windows.iter().map(ToString::to_string).collect();
    let baselines = monitoring.baselines.iter().map(|baseline| match baseline {
        BaselineKind::Training => "the training set",
        BaselineKind::Previous => "the window before",
        BaselineKind::Seasonal => "the same hours of past weeks",
    });
    text.say(format_args!(
        "Watched: {}, score, prediction and latency, over windows of {}, against {}.\n",
        counted(contract.features.len() as u64, "feature"),
        series(&windows),
        series(&baselines.collect::<Vec<_>>())
    ));
    let mut rows = vec![["feature", "type", "makes sense", "origin", "worth acting on"].map(str::to_owned)];
    rows.extend(contract.features.iter().map(|feature| feature_row(feature, monitoring)));
    text.push_str(&table(&rows));
    if !contract.segments.is_empty() {
        text.say(format_args!("Looked at apart by {}.\n", series(&contract.segments)));
    }
    let protected: Vec<&str> = contract.features.iter().filter(|feature| feature.protected).map(|feature| feature.name.as_str()).collect();
    if !protected.is_empty() {
        text.say(format_args!("Fairness is measured by {}.\n", series(&protected)));
    }
    text.push('\n');
    text.push_str(&approvals(contract));
    text
}

fn feature_row(feature: &Feature, monitoring: &Monitoring) -> [String; 5] {
    let kind = match feature.kind {
        FeatureKind::Numeric => "numeric",
        FeatureKind::Categorical => "categorical",
    };
    let sense = match (&feature.range, &feature.allowed) {
        (Some([least, f64::INFINITY]), _) => format!("at least {least}"),
        (Some([f64::NEG_INFINITY, greatest]), _) => format!("at most {greatest}"),
        (Some([least, greatest]), _) => format!("{least} to {greatest}"),
        (_, Some(allowed)) => line(&allowed.join(", "), 40),
        (None, None) => "anything".to_owned(),
    };
    let origin =
        if feature.derived_from.is_empty() { "core".to_owned() } else { format!("from {}", line(&series(&feature.derived_from), 40)) };
    let own = feature.monitoring.as_ref();
    let effect = own.and_then(|own| own.effect).unwrap_or(monitoring.effect);
    let worth = match (monitoring.named_method(own, feature.kind), feature.kind) {
        _ if own.is_some_and(|own| own.mute) => "shown only (muted)".to_owned(),
        (Some((method, threshold)), _) => format!("{} from {threshold} on", method.name()),
        (None, FeatureKind::Numeric) => format!("{effect} standard deviations"),
        (None, FeatureKind::Categorical) => format!("a Cohen's w of {effect}"),
    };
    [feature.name.clone(), kind.to_owned(), sense, origin, worth]
}

fn approvals(contract: &Contract) -> String {
    let promotion = &contract.promotion;
    let stages = [("dev", &promotion.dev), ("test", &promotion.test), ("prod", &promotion.prod)];
    let says = |approvals: &Approvals| match approvals.approvals {
        0 => "nobody is asked".to_owned(),
        needed => format!("{needed} of {}", series(&approvals.approvers)),
    };
    let said: Vec<String> =
        stages.iter().filter_map(|(stage, approvals)| Some(format!("{stage}: {}", says(approvals.as_ref()?)))).collect();
    if said.is_empty() {
        "Nobody is named to approve a new version (promotion).\n".to_owned()
    } else {
        format!("A new version is approved in {}.\n", said.join("; in "))
    }
}
