//! Planting trouble: which field, how bad, from when on are drawn; what is planted really changes the records.

use serde_json::{Value, json};
use tidegate_contract::FeatureKind;
use tidegate_monitoring::Window;
use tidegate_profile::FieldProfile;

use super::judge::Damage;
use super::records::{DAY_MS, HOUR_MS, Record, by_hour};
use super::trouble::Trouble;
use super::world::World;
use crate::random::Random;

/// So many draws of field and severity are made before a kind of trouble is given up for a data set.
const DRAWS: usize = 60;

/// Days before the window that come with it.
const DAYS_BEFORE: usize = 9;

/// Records with trouble in them.
#[derive(Debug, Clone)]
pub(crate) struct Planted {
    /// The window's records and those of the days before.
    pub(crate) records: Vec<Record>,
    pub(crate) window: Window,
    /// When it begins, milliseconds since 1970; `None` where nothing was planted.
    pub(crate) began_ms: Option<i64>,
    pub(crate) damage: Damage,
    /// What was done, in words.
    pub(crate) words: String,
}

/// Plants trouble; `None` where the data set has nothing that it can be planted into.
pub(crate) fn plant(world: &World, trouble: Trouble, random: &mut Random) -> Option<Planted> {
    if trouble == Trouble::RealDrift {
        return real(world, random);
    }
    if trouble == Trouble::Season {
        // February's flights are not four calm weeks.
        return if world.has_weeks { season(world, random) } else { None };
    }
    for _ in 0..DRAWS {
        let mut planted = calm(world, random)?;
        let began = match random.below(4) {
            0 => planted.window.start_ms - DAY_MS * (1 + random.below(3) as i64),
            1 => planted.window.start_ms + HOUR_MS * random.below(24) as i64,
            _ => planted.window.start_ms,
        };
        if trouble == Trouble::Nothing {
            return Some(planted);
        }
        planted.began_ms = Some(began);
        let mut planting = Planting { world, random, began, planted: &mut planted };
        if let Some(words) = planting.put(trouble) {
            planted.words = words;
            return Some(planted);
        }
    }
    None
}

/// A calm window of three to seven days, with the days before it.
fn calm(world: &World, random: &mut Random) -> Option<Planted> {
    let length = [3, 5, 7].get(random.below(3)).copied()?;
    let starts: Vec<i64> = world.days.keys().copied().collect();
    let begin = world.first_window + random.below((starts.len() + 1).checked_sub(world.first_window + length)?);
    let window = Window { start_ms: *starts.get(begin)?, end_ms: starts.get(begin + length - 1)? + DAY_MS };
    let from = *starts.get(begin.saturating_sub(DAYS_BEFORE))?;
    let records = world.days.range(from..window.end_ms).flat_map(|(_, day)| day.iter().cloned()).collect();
    Some(Planted { records, window, began_ms: None, damage: Damage::default(), words: "nothing".to_owned() })
}

/// A week of the other months.
fn real(world: &World, random: &mut Random) -> Option<Planted> {
    let records = world.drifting.get(random.below(world.drifting.len()))?.clone();
    let (first, last) = (records.iter().map(|record| record.time_ms).min()?, records.iter().map(|record| record.time_ms).max()?);
    let day = |ms: i64| ms.div_euclid(DAY_MS) * DAY_MS;
    let window = Window { start_ms: day(first), end_ms: day(last) + DAY_MS };
    Some(Planted { records, window, began_ms: None, damage: Damage::default(), words: "a week of another month".to_owned() })
}

