//! Who a process is, and what becomes of its capabilities when that changes
//! (`credentials(7)`, `capabilities(7)`).

use super::refusal::{Refusal, Result};
use crate::sys::records::{Capabilities, Ids};
use crate::sys::{Gid, Uid};

/// A capability that the model looks at, by its number in `capabilities(7)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "capabilities(7) says what each is")]
pub enum Capability {
    Chown = 0,
    DacOverride = 1,
    DacReadSearch = 2,
    FOwner = 3,
    FSetId = 4,
    Kill = 5,
    SetGid = 6,
    SetUid = 7,
    SetPCap = 8,
}

/// Every capability that Linux 5.9 and newer knows: 0 to 40.
pub const ALL_CAPABILITIES: u64 = (1 << 41) - 1;

/// The most supplementary groups (`NGROUPS_MAX`).
const MOST_GROUPS: usize = 65_536;

/// The credentials of a process. The file-system ids always follow the
/// effective ones: there is no call in the table that sets them apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Creds {
    /// User ids.
    pub uid: Ids,
    /// Group ids.
    pub gid: Ids,
    /// Supplementary groups, ascending, as the kernel keeps them.
    pub groups: Vec<u32>,
    /// Capability sets.
    pub caps: Capabilities,
}

/// What the user namespace of a machine allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IdRules {
    /// Ids below this one are mapped; another is EINVAL.
    pub mapped: u32,
    /// `/proc/PID/setgroups` says `deny`.
    pub setgroups_denied: bool,
    /// It is the initial one. In any other, even root's writes drop the set-id
    /// bits of a file (`capable(CAP_FSETID)` in fs/attr.c).
    pub initial: bool,
}

impl Creds {
    /// Root with every capability and no supplementary group.
    pub fn root() -> Creds {
        Creds {
            uid: all(0),
            gid: all(0),
            groups: Vec::new(),
            caps: Capabilities {
                effective: ALL_CAPABILITIES,
                permitted: ALL_CAPABILITIES,
                bounding: ALL_CAPABILITIES,
                ..Capabilities::default()
            },
        }
    }

    /// An ordinary user without capabilities.
    pub fn user(uid: u32, gid: u32) -> Creds {
        Creds {
            uid: all(uid),
            gid: all(gid),
            groups: Vec::new(),
            caps: Capabilities {
                bounding: ALL_CAPABILITIES,
                ..Capabilities::default()
            },
        }
    }

    /// Whether the effective set has `capability`.
    pub fn can(&self, capability: Capability) -> bool {
        self.caps.effective & (1 << capability as u32) != 0
    }

    /// Whether it is in the group: effective or supplementary.
    pub fn in_group(&self, gid: u32) -> bool {
        self.gid.effective == gid || self.groups.binary_search(&gid).is_ok()
    }

    /// Whether it may signal a process with the credentials `target`
    /// (`kill(2)`): real or effective id against the target's real or saved.
    pub fn may_signal(&self, target: &Creds) -> bool {
        let known = [target.uid.real, target.uid.saved];
        known.contains(&self.uid.effective)
            || known.contains(&self.uid.real)
            || self.can(Capability::Kill)
    }

    pub(super) fn set_uid(&mut self, uid: Uid, rules: &IdRules) -> Result<()> {
        let uid = mapped(uid.as_raw(), rules)?;
        let old = self.uid;
        if self.can(Capability::SetUid) {
            self.uid = all(uid);
        } else if uid == old.real || uid == old.saved {
            self.uid.effective = uid;
        } else {
            return Err(Refusal::MayNotSetUid);
        }
        self.follow_uids(old);
        Ok(())
    }

    pub(super) fn set_res_uid(&mut self, new: [Option<Uid>; 3], rules: &IdRules) -> Result<()> {
        let new = new.map(|uid| uid.map(Uid::as_raw));
        let old = self.uid;
        self.uid = changed(old, new, self.can(Capability::SetUid), rules)?;
        self.follow_uids(old);
        Ok(())
    }

    pub(super) fn set_gid(&mut self, gid: Gid, rules: &IdRules) -> Result<()> {
        let gid = mapped(gid.as_raw(), rules)?;
        if self.can(Capability::SetGid) {
            self.gid = all(gid);
        } else if gid == self.gid.real || gid == self.gid.saved {
            self.gid.effective = gid;
        } else {
            return Err(Refusal::MayNotSetGid);
        }
        Ok(())
    }

    pub(super) fn set_res_gid(&mut self, new: [Option<Gid>; 3], rules: &IdRules) -> Result<()> {
        let new = new.map(|gid| gid.map(Gid::as_raw));
        self.gid = changed(self.gid, new, self.can(Capability::SetGid), rules)?;
        Ok(())
    }

