//! Whether events happen in an order.

use crate::scenario::Scope;
use crate::scenario::claims::{Claim, Item, Which};
use crate::scenario::template::Unresolved;

use super::Outlook;
use super::heard::{Heard, Relation};

/// Each item's events come before those of the next: of an item, the first
/// that matches, the last, or every one.
pub(super) fn judge(
    claim: &Claim,
    items: &[Item],
    heard: &Heard<'_>,
    scope: &Scope,
) -> Result<Outlook, Unresolved> {
    let mut found = Vec::new();
    for item in items {
        found.push(heard.matching(&item.event, scope)?);
    }
    for (n, ((item, next), places)) in items
        .iter()
        .zip(&items[1..])
        .zip(found.iter().zip(&found[1..]))
        .enumerate()
    {
        let Some(end) = item.end(places.0) else {
            continue;
        };
        // One that was over later may have begun earlier, so that of all
        // that are meant each is looked at.
        let lie = |begin: &usize| {
            let relation = heard.moment(end).relation(&heard.moment(*begin));
            (*begin, relation)
        };
        let mut lie = next.meant(places.1).iter().map(lie);
        let Some((begin, relation)) = lie.find(|(_, relation)| *relation != Relation::Before)
        else {
            continue;
        };
        let label = match relation {
            Relation::Before | Relation::After => {
                format!("expected after {}, came before", item.shown())
            }
            Relation::Overlap => format!(
                "it overlaps with {}, so their order cannot be told",
                item.shown()
            ),
        };
        let mut failure = heard.failure(claim, next.event.span, label);
        failure.expected = format!("{} before {}", item.shown(), next.shown());
        failure.actual = match relation {
            Relation::Overlap => "both at once".into(),
            _ => "the other way round".into(),
        };
        let marks = [(end, (n + 1).to_string()), (begin, (n + 2).to_string())];
        let failure = heard.evidence(failure, &marks);
        return Ok(match next.which {
            // A later one may still come after.
            Which::Last => Outlook::NotYet(failure),
            Which::First | Which::Every => Outlook::Broken(failure),
        });
    }
    for (item, places) in items.iter().zip(&found) {
        if places.is_empty() {
            let label = "expected such an event, there was none";
            let mut failure = heard.failure(claim, item.event.span, label);
            failure.expected = item.event.shown.clone();
            return Ok(Outlook::NotYet(heard.missing(
                failure,
                &item.event,
                scope,
            )?));
        }
    }
    Ok(Outlook::Holds)
}

impl Item {
    /// Those of the places of its events that are meant.
    fn meant<'p>(&self, places: &'p [usize]) -> &'p [usize] {
        match self.which {
            Which::First => &places[..places.len().min(1)],
            Which::Last => &places[places.len().saturating_sub(1)..],
            Which::Every => places,
        }
    }

    /// Where it ends.
    fn end(&self, places: &[usize]) -> Option<usize> {
        self.meant(places).last().copied()
    }

    fn shown(&self) -> String {
        match self.which {
            Which::First => self.event.shown.clone(),
            which => format!("{} {}", which.name(), self.event.shown),
        }
    }
}
