//! Which windows a schedule asks for: pure arithmetic on the scheduled time.
//!
//! Windows end where those of `drift` do. Truth comes for as long as the contract's `truth.late_days` after a window's end, but seldom by the hour: windows that
//! ended within `monitoring.late` are looked at by every schedule, older ones by the first schedule of each day. The worker sees at once whether anything
//! changed: an unchanged window costs 6 LISTs (contracts, versions, one version's records, truth, windows measured so far, and 1 for each further thousand files of
//! truth), 1 HEAD and 3 reads of the registry, 0.00003 USD. With the defaults an hourly schedule looks at 7 windows of a day, and once a day at 60: 7 USD cents a
//! month for each model. Oldest windows come first: what they show is what later ones are held against.

use tidegate_contract::{Contract, WindowLength};
use tidegate_lake::{DAY_MS, HOUR_MS, day_start};
use tidegate_registry::WindowKey;

/// The windows to look at, at a time (milliseconds since 1970), the oldest first.
pub fn plan<'a>(contracts: impl Iterator<Item = &'a Contract>, scheduled_ms: i64) -> Vec<WindowKey> {
    let is_first_of_day = scheduled_ms.saturating_sub(day_start(scheduled_ms)) < HOUR_MS;
    let mut windows = Vec::new();
    for contract in contracts {
        let late_ms = i64::from(contract.monitoring.late.as_hours()) * HOUR_MS;
        let truth_ms = i64::from(contract.truth.late_days) * DAY_MS;
        let oldest = scheduled_ms.saturating_sub(if is_first_of_day { late_ms.max(truth_ms) } else { late_ms });
        for &length in &contract.monitoring.windows {
            let step = step_ms(length);
            let newest = scheduled_ms.div_euclid(step).saturating_mul(step);
            let ends = std::iter::successors(Some(newest), |end| end.checked_sub(step)).take_while(|end| *end == newest || *end >= oldest);
            windows.extend(ends.map(|end_ms| WindowKey { model: contract.model.clone(), length, end_ms }));
        }
    }
    windows.sort_by(|a, b| a.end_ms.cmp(&b.end_ms).then_with(|| (&a.model, a.length).cmp(&(&b.model, b.length))));
    windows
}

/// Time from the end of one window to that of the next, milliseconds: windows of whole days end at every midnight, others at multiples of their length.
fn step_ms(length: WindowLength) -> i64 {
    let length_ms = i64::from(length.as_hours()) * HOUR_MS;
    if length_ms % DAY_MS == 0 { DAY_MS } else { length_ms }
}

#[cfg(test)]
mod tests {
    use tidegate_lake::{parse_time, rfc3339};

    use super::*;

    fn ends(settings: &str, time: &str) -> Vec<String> {
        let text = format!("model: m\ntask: binary\nfeatures:\n  - {{ name: distance, type: numeric }}\n{settings}\n");
        let contract = Contract::parse(&text).unwrap();
        let windows = plan(std::iter::once(&contract), parse_time(time).unwrap());
        windows.into_iter().map(|key| format!("{} {}", key.length, rfc3339(key.end_ms))).collect()
    }

    #[test]
    fn late_windows_are_looked_at_every_hour_and_old_ones_once_a_day() {
        let settings = "monitoring: { windows: [1d], late: 2d }\ntruth: { late_days: 4 }";
        assert_eq!(ends(settings, "2013-07-10T05:05:00Z"), ["1d 2013-07-09T00:00:00Z", "1d 2013-07-10T00:00:00Z"]);
        assert_eq!(ends(settings, "2013-07-10T00:05:00Z").len(), 4);
        assert_eq!(ends(settings, "2013-07-10T00:05:00Z").first().unwrap(), "1d 2013-07-07T00:00:00Z");
    }

    #[test]
    fn the_oldest_windows_of_all_lengths_come_first() {
        let planned = ends("monitoring: { windows: [1h, 1d], late: 2h }\ntruth: { late_days: 1 }", "2013-07-10T03:05:00Z");
        assert_eq!(planned, ["1d 2013-07-10T00:00:00Z", "1h 2013-07-10T02:00:00Z", "1h 2013-07-10T03:00:00Z"]);
    }
}