    pub(super) fn set_groups(&mut self, groups: &[Gid], rules: &IdRules) -> Result<()> {
        if !self.can(Capability::SetGid) {
            return Err(Refusal::MayNotSetGroups);
        }
        if rules.setgroups_denied {
            return Err(Refusal::SetGroupsDenied);
        }
        if groups.len() > MOST_GROUPS {
            return Err(Refusal::TooManyGroups);
        }
        let mut new = Vec::with_capacity(groups.len());
        for group in groups {
            new.push(mapped(group.as_raw(), rules)?);
        }
        new.sort_unstable();
        self.groups = new;
        Ok(())
    }

    /// capset(2), and then the ambient set one capability at a time, as the
    /// real backend does it: from the lowest number up, until one is refused.
    pub(super) fn set_capabilities(&mut self, sets: Capabilities) -> Result<()> {
        let old = self.caps;
        let [effective, permitted, inheritable] =
            [sets.effective, sets.permitted, sets.inheritable].map(|set| set & ALL_CAPABILITIES);
        let within = |set: u64, limit: u64| set & !limit == 0;
        let free = self.can(Capability::SetPCap);
        if !free && !within(inheritable, old.inheritable | old.permitted) {
            return Err(Refusal::InheritableUnheld);
        }
        if !within(inheritable, old.inheritable | old.bounding) {
            return Err(Refusal::InheritableUnbounded);
        }
        if !within(permitted, old.permitted) {
            return Err(Refusal::PermittedGrows);
        }
        if !within(effective, permitted) {
            return Err(Refusal::EffectiveUnpermitted);
        }
        self.caps = Capabilities {
            effective,
            permitted,
            inheritable,
            ambient: old.ambient & permitted & inheritable,
            bounding: old.bounding,
        };
        for bit in (0..=40).map(|number| 1 << number) {
            if sets.ambient & bit == 0 {
                self.caps.ambient &= !bit;
            } else if permitted & inheritable & bit == 0 {
                return Err(Refusal::AmbientUnheld);
            } else {
                self.caps.ambient |= bit;
            }
        }
        Ok(())
    }

    /// "Effect of user ID changes on capabilities", `capabilities(7)`; no
    /// securebit is ever set.
    fn follow_uids(&mut self, old: Ids) {
        let new = self.uid;
        let has_root = |ids: Ids| ids.real == 0 || ids.effective == 0 || ids.saved == 0;
        if has_root(old) && !has_root(new) {
            self.caps.permitted = 0;
            self.caps.effective = 0;
            self.caps.ambient = 0;
        }
        if old.effective == 0 && new.effective != 0 {
            self.caps.effective = 0;
        }
        if old.effective != 0 && new.effective == 0 {
            self.caps.effective = self.caps.permitted;
        }
    }
}

fn all(id: u32) -> Ids {
    Ids {
        real: id,
        effective: id,
        saved: id,
    }
}

fn mapped(id: u32, rules: &IdRules) -> Result<u32> {
    if id < rules.mapped {
        Ok(id)
    } else {
        Err(Refusal::IdUnmapped)
    }
}

