//! Seeded mistakes: the simulated kernel, lying in one way each. A test that
//! believes one of them would believe a wrong model.

use std::ffi::{OsStr, OsString};

use daemonlab::sim::kernel::Rules;
use daemonlab::sys::call::{Call, Ret};
use daemonlab::sys::records::*;
use daemonlab::sys::{Environment, Errno, Gid, Group, Kernel, Pid, Result, SignalSet, User, Users};

use crate::scenery::Range;

macro_rules! lies {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A mistake.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Lie {
            $($(#[$doc])* $name,)*
        }

        impl Lie {
            /// Every one.
            pub const ALL: &[Lie] = &[$(Lie::$name,)*];
        }
    };
}

lies! {
    /// umask(2) changes nothing.
    UmaskIsForgotten,
    /// setuid(2) by root leaves the real and the saved id.
    SetUidIsEffectiveOnly,
    /// setgid(2) by root leaves the real and the saved id.
    SetGidIsEffectiveOnly,
    /// setgroups(2) changes nothing.
    GroupsAreForgotten,
    /// An id that is mapped nowhere can be taken.
    EveryIdIsMapped,
    /// `O_EXCL` is not looked at.
    OpenIsNeverExclusive,
    /// `O_APPEND` is not looked at.
    NothingIsAppended,
    /// `O_TRUNC` is not looked at.
    NothingIsTruncated,
    /// `RENAME_NOREPLACE` is not looked at.
    RenameAlwaysReplaces,
    /// fstatat(2) follows the last link, whatever is asked for.
    StatAlwaysFollows,
    /// A file system that is mounted read-only can be changed.
    NothingIsReadOnly,
    /// A shared lock excludes other shared ones.
    SharedLocksExclude,
    /// `LOCK_UN` leaves the lock.
    UnlockIsForgotten,
    /// `SIG_BLOCK` puts the set in place of the mask.
    BlockReplacesTheMask,
    /// No signal is ever seen pending.
    NothingIsPending,
    /// A signal with a handler is ignored: it interrupts nothing.
    HandlersAreIgnored,
    /// Signal 0 can be sent to anybody, there or not.
    NobodyIsMissed,
    /// ppoll(2) leaves the signal mask as it is.
    PollHasNoMask,
    /// `WNOHANG` says ECHILD while the child runs.
    NoHangHasNoChild,
    /// Orphans go to init, whoever is a subreaper.
    SubreapersAreForgotten,
    /// getppid(2) always says init.
    EverybodyIsAnOrphan,
    /// A pipe holds one page less.
    PipesAreShort,
    /// A process may have one descriptor more.
    OneMoreDescriptor,
    /// One datagram more can wait at a socket.
    OneMoreDatagram,
    /// Descriptors that come with a message are dropped.
    NoDescriptorComes,
    /// In every user namespace root's writes leave set-id bits.
    SetIdBitsStay,
}

impl Lie {
    /// Whether it makes a difference where these ids are.
    pub fn can_be_told(self, range: Range) -> bool {
        let of_ids = matches!(
            self,
            Lie::SetUidIsEffectiveOnly
                | Lie::SetGidIsEffectiveOnly
                | Lie::GroupsAreForgotten
                | Lie::EveryIdIsMapped
                | Lie::SetIdBitsStay
        );
        range == Range::Many || !of_ids
    }

    /// What the lie makes of a machine's rules.
    pub fn bend(self, rules: &mut Rules) {
        match self {
            Lie::EveryIdIsMapped => rules.ids.mapped = u32::MAX,
            Lie::NothingIsReadOnly => rules.read_only.clear(),
            Lie::PipesAreShort => rules.pipe_pages -= 1,
            Lie::OneMoreDescriptor => rules.most_fds += 1,
            Lie::OneMoreDatagram => rules.waiting_datagrams += 1,
            Lie::SetIdBitsStay => rules.ids.initial = true,
            _ => {}
        }
    }

    fn call<S: Kernel>(self, truth: &S, call: Call) -> Result<Ret> {
        let call = match (self, call) {
            (Lie::UmaskIsForgotten, Call::Umask { .. }) => return Ok(Ret::Mode(0o022)),
            (Lie::SetUidIsEffectiveOnly, Call::SetUid { uid }) => Call::SetResUid {
                real: None,
                effective: Some(uid),
                saved: None,
            },
            (Lie::SetGidIsEffectiveOnly, Call::SetGid { gid }) => Call::SetResGid {
                real: None,
                effective: Some(gid),
                saved: None,
            },
            (Lie::GroupsAreForgotten, Call::SetGroups { .. })
            | (Lie::SubreapersAreForgotten, Call::SetChildSubreaper { .. })
            | (
                Lie::UnlockIsForgotten,
                Call::Flock {
                    lock: Lock::Unlock, ..
                },
            )
            | (Lie::NobodyIsMissed, Call::Kill { signal: None, .. }) => return Ok(Ret::Unit),
            (Lie::OpenIsNeverExclusive, call) => opened(call, |how| how.exclusive = false),
            (Lie::NothingIsAppended, call) => opened(call, |how| how.append = false),
            (Lie::NothingIsTruncated, call) => opened(call, |how| how.truncate = false),
            (Lie::RenameAlwaysReplaces, Call::Rename { dir, from, to, .. }) => Call::Rename {
                dir,
                from,
                to,
                replace: Replace::Yes,
            },
            (Lie::StatAlwaysFollows, Call::Stat { dir, path, .. }) => Call::Stat {
                dir,
                path,
                follow: Follow::Yes,
            },
            (
                Lie::SharedLocksExclude,
                Call::Flock {
                    fd,
                    lock: Lock::Shared,
                },
            ) => Call::Flock {
                fd,
                lock: Lock::Exclusive,
            },
            (
                Lie::BlockReplacesTheMask,
                Call::SigMask {
                    how: MaskHow::Block,
                    set,
                },
            ) => Call::SigMask {
                how: MaskHow::Set,
                set,
            },
            (Lie::NothingIsPending, Call::SigPending) => {
                return Ok(Ret::Signals(SignalSet::EMPTY));
            }
            (
                Lie::HandlersAreIgnored,
                Call::SigAction {
                    signal,
                    disposition: Disposition::Interrupt,
                },
            ) => Call::SigAction {
                signal,
                disposition: Disposition::Ignore,
            },
            (Lie::PollHasNoMask, Call::Poll { fds, timeout, .. }) => Call::Poll {
                fds,
                timeout,
                mask: None,
            },
            (Lie::EverybodyIsAnOrphan, Call::GetPpid) => return Ok(Ret::Pid(Pid::from_raw(1))),
            (Lie::NoDescriptorComes, Call::Receive { fd, max_bytes, .. }) => Call::Receive {
                fd,
                max_bytes,
                max_fds: 0,
            },
            (_, call) => call,
        };
        match (self, truth.call(call)) {
            (Lie::NoHangHasNoChild, Ok(Ret::Waited(None))) => Err(Errno::ECHILD),
            (_, answer) => answer,
        }
    }
}

fn opened(mut call: Call, change: impl FnOnce(&mut OpenHow)) -> Call {
    if let Call::Open { how, .. } = &mut call {
        change(how);
    }
    call
}

/// A kernel that makes a mistake.
#[derive(Clone)]
pub struct Lying<S> {
    truth: S,
    lie: Lie,
}

impl<S: Kernel> Lying<S> {
    pub fn new(truth: S, lie: Lie) -> Lying<S> {
        Lying { truth, lie }
    }
}

impl<S: Kernel> Kernel for Lying<S> {
    fn call(&self, call: Call) -> Result<Ret> {
        self.lie.call(&self.truth, call)
    }
}

impl<S: Users> Users for Lying<S> {
    fn user(&self, name: &str) -> Result<Option<User>> {
        self.truth.user(name)
    }

    fn group(&self, name: &str) -> Result<Option<Group>> {
        self.truth.group(name)
    }

    fn group_list(&self, user: &str, gid: Gid) -> Result<Vec<Gid>> {
        self.truth.group_list(user, gid)
    }
}

impl<S: Environment> Environment for Lying<S> {
    fn args(&self) -> Vec<OsString> {
        self.truth.args()
    }

    fn var(&self, name: &str) -> Option<OsString> {
        self.truth.var(name)
    }

    fn vars(&self) -> Vec<(OsString, OsString)> {
        self.truth.vars()
    }

    fn set_var(&self, name: &OsStr, value: &OsStr) {
        self.truth.set_var(name, value);
    }

    fn remove_var(&self, name: &OsStr) {
        self.truth.remove_var(name);
    }
}
