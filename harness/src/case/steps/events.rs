//! Looking at what has happened until it is as expected.

use crate::expect::{Outlook, judge_events};
use crate::scenario::claims::Events;

use super::super::watch::{Look, Trouble};
use super::state::{Steps, unresolved};

impl Steps<'_> {
    pub(super) fn events(&mut self, events: &Events) -> Result<(), Trouble> {
        self.until(events.within, |steps| {
            steps.watch.catch_up()?;
            let heard = steps.watch.heard(&events.launch.value);
            let (mut broken, mut lacking) = (Vec::new(), Vec::new());
            for claim in &events.claims {
                match judge_events(claim, &heard, &steps.scope).map_err(unresolved)? {
                    Outlook::Holds => {}
                    Outlook::NotYet(failure) => lacking.push(failure),
                    Outlook::Broken(failure) => broken.push(failure),
                }
            }
            Ok(match (broken.is_empty(), lacking.is_empty()) {
                (true, true) => Look::Seen(()),
                (true, false) => Look::NotYet(lacking),
                (false, _) => Look::Never(broken),
            })
        })
    }
}