/// The last Saturday of four weeks in which the records of weekends are chosen by one feature in one direction, those of weekdays in the
/// other, so that over a week they are as ever.
fn season(world: &World, random: &mut Random) -> Option<Planted> {
    const MONDAY: i64 = 4;
    let last = *world.days.keys().next_back()?;
    let is_weekend = |ms: i64| (ms.div_euclid(DAY_MS) - MONDAY).rem_euclid(7) >= 5;
    let start = (0..7).map(|back| last - back * DAY_MS).find(|day| is_weekend(*day) && !is_weekend(day - DAY_MS))?;
    let moments = |feature: usize| {
        let field = world.baseline.profile.fields.get(feature)?;
        let numeric = field.numeric.as_ref()?;
        Some((numeric.mean, numeric.variance(field.present)?.sqrt()))
    };
    let numeric: Vec<usize> = (0..world.contract.features.len()).filter(|feature| moments(*feature).is_some()).collect();
    let feature = *numeric.get(random.below(numeric.len()))?;
    let (mean, sd) = moments(feature)?;
    let slope = random.between(0.9, 1.8) * if random.uniform() < 0.5 { -1.0 } else { 1.0 };
    let mut records: Vec<Record> = world.days.range(..=start).flat_map(|(_, day)| day.iter().cloned()).collect();
    records.retain(|record| {
        let slope = if is_weekend(record.time_ms) { slope } else { -0.4 * slope };
        let z = record.number(feature).map_or(0.0, |value| (value - mean) / sd);
        random.uniform() < 1.0 / (1.0 + (-slope * z).exp())
    });
    let name = world.contract.features.get(feature).map_or("", |feature| feature.name.as_str());
    Some(Planted {
        records,
        window: Window { start_ms: start, end_ms: start + DAY_MS },
        began_ms: None,
        damage: Damage::default(),
        words: format!("{name} swings with the week, slope {slope:.1}"),
    })
}

struct Planting<'a> {
    world: &'a World,
    random: &'a mut Random,
    began: i64,
    planted: &'a mut Planted,
}

