//! Dynamic partial-order reduction with sleep sets: one execution for each
//! order that matters.
//!
//! Follows C. Flanagan and P. Godefroid, "Dynamic Partial-Order Reduction for
//! Model Checking Software" (POPL 2005): run anything; wherever two operations
//! of different tasks conflict and nothing but luck put one before the other,
//! go back to before the first and let the other side go ahead. Vector clocks
//! tell what happened before what. Sleep sets (P. Godefroid,
//! "Partial-Order Methods for the Verification of Concurrent Systems", 1996)
//! keep it from running an order that only swaps operations which commute; an
//! execution that would is abandoned.
//!
//! Deviations and additions:
//!
//! - An operation may go in several *ways*: as it should, by a fault, by its
//!   timer. Where a task is let go ahead, it goes all of them, each with its
//!   own footprint. A bound on faults needs no conflict between faults: an
//!   order and its equivalents have equally many of them, so that the search
//!   for those with few is closed in itself.
//! - A fault is never bound to happen. So a task that only a fault can move is
//!   no reason to leave out the others; it is let go where it races, where all
//!   else is asleep, and where nothing else is left to go.
//! - A task that waits has a way too, if its timer can fire. That it *also*
//!   might have gone on as it should, had another task been faster, is a race
//!   that the footprint of the way alone need not show: here the footprint of
//!   the operation as such counts as well.
//! - A task that another one ends has an operation left that will never
//!   happen. That, too, is a race with whoever ended it.
//! - Where timers fire only when all else is idle ([`Timers::WhenIdle`]), all
//!   of them are tried at each idle point, and one that fires counts as in
//!   conflict with everything: what comes after it could not have come before.
//! - "May be co-enabled" is taken to be always true: more is tried than needed.
//!
//! # A bound on preemptions
//!
//! Cut off by a bound, a reduction is unsound: of two equivalent executions the
//! one that is run may be beyond it, and the one that is left out within.
//! K. Coons, M. Musuvathi and K. McKinley, "Bounded Partial-Order Reduction"
//! (OOPSLA 2013), go back to more places for that and do without sleep sets;
//! I. Marmanis, M. Kokologiannakis and V. Vafeiadis, "Reconciling Preemption
//! Bounding with DPOR" (TACAS 2023), go a little beyond the bound. Here it is
//! the difference in cost between equivalent executions that decides what is
//! tried:
//!
//! - Whoever can go on without a preemption goes on first. To move that step
//!   before what others do never costs a preemption more, so that it alone
//!   suffices until it is seen to race.
//! - Where it races, *all* others are let go ahead, and not only one that leads
//!   to the race: by which of them it takes the fewest preemptions is not known.
//! - Where whoever went before cannot go on, to switch is free, and all are
//!   tried at once.
//! - What was tried sleeps on by *visits*: all that a task does from when it is
//!   let go to when another one is. A whole visit can be moved to before others
//!   at no cost, where its first step alone would be two switches for one. So
//!   it sleeps until something conflicts with any step that was seen in it, or
//!   with what was waited for at its end.
//! - Nor may what sleeps keep a task going that has stopped meanwhile: switching
//!   from that one was free because of it.
//! - Nor does a fault sleep on where a timer of its task could fire before and no
//!   more: what strikes a task that is blocked is no switch.
//!
//! So each class that has an execution within the bound is reached, by one that
//! is within it. Tests hold this against the plain search, class by class.
//!
//! Complete within its bounds, if the model's footprints are honest; see
//! [`audit`](fn@crate::explore::audit). With a bound on the rounds of loops,
//! faults of later rounds are left out as the bound says.
//!
//! [`Timers::WhenIdle`]: crate::explore::Timers::WhenIdle

mod event;
mod frame;
mod races;
mod search;
mod sleep;
mod switch;
#[cfg(test)]
mod tests;

pub use search::Dpor;
