//! What one window's verdict is made from: the window, what came before it, and the digest that tells whether any of it changed.

use tidegate_contract::Contract;
use tidegate_lake::ListedPart;
use tidegate_monitoring::{History, Input, Verdict, Window, assess};
use tidegate_profile::{Baseline, Profile, ProfileError, WindowProfile};

use crate::{DriftError, grains::Pieces, profiles::Loader};

/// What one window's verdict is made from. At most [`Pieces::trail`]'s profiles, one for each other span, and those that are being read are in
/// memory at the same time.
#[derive(Debug)]
pub(crate) struct Inputs {
    window: Window,
    /// The window's records and files.
    pub(crate) current: WindowProfile,
    previous: Profile,
    same_hours: Vec<Profile>,
    week: Profile,
    /// Whether records reach back to the start of that week: half a week's ups and downs do not cancel.
    is_week_whole: bool,
    trail: Vec<(Window, Profile)>,
    /// Digest of everything that the verdict depends on.
    pub(crate) digest: String,
}

impl Inputs {
    /// Loads the pieces from the listed parts, which are in order of their hours.
    pub(crate) async fn load(window: Window, pieces: &Pieces, loader: &Loader<'_>, listed: Vec<ListedPart>) -> Result<Self, DriftError> {
        let oldest_ms = listed.first().map(|part| part.at.hour_ms);
        let mut inputs = Self {
            window,
            current: WindowProfile::new(loader.nothing()),
            previous: loader.nothing(),
            same_hours: pieces.same_hours.iter().map(|_| loader.nothing()).collect(),
            week: loader.nothing(),
            is_week_whole: pieces.week.first().zip(oldest_ms).is_some_and(|(first, oldest_ms)| oldest_ms <= first.start_ms),
            trail: Vec::new(),
            digest: String::new(),
        };
        let now = Box::pin(loader.load(&pieces.all(), listed, |piece, found| inputs.add(pieces, piece, found))).await?;
        inputs.digest = loader.digest(&now);
        inputs.same_hours.retain(|week| week.records > 0);
        Ok(inputs)
    }

    /// Adds an hour or day to every span that it is a piece of.
    fn add(&mut self, pieces: &Pieces, piece: Window, found: &WindowProfile) -> Result<(), ProfileError> {
        let is_of = |pieces: &[Window]| pieces.binary_search(&piece).is_ok();
        if is_of(&pieces.current) {
            self.current.merge(found)?;
        }
        for (sum, of) in [(&mut self.previous, &pieces.previous), (&mut self.week, &pieces.week)]
            .into_iter()
            .chain(self.same_hours.iter_mut().zip(&pieces.same_hours))
        {
            if is_of(of) {
                sum.merge(&found.profile)?;
            }
        }
        if is_of(&pieces.trail) && found.profile.records > 0 {
            self.trail.push((piece, found.profile.clone()));
        }
        Ok(())
    }

    /// The verdict. Windows in a lake are judged one after the other.
    pub(crate) fn verdict(&self, contract: &Contract, baseline: Option<&Baseline>) -> Verdict {
        let some = |profile| Some(profile).filter(|profile: &&Profile| profile.records > 0);
        assess(&Input {
            contract,
            window: self.window,
            baseline,
            current: &self.current,
            history: History {
                previous: some(&self.previous),
                same_hours: &self.same_hours,
                week: some(&self.week).filter(|_| self.is_week_whole),
                trail: &self.trail,
            },
            in_series: true,
        })
    }
}
