//! Capability sets.
//!
//! The three sets of capget(2) and capset(2) are read and written whole: the
//! crate `caps` changes one at a time, would leave the first changed where the
//! second is refused, and drops the bits that it has no name for. The ambient
//! and the bounding set, which the kernel keeps one bit at a time, are read
//! and written through it.

use caps::{CapSet, Capability};

use crate::sys::records::Capabilities;
use crate::sys::{Errno, Result};

/// `_LINUX_CAPABILITY_VERSION_3`: sets of 64 bits, in two halves.
const VERSION: u32 = 0x2008_0522;

#[repr(C)]
struct Header {
    version: u32,
    pid: libc::c_int,
}

/// One half of the three sets: 32 capabilities.
#[derive(Clone, Copy, Default)]
#[repr(C)]
struct Half {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// The calling thread.
const SELF: Header = Header {
    version: VERSION,
    pid: 0,
};

pub(super) fn get() -> Result<Capabilities> {
    let mut header = SELF;
    let mut halves = [Half::default(); 2];
    // SAFETY: version 3 has the kernel write two halves, and there are two.
    let got = unsafe { libc::syscall(libc::SYS_capget, &raw mut header, halves.as_mut_ptr()) };
    Errno::result(got)?;
    let [low, high] = halves;
    Ok(Capabilities {
        effective: join(low.effective, high.effective),
        permitted: join(low.permitted, high.permitted),
        inheritable: join(low.inheritable, high.inheritable),
        ambient: bits(CapSet::Ambient)?,
        bounding: bits(CapSet::Bounding)?,
    })
}

pub(super) fn set(sets: Capabilities) -> Result<()> {
    let half = |part: fn(u64) -> u32| Half {
        effective: part(sets.effective),
        permitted: part(sets.permitted),
        inheritable: part(sets.inheritable),
    };
    let mut header = SELF;
    let halves = [half(|bits| bits as u32), half(|bits| (bits >> 32) as u32)];
    // SAFETY: version 3 has the kernel read two halves, and there are two.
    let set = unsafe { libc::syscall(libc::SYS_capset, &raw mut header, halves.as_ptr()) };
    Errno::result(set)?;
    // Last, since a capability can only be ambient while it is permitted and
    // inheritable. From the lowest number up: the crate's own way through a set
    // has no order, so that what is ambient after a refusal would be another
    // thing in every run.
    let mut supported: Vec<Capability> =
        caps::runtime::thread_all_supported().into_iter().collect();
    supported.sort_unstable_by_key(Capability::index);
    for capability in supported {
        let set = match sets.ambient & capability.bitmask() {
            0 => caps::drop(None, CapSet::Ambient, capability),
            _ => caps::raise(None, CapSet::Ambient, capability),
        };
        // The crate's error is a sentence; the errno is still where the failing
        // prctl(2) left it.
        set.map_err(|_| Errno::last())?;
    }
    Ok(())
}

fn bits(set: CapSet) -> Result<u64> {
    let set = caps::read(None, set).map_err(|_| Errno::last())?;
    Ok(set
        .iter()
        .map(Capability::bitmask)
        .fold(0, |all, bit| all | bit))
}

fn join(low: u32, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}
