//! Ids, groups and capabilities.

use daemonlab::sys::call::Call;
use daemonlab::sys::records::Capabilities;
use daemonlab::sys::{Gid, Uid};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::scenery::UNMAPPED;

pub(super) fn id() -> impl Strategy<Value = u32> {
    prop_oneof![
        3 => Just(0_u32),
        5 => Just(1000_u32),
        2 => Just(1001_u32),
        2 => Just(2000_u32),
        1 => Just(UNMAPPED),
        1 => Just(u32::MAX),
    ]
}

pub(super) fn credentials() -> BoxedStrategy<Call> {
    let uid = || option::of(id().prop_map(Uid::from_raw));
    let gid = || option::of(id().prop_map(Gid::from_raw));
    let bits = || {
        prop_oneof![
            2 => Just(0_u64),
            2 => any::<u64>().prop_map(|bits| bits & 0xff),
            2 => Just(u64::MAX),
        ]
    };
    let sets = (
        bits(),
        bits(),
        bits(),
        prop_oneof![3 => Just(0_u64), 1 => bits()],
    );
    prop_oneof![
        3 => Just(Call::GetResUid),
        2 => Just(Call::GetResGid),
        2 => Just(Call::GetGroups),
        2 => vec(id().prop_map(Gid::from_raw), 0..4).prop_map(|groups| Call::SetGroups { groups }),
        5 => (uid(), uid(), uid()).prop_map(|(real, effective, saved)| Call::SetResUid { real, effective, saved }),
        2 => (gid(), gid(), gid()).prop_map(|(real, effective, saved)| Call::SetResGid { real, effective, saved }),
        2 => id().prop_map(|id| Call::SetUid { uid: Uid::from_raw(id) }),
        2 => id().prop_map(|id| Call::SetGid { gid: Gid::from_raw(id) }),
        3 => Just(Call::GetCapabilities),
        1 => sets.prop_map(|(effective, permitted, inheritable, ambient)| Call::SetCapabilities {
            sets: Capabilities { effective, permitted, inheritable, ambient, bounding: 0 },
        }),
    ]
    .boxed()
}