impl Planting<'_> {
    /// Plants it; says what was done, or `None` when this draw would change too little to be called trouble.
    fn put(&mut self, trouble: Trouble) -> Option<String> {
        match trouble {
            Trouble::Nothing | Trouble::RealDrift | Trouble::Season => None,
            Trouble::Missing => self.missing(),
            Trouble::Type => self.type_(),
            Trouble::Placeholder => self.placeholder(),
            Trouble::NoName => self.no_name(),
            Trouble::OutOfRange => self.out_of_range(),
            Trouble::UnitPower => {
                let scale = [10.0, 100.0, 1000.0, 0.1, 0.01, 0.001].get(self.random.below(6)).copied()?;
                let feature = self.feature(FeatureKind::Numeric);
                self.unit(feature, scale, 0.0, true)
            }
            Trouble::UnitTemperature => {
                if let Some(feature) = self.world.fahrenheit {
                    self.unit(feature, 5.0 / 9.0, -160.0 / 9.0, true)
                } else {
                    let feature = [6, 7, 8].get(self.random.below(3)).copied()?;
                    self.unit(feature, 1.0 / 25.4, 0.0, false)
                }
            }
            Trouble::UnitEpoch => {
                let feature = self.world.epoch?;
                self.unit(feature, 1000.0, 0.0, true)
            }
            Trouble::StuckValue => self.stuck(),
            Trouble::StuckName => self.stuck_name(),
            Trouble::Clipped => self.clipped(),
            Trouble::Rounded => self.rounded(),
            Trouble::CutOff => self.cut_off(),
            Trouble::Respelt => self.respelt(),
            Trouble::Slid => self.slid(),
            Trouble::Renamed => self.renamed(),
            Trouble::Unreadable => Some(self.unreadable()),
            Trouble::Mix => self.mix(),
            Trouble::Selection => self.selection(),
            Trouble::Prediction => Some(self.outputs("1.0.0")),
            Trouble::Version => Some(self.outputs("2.0.0")),
        }
    }

    fn feature(&mut self, kind: FeatureKind) -> usize {
        let features = &self.world.contract.features;
        let of_kind: Vec<usize> = (0..features.len()).filter(|index| features.get(*index).is_some_and(|f| f.kind == kind)).collect();
        of_kind.get(self.random.below(of_kind.len())).copied().unwrap_or_default()
    }

    fn name(&self, feature: usize) -> String {
        self.world.contract.features.get(feature).map_or_else(String::new, |feature| feature.name.clone())
    }

    fn baseline(&self, feature: usize) -> Option<&FieldProfile> {
        self.world.baseline.profile.fields.get(feature)
    }

    /// Least, greatest, mean and standard deviation in the baseline.
    fn moments(&self, feature: usize) -> Option<(f64, f64, f64, f64)> {
        let field = self.baseline(feature)?;
        let numeric = field.numeric.as_ref()?;
        Some((numeric.min?, numeric.max?, numeric.mean, numeric.variance(field.present)?.sqrt()))
    }

    fn part(&mut self, low: f64, high: f64) -> f64 {
        self.random.between(low, high)
    }

    /// Changes a part of the records from the beginning on; the model answers what it then reads. `None` when fewer than
    /// `least` of all records since then changed.
    fn change(&mut self, part: f64, least: f64, mut change: impl FnMut(&mut Record, &mut Random)) -> Option<()> {
        let (mut seen, mut changed) = (0_u32, 0_u32);
        for record in self.planted.records.iter_mut().filter(|record| record.time_ms >= self.began) {
            seen += 1;
            if self.random.uniform() >= part {
                continue;
            }
            let before = record.features.clone();
            change(record, self.random);
            if record.features != before {
                changed += 1;
                (record.score, record.prediction) = (self.world.answer)(self.world.model.predict(record));
            }
        }
        (f64::from(changed) >= least * f64::from(seen.max(1))).then_some(())
    }

    fn missing(&mut self) -> Option<String> {
        let feature = self.random.below(self.world.contract.features.len());
        let part = self.part(0.1, 1.1).min(1.0);
        self.change(part, 0.08, |record, _| record.set(feature, Value::Null))?;
        Some(format!("{} missing in {:.0} %", self.name(feature), part * 100.0))
    }

    fn type_(&mut self) -> Option<String> {
        let feature = self.feature(FeatureKind::Numeric);
        let part = self.part(0.1, 1.1).min(1.0);
        let way = self.random.below(4);
        self.change(part, 0.08, |record, _| {
            if let Some(number) = record.number(feature) {
                let text = match way {
                    0 => format!("{number} units"),
                    1 => format!("{},{}", number.trunc(), 5),
                    2 => "n/a".to_owned(),
                    _ => format!("<{number}>"),
                };
                record.set(feature, json!(text));
            }
        })?;
        Some(format!("{} as text in {:.0} %", self.name(feature), part * 100.0))
    }

    fn placeholder(&mut self) -> Option<String> {
        let feature = self.feature(FeatureKind::Numeric);
        let (min, max, _, sd) = self.moments(feature)?;
        let value = [-999.0, -1.0, 9999.0, -9999.0, 999_999.0, -99.0].get(self.random.below(6)).copied()?;
        if value > min - 0.5 * sd && value < max + 0.5 * sd {
            return None;
        }
        let part = self.part(0.03, 0.4);
        self.change(part, 0.025, |record, _| record.set(feature, json!(value)))?;
        Some(format!("{} is {value} in {:.0} %", self.name(feature), part * 100.0))
    }

    fn no_name(&mut self) -> Option<String> {
        let feature = self.feature(FeatureKind::Categorical);
        let word = ["N/A", "unknown", "NULL", "none", "-", "?", "undefined", "not available"].get(self.random.below(8)).copied()?;
        let part = self.part(0.03, 0.4);
        self.change(part, 0.025, |record, _| record.set(feature, json!(word)))?;
        Some(format!("{} is {word} in {:.0} %", self.name(feature), part * 100.0))
    }

    fn out_of_range(&mut self) -> Option<String> {
        let feature = self.feature(FeatureKind::Numeric);
        let [low, high] = self.world.contract.features.get(feature)?.range?;
        let part = self.part(0.03, 0.4);
        self.change(part, 0.025, |record, random| {
            let away = (high - low) * random.between(0.02, 0.6);
            record.set(feature, json!(high + away));
        })?;
        Some(format!("{} beyond {high} in {:.0} %", self.name(feature), part * 100.0))
    }

    fn unit(&mut self, feature: usize, scale: f64, offset: f64, in_part: bool) -> Option<String> {
        let part = if in_part && self.random.uniform() < 0.5 { self.part(0.1, 0.6) } else { 1.0 };
        let sd = self.moments(feature)?.3;
        self.change(part, 0.08, |record, _| {
            if let Some(number) = record.number(feature) {
                let mapped = scale * number + offset;
                // What hardly changes is no trouble: a visibility of 0, a delay of 0 minutes.
                if (mapped - number).abs() > 0.05 * sd || part >= 1.0 {
                    record.set(feature, json!(mapped));
                }
            }
        })?;
        Some(format!("{} × {scale} + {offset} in {:.0} %", self.name(feature), part * 100.0))
    }

    fn stuck(&mut self) -> Option<String> {
        let feature = self.feature(FeatureKind::Numeric);
        let value = self.planted.records.get(self.random.below(self.planted.records.len()))?.number(feature)?;
        let part = if self.random.uniform() < 0.3 { 1.0 } else { self.part(0.15, 0.9) };
        self.change(part, 0.12, |record, _| record.set(feature, json!(value)))?;
        Some(format!("{} stuck at {value} in {:.0} %", self.name(feature), part * 100.0))
    }

    /// A name that a record has, so that frequent ones are stuck more often; as much as for a number.
    fn stuck_name(&mut self) -> Option<String> {
        let feature = self.feature(FeatureKind::Categorical);
        let name = self.planted.records.get(self.random.below(self.planted.records.len()))?.name(feature)?.to_owned();
        let part = if self.random.uniform() < 0.3 { 1.0 } else { self.part(0.15, 0.9) };
        self.change(part, 0.12, |record, _| record.set(feature, json!(name)))?;
        Some(format!("{} stuck at {name} in {:.0} %", self.name(feature), part * 100.0))
    }

    /// The value below which a share of the window's values lie.
    fn quantile(&self, feature: usize, share: f64) -> Option<f64> {
        let mut values: Vec<f64> = self.planted.records.iter().filter_map(|record| record.number(feature)).collect();
        values.sort_by(f64::total_cmp);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]
        let index = (values.len() as f64 * share) as usize;
        values.get(index).copied()
    }

    fn clipped(&mut self) -> Option<String> {
        let feature = self.feature(FeatureKind::Numeric);
        let share = self.part(0.75, 0.94);
        let limit = self.quantile(feature, share)?;
        self.change(1.0, 0.05, |record, _| {
            if let Some(number) = record.number(feature) {
                record.set(feature, json!(number.min(limit)));
            }
        })?;
        Some(format!("{} clipped at {limit}", self.name(feature)))
    }

    fn rounded(&mut self) -> Option<String> {
        let feature = self.feature(FeatureKind::Numeric);
        let sd = self.moments(feature)?.3;
        let step = 10_f64.powf((sd * self.random.between(0.4, 1.2)).log10().round());
        if !(0.3..=2.0).contains(&(step / sd)) {
            return None;
        }
        self.change(1.0, 0.5, |record, _| {
            if let Some(number) = record.number(feature) {
                record.set(feature, json!((number / step).round() * step));
            }
        })?;
        Some(format!("{} rounded to {step}", self.name(feature)))
    }

    fn cut_off(&mut self) -> Option<String> {
        let feature = self.feature(FeatureKind::Categorical);
        let length = 1 + self.random.below(6);
        let part = self.part(0.2, 1.2).min(1.0);
        self.change(part, 0.08, |record, _| {
            if let Some(name) = record.name(feature) {
                let cut: String = name.chars().take(length).collect();
                record.set(feature, json!(cut));
            }
        })?;
        Some(format!("{} cut to {length} characters in {:.0} %", self.name(feature), part * 100.0))
    }

    fn respelt(&mut self) -> Option<String> {
        let feature = self.feature(FeatureKind::Categorical);
        let way = self.random.below(6);
        let part = self.part(0.2, 1.2).min(1.0);
        self.change(part, 0.08, |record, _| {
            if let Some(name) = record.name(feature) {
                let spelt = match way {
                    0 => name.to_lowercase(),
                    1 => format!("{name} "),
                    2 => format!("\"{name}\""),
                    3 => format!("\u{feff}{name}"),
                    4 => name.chars().flat_map(|c| ['\0', c]).collect(),
                    _ => name.to_lowercase().replace(' ', "_"),
                };
                record.set(feature, json!(spelt));
            }
        })?;
        Some(format!("{} spelt another way ({way}) in {:.0} %", self.name(feature), part * 100.0))
    }

    fn slid(&mut self) -> Option<String> {
        let features = self.world.contract.features.len();
        let part = self.part(0.3, 1.3).min(1.0);
        let places = if self.random.uniform() < 0.5 {
            let first = self.random.below(features - 2);
            vec![first, first + 1, first + 2]
        } else {
            let (a, b) = (self.feature(FeatureKind::Numeric), self.feature(FeatureKind::Numeric));
            let ((_, _, mean_a, sd_a), (_, _, mean_b, sd_b)) = (self.moments(a)?, self.moments(b)?);
            if (mean_a - mean_b).abs() < 1.5 * sd_a.max(sd_b) {
                return None;
            }
            vec![a, b]
        };
        self.change(part, 0.2, |record, _| {
            let values: Vec<Value> =
                places.iter().filter_map(|place| record.features.get(*place).map(|(_, value)| value.clone())).collect();
            for (index, place) in places.iter().enumerate() {
                let value = values.get((index + 1) % places.len()).cloned().unwrap_or(Value::Null);
                record.set(*place, value);
            }
        })?;
        let names: Vec<String> = places.iter().map(|place| self.name(*place)).collect();
        Some(format!("{} slid in {:.0} %", names.join(", "), part * 100.0))
    }

    fn renamed(&mut self) -> Option<String> {
        let feature = self.random.below(self.world.contract.features.len());
        let old = self.name(feature);
        let mut parts = old.split('_');
        let camel: String = parts.next()?.to_owned()
            + &parts
                .map(|part| part.chars().take(1).flat_map(char::to_uppercase).chain(part.chars().skip(1)).collect::<String>())
                .collect::<String>();
        let new = match self.random.below(4) {
            0 if camel != old => camel,
            1 => format!("f_{old}"),
            2 => format!("{old}_v2"),
            _ => format!("input_{feature}"),
        };
        let part = if self.random.uniform() < 0.6 { 1.0 } else { self.part(0.2, 0.95) };
        self.change(part, 0.15, |record, _| record.set(feature, Value::Null))?;
        // The value that the model no longer finds is there, under another name.
        let originals: Vec<Record> = self.world.days.range(..self.planted.window.end_ms).flat_map(|(_, day)| day.iter().cloned()).collect();
        let skip = originals.len() - self.planted.records.len();
        for (record, original) in self.planted.records.iter_mut().zip(originals.iter().skip(skip)) {
            let is_changed = record.features.get(feature) != original.features.get(feature);
            if let (true, Some((_, value))) = (is_changed, original.features.get(feature)) {
                record.features.push((new.clone(), value.clone()));
            }
        }
        Some(format!("{old} renamed to {new} in {:.0} %", part * 100.0))
    }

    fn unreadable(&mut self) -> String {
        let (files, lines) = (self.part(0.1, 0.8), self.part(0.08, 0.6));
        let hours = by_hour(&self.planted.records).into_keys().filter(|hour| *hour >= self.began);
        let hours = hours.filter(|_| self.random.uniform() < files).collect();
        self.planted.damage = Damage { hours, part: lines };
        format!("{:.0} % of the lines cut in {:.0} % of the files", lines * 100.0, files * 100.0)
    }

    /// Keeps records by a chance of their own.
    fn keep(&mut self, chance: impl Fn(&Record) -> f64) {
        let (began, random) = (self.began, &mut *self.random);
        self.planted.records.retain(|record| record.time_ms < began || random.uniform() < chance(record));
    }

    fn mix(&mut self) -> Option<String> {
        let feature = self.world.mixed_by.get(self.random.below(self.world.mixed_by.len())).copied()?;
        let value = self.planted.records.get(self.random.below(self.planted.records.len()))?.name(feature)?.to_owned();
        let factor = self.part(3.0, 8.0);
        let before = self.planted.records.len();
        self.keep(|record| if record.name(feature) == Some(&value) { 1.0 } else { 1.0 / factor });
        if self.planted.records.len() == before {
            return None;
        }
        Some(format!("{factor:.1} times as many {} = {value}", self.name(feature)))
    }

    fn selection(&mut self) -> Option<String> {
        let feature = self.feature(FeatureKind::Numeric);
        let (_, _, mean, sd) = self.moments(feature)?;
        let slope = self.part(1.6, 3.0) * if self.random.uniform() < 0.5 { -1.0 } else { 1.0 };
        // A choice by a value that hardly differs chooses nothing.
        let (low, high) = (self.quantile(feature, 0.2)?, self.quantile(feature, 0.8)?);
        if high - low < 0.5 * sd {
            return None;
        }
        self.keep(|record| record.number(feature).map_or(0.4, |value| 1.0 / (1.0 + (-slope * (value - mean) / sd).exp())));
        Some(format!("records chosen by {} with slope {slope:.1}", self.name(feature)))
    }

    /// Another answer to the same inputs, by the same version or by a new one.
    fn outputs(&mut self, version: &'static str) -> String {
        let shift = self.part(0.6, 1.2) * if self.random.uniform() < 0.5 { -1.0 } else { 1.0 };
        let by = if self.world.contract.task == tidegate_contract::Task::Regression { 0.3 * shift } else { 1.5 * shift };
        for record in self.planted.records.iter_mut().filter(|record| record.time_ms >= self.began) {
            record.version = version;
            (record.score, record.prediction) = (self.world.answer)(self.world.model.predict(record) + by);
        }
        format!("predictions moved by {by:.2}, version {version}")
    }
}
