//! Ids, groups and capabilities that one may not have.

use daemonlab::sim::kernel::{ALL_CAPABILITIES, Capability, Refusal as R};
use daemonlab::sys::call::Call;
use daemonlab::sys::records::Capabilities;

use super::calls::*;
use super::case::{Case, alone};
use crate::program::Start;
use crate::scenery::UNMAPPED;

const KILL: u64 = 1 << Capability::Kill as u32;
const SETPCAP: u64 = 1 << Capability::SetPCap as u32;

pub fn cases() -> Vec<Case> {
    let mut cases = ids();
    cases.extend(capabilities());
    cases
}

fn ids() -> Vec<Case> {
    vec![
        alone(
            "setuid_to_an_unmapped_id",
            R::IdUnmapped,
            [set_uid(UNMAPPED)],
        ),
        alone(
            "setresuid_to_an_unmapped_id",
            R::IdUnmapped,
            [become_user(UNMAPPED)],
        ),
        alone(
            "setuid_back_to_root",
            R::MayNotSetUid,
            [set_uid(1000), set_uid(0)],
        )
        .with_many_ids(),
        alone(
            "setgid_by_who_is_not_root",
            R::MayNotSetGid,
            [set_uid(1000), set_gid(1000)],
        )
        .with_many_ids(),
        alone(
            "setresuid_back_to_root",
            R::MayNotSetResIds,
            [set_uid(1000), become_user(0)],
        )
        .with_many_ids(),
        alone(
            "setgroups_by_who_is_not_root",
            R::MayNotSetGroups,
            [set_uid(1000), set_groups(Vec::new())],
        )
        .with_many_ids(),
        alone(
            "setgroups_where_it_is_denied",
            R::SetGroupsDenied,
            [set_groups(Vec::new())],
        )
        .with_one_id(),
        alone(
            "setgroups_with_too_many",
            R::TooManyGroups,
            [set_groups(vec![0; 65_537])],
        )
        .with_many_ids(),
        alone(
            "setgroups_with_an_unmapped_id",
            R::IdUnmapped,
            [set_groups(vec![UNMAPPED])],
        )
        .with_many_ids(),
    ]
}

fn capabilities() -> Vec<Case> {
    let set = |effective, permitted, inheritable, ambient| Call::SetCapabilities {
        sets: Capabilities {
            effective,
            permitted,
            inheritable,
            ambient,
            bounding: 0,
        },
    };
    let all_but = |bits: u64| ALL_CAPABILITIES & !bits;
    vec![
        alone(
            "capset_of_an_inheritable_that_is_not_permitted",
            R::InheritableUnheld,
            [
                set(all_but(KILL | SETPCAP), all_but(KILL), 0, 0),
                set(all_but(KILL | SETPCAP), all_but(KILL), KILL, 0),
            ],
        ),
        alone(
            "capset_of_an_inheritable_out_of_bounds",
            R::InheritableUnbounded,
            [set(ALL_CAPABILITIES, ALL_CAPABILITIES, KILL, 0)],
        )
        .started(Start::WithoutKillInBounds),
        alone(
            "capset_of_more_than_is_permitted",
            R::PermittedGrows,
            [set(0, 0, 0, 0), set(0, 1, 0, 0)],
        ),
        alone(
            "capset_of_an_effective_that_is_not_permitted",
            R::EffectiveUnpermitted,
            [set(4, 3, 0, 0)],
        ),
        alone(
            "capset_of_an_ambient_that_is_not_inheritable",
            R::AmbientUnheld,
            [set(3, 3, 0, 1)],
        ),
    ]
}
