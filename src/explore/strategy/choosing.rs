//! What a strategy is.

use crate::explore::bounds::Bounds;
use crate::explore::point::Point;

/// Makes the choices of one execution after the other.
///
/// The explorer calls [`begin`](Strategy::begin) before every execution,
/// [`choose`](Strategy::choose) at every point of it that has a candidate,
/// also where there is only one, and [`end`](Strategy::end) after it, however
/// it ended. A strategy sees everything through these calls and keeps what it
/// needs: an execution that begins with the same choices comes to the same
/// points.
pub trait Strategy {
    /// What the report calls it, with its parameters.
    fn name(&self) -> String;

    /// Begins an execution and gives the bounds that it has to keep to; `None`
    /// when there is nothing left to try.
    fn begin(&mut self) -> Option<Bounds>;

    /// Chooses at a point with at least one candidate.
    fn choose(&mut self, point: &Point<'_>) -> Pick;

    /// The execution has ended at this point: by itself, by a bound or by
    /// [`Pick::Abandon`].
    fn end(&mut self, last: &Point<'_>);

    /// From which point of the execution that was begun footprints and labels
    /// are wanted, counted in steps; `None` for nowhere. Only a reduction needs
    /// them, and only where it has not been before; they cost time.
    fn wants_footprints(&self) -> Option<usize> {
        None
    }

    /// Whether having nothing left means that everything within the bounds
    /// was tried.
    fn is_exhaustive(&self) -> bool;
}

/// What a strategy chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// This candidate goes in this way. Nobody goes the way 0.
    Go {
        /// The index in [`Point::candidates`].
        candidate: usize,
        /// The index in [`Point::offered`].
        way: usize,
    },
    /// Whatever follows is known already: the execution is dropped unjudged.
    Abandon,
}

impl Pick {
    /// The choice 0: go on, no fault.
    pub const GO_ON: Pick = Pick::Go {
        candidate: 0,
        way: 0,
    };
}

/// The first choices of an execution: which candidate, in which of its ways.
pub(in crate::explore) type Prefix = Vec<(u16, u16)>;
