//! The kinds of trouble that are planted, and what a right verdict says of each.

use tidegate_monitoring::{ActionKind, CauseKind, Fault};

/// A kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trouble {
    Nothing,
    Missing,
    Type,
    Placeholder,
    NoName,
    OutOfRange,
    UnitPower,
    UnitTemperature,
    UnitEpoch,
    StuckValue,
    StuckName,
    Clipped,
    Rounded,
    CutOff,
    Slid,
    Respelt,
    Renamed,
    Unreadable,
    Mix,
    Selection,
    RealDrift,
    Prediction,
    Version,
    Season,
}

impl Trouble {
    pub(crate) const ALL: [Self; 24] = [
        Self::Missing,
        Self::Type,
        Self::Placeholder,
        Self::NoName,
        Self::OutOfRange,
        Self::UnitPower,
        Self::UnitTemperature,
        Self::UnitEpoch,
        Self::StuckValue,
        Self::StuckName,
        Self::Clipped,
        Self::Rounded,
        Self::CutOff,
        Self::Respelt,
        Self::Slid,
        Self::Renamed,
        Self::Unreadable,
        Self::Mix,
        Self::Selection,
        Self::RealDrift,
        Self::Prediction,
        Self::Version,
        Self::Season,
        Self::Nothing,
    ];

    /// What was done.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Missing => "values missing",
            Self::Type => "numbers as text",
            Self::Placeholder => "placeholder (-999, 9999 …)",
            Self::NoName => "word for no name (N/A, unknown …)",
            Self::OutOfRange => "outside the contract's range",
            Self::UnitPower => "unit ×10, ×100, ×1,000 and inverses",
            Self::UnitTemperature => "unit °F to °C, mm to inches",
            Self::UnitEpoch => "epoch seconds to milliseconds",
            Self::StuckValue => "a value stuck",
            Self::StuckName => "a name in the place of others",
            Self::Clipped => "clipped",
            Self::Rounded => "rounded",
            Self::CutOff => "text cut off",
            Self::Slid => "columns swapped or slid",
            Self::Respelt => "case, quotes, padding, encoding",
            Self::Renamed => "feature renamed",
            Self::Unreadable => "unreadable lines",
            Self::Mix => "population mix",
            Self::Selection => "covariate drift, planted",
            Self::RealDrift => "covariate drift, real",
            Self::Prediction => "predictions moved",
            Self::Version => "new version",
            Self::Season => "weekend unlike weekday",
        }
    }

    /// What a right verdict calls it.
    pub(crate) fn truth(self) -> Call {
        let fault = match self {
            Self::Missing => Fault::Missing,
            Self::Type => Fault::Type,
            Self::Placeholder | Self::NoName | Self::OutOfRange => Fault::Range,
            Self::UnitPower | Self::UnitTemperature | Self::UnitEpoch => Fault::Unit,
            Self::StuckValue | Self::StuckName | Self::Clipped | Self::Rounded => Fault::Stuck,
            Self::CutOff => Fault::Truncated,
            Self::Slid => Fault::ShiftedColumns,
            Self::Respelt => Fault::Encoding,
            Self::Renamed => Fault::Renamed,
            Self::Unreadable => Fault::Unreadable,
            Self::Nothing => return Call::of(CauseKind::None, ActionKind::None),
            Self::Mix => return Call::of(CauseKind::PopulationShift, ActionKind::Retrain),
            Self::Selection | Self::RealDrift => return Call::of(CauseKind::CovariateDrift, ActionKind::Retrain),
            Self::Prediction => return Call::of(CauseKind::PredictionDrift, ActionKind::Investigate),
            Self::Season => return Call::of(CauseKind::Season, ActionKind::None),
            Self::Version => return Call::of(CauseKind::VersionChange, ActionKind::Investigate),
        };
        Call { kind: CauseKind::DataFault, fault: Some(fault), action: ActionKind::MendData }
    }
}

/// Cause and action of a verdict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Call {
    pub(crate) kind: CauseKind,
    pub(crate) fault: Option<Fault>,
    pub(crate) action: ActionKind,
}

impl Call {
    fn of(kind: CauseKind, action: ActionKind) -> Self {
        Self { kind, fault: None, action }
    }

    /// The cause in a word.
    pub(crate) fn cause_word(self) -> &'static str {
        match (self.kind, self.fault) {
            (CauseKind::DataFault, Some(fault)) => match fault {
                Fault::Missing => "missing",
                Fault::Type => "type",
                Fault::Range => "range",
                Fault::Unit => "unit",
                Fault::Stuck => "stuck",
                Fault::Truncated => "truncated",
                Fault::ShiftedColumns => "shifted",
                Fault::Encoding => "encoding",
                Fault::Renamed => "renamed",
                Fault::Unreadable => "unreadable",
            },
            (CauseKind::DataFault, None) => "data fault",
            (CauseKind::None, _) => "nothing",
            (CauseKind::Season, _) => "season",
            (CauseKind::PopulationShift, _) => "population",
            (CauseKind::CovariateDrift, _) => "covariate",
            (CauseKind::PredictionDrift, _) => "prediction",
            (CauseKind::VersionChange, _) => "version",
            (CauseKind::ConceptDrift, _) => "concept-drift",
            (CauseKind::ModelFault, _) => "model-fault",
            (CauseKind::Unknown, _) => "unknown",
        }
    }

    /// The action in a word.
    pub(crate) fn action_word(self) -> &'static str {
        match self.action {
            ActionKind::None => "nothing",
            ActionKind::Watch => "watch",
            ActionKind::MendData => "mend",
            ActionKind::Retrain => "retrain",
            ActionKind::RollBack => "roll-back",
            ActionKind::Investigate => "investigate",
            ActionKind::Supply => "supply",
        }
    }
}