fn changed(old: Ids, new: [Option<u32>; 3], free: bool, rules: &IdRules) -> Result<Ids> {
    for id in new.into_iter().flatten() {
        mapped(id, rules)?;
    }
    let mine = [old.real, old.effective, old.saved];
    if !free && new.into_iter().flatten().any(|id| !mine.contains(&id)) {
        return Err(Refusal::MayNotSetResIds);
    }
    let [real, effective, saved] = new;
    Ok(Ids {
        real: real.unwrap_or(old.real),
        effective: effective.unwrap_or(old.effective),
        saved: saved.unwrap_or(old.saved),
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const RULES: IdRules = IdRules {
        mapped: u32::MAX,
        setgroups_denied: false,
        initial: true,
    };

    fn uid(raw: u32) -> Uid {
        Uid::from_raw(raw)
    }

    #[test]
    fn setuid_by_root_gives_up_everything() {
        let mut creds = Creds::root();
        creds.set_uid(uid(7), &RULES).unwrap();
        assert!(creds.uid.all_are(7));
        assert_eq!(creds.caps.effective, 0);
        assert_eq!(creds.caps.permitted, 0);
        assert_eq!(creds.caps.bounding, ALL_CAPABILITIES);
        assert_eq!(creds.set_uid(uid(0), &RULES), Err(Refusal::MayNotSetUid));
    }

    #[test]
    fn a_saved_root_keeps_what_is_permitted_and_comes_back() {
        let mut creds = Creds::root();
        creds
            .set_res_uid([Some(uid(7)), Some(uid(7)), Some(uid(0))], &RULES)
            .unwrap();
        assert_eq!(creds.caps.effective, 0);
        assert_eq!(creds.caps.permitted, ALL_CAPABILITIES);
        creds.set_uid(uid(0), &RULES).unwrap();
        assert_eq!(creds.caps.effective, ALL_CAPABILITIES);
    }

    #[rstest]
    #[case::mine(Creds::user(7, 7), uid(7), Ok(()))]
    #[case::eperm_another(Creds::user(7, 7), uid(8), Err(Refusal::MayNotSetUid))]
    #[case::einval_unmapped(Creds::root(), uid(u32::MAX), Err(Refusal::IdUnmapped))]
    fn setuid_answers(#[case] mut creds: Creds, #[case] to: Uid, #[case] expected: Result<()>) {
        assert_eq!(creds.set_uid(to, &RULES), expected);
    }

    #[test]
    fn setgid_without_the_capability_is_eperm() {
        let mut creds = Creds::user(7, 7);
        assert_eq!(
            creds.set_gid(Gid::from_raw(8), &RULES),
            Err(Refusal::MayNotSetGid)
        );
        assert_eq!(
            creds.set_res_gid([None, Some(Gid::from_raw(8)), None], &RULES),
            Err(Refusal::MayNotSetResIds)
        );
    }

    #[test]
    fn setgid_does_nothing_to_capabilities() {
        let mut creds = Creds::root();
        creds.set_gid(Gid::from_raw(7), &RULES).unwrap();
        assert_eq!(creds.caps, Creds::root().caps);
    }

    #[rstest]
    #[case::eperm_without_the_capability(Creds::user(7, 7), RULES, Refusal::MayNotSetGroups)]
    #[case::eperm_where_denied(Creds::root(), IdRules { setgroups_denied: true, ..RULES }, Refusal::SetGroupsDenied)]
    #[case::einval_unmapped(Creds::root(), IdRules { mapped: 5, ..RULES }, Refusal::IdUnmapped)]
    fn setgroups_fails(#[case] mut creds: Creds, #[case] rules: IdRules, #[case] refusal: Refusal) {
        assert_eq!(creds.set_groups(&[Gid::from_raw(9)], &rules), Err(refusal));
    }

    #[test]
    fn setgroups_with_too_many_is_einval() {
        let many = vec![Gid::from_raw(1); MOST_GROUPS + 1];
        assert_eq!(
            Creds::root().set_groups(&many, &RULES),
            Err(Refusal::TooManyGroups)
        );
    }

    #[test]
    fn groups_are_kept_in_order() {
        let mut creds = Creds::root();
        let groups = [9, 3, 9].map(Gid::from_raw);
        creds.set_groups(&groups, &RULES).unwrap();
        assert_eq!(creds.groups, [3, 9, 9]);
        assert!(creds.in_group(9) && !creds.in_group(4));
    }

    #[rstest]
    #[case::less(Capabilities { effective: 1, permitted: 3, ..Capabilities::default() }, Ok(()))]
    #[case::eperm_effective(Capabilities { effective: 4, permitted: 3, ..Capabilities::default() }, Err(Refusal::EffectiveUnpermitted))]
    #[case::ambient(Capabilities { permitted: 3, inheritable: 1, ambient: 1, ..Capabilities::default() }, Ok(()))]
    #[case::eperm_ambient(Capabilities { permitted: 3, ambient: 1, ..Capabilities::default() }, Err(Refusal::AmbientUnheld))]
    fn capset_answers(#[case] sets: Capabilities, #[case] expected: Result<()>) {
        assert_eq!(Creds::root().set_capabilities(sets), expected);
    }

    #[test]
    fn capset_never_grows_what_is_permitted() {
        let mut creds = Creds::root();
        creds.set_capabilities(Capabilities::default()).unwrap();
        let more = Capabilities {
            permitted: 1,
            ..Capabilities::default()
        };
        assert_eq!(creds.set_capabilities(more), Err(Refusal::PermittedGrows));
    }

    #[rstest]
    #[case::same(7, 7, true)]
    #[case::root(0, 7, true)]
    #[case::another(8, 7, false)]
    fn who_may_signal_whom(#[case] from: u32, #[case] to: u32, #[case] may: bool) {
        let from = if from == 0 {
            Creds::root()
        } else {
            Creds::user(from, from)
        };
        assert_eq!(from.may_signal(&Creds::user(to, to)), may);
    }

    #[test]
    fn the_saved_id_of_the_target_counts_and_its_effective_does_not() {
        let mut target = Creds::root();
        target
            .set_res_uid([Some(uid(1)), Some(uid(7)), Some(uid(2))], &RULES)
            .unwrap();
        assert!(Creds::user(1, 1).may_signal(&target));
        assert!(Creds::user(2, 2).may_signal(&target));
        assert!(!Creds::user(7, 7).may_signal(&target));
    }
}
