//! Privileges that are not given up.

use daemonlab::sim::check::Config;
use daemonlab::sim::{Faults, Sys, invariants};
use daemonlab::sys::*;

use crate::mistake::Mistake;
use crate::parts::*;

fn gid() -> Option<Gid> {
    Some(Gid::from_raw(USER))
}

fn uid() -> Option<Uid> {
    Some(Uid::from_raw(USER))
}

/// Starts a process that becomes the user and serves, if it thinks it has.
fn start(sys: &Sys, becomes_user: impl Fn(&Sys) -> Result<()>) -> i32 {
    match sys.fork() {
        Err(_) => FAILED,
        Ok(Forked::Parent(_)) => 0,
        Ok(Forked::Child) => match becomes_user(sys) {
            Ok(()) => serve(sys),
            Err(_) => FAILED,
        },
    }
}

fn only_the_user_is_left() -> invariants::Invariant {
    invariants::no_privilege_left(USER, USER, &[USER])
}

/// Once the user id is given up, the group ids may not be changed any more;
/// nobody looks, and root's group is kept.
#[test]
fn setuid_before_setgid() {
    fn wrong(sys: Sys) -> i32 {
        start(&sys, |sys| {
            sys.setresuid(uid(), uid(), uid())?;
            let _ = sys.setresgid(gid(), gid(), gid());
            let _ = sys.setgroups(&[Gid::from_raw(USER)]);
            Ok(())
        })
    }
    fn right(sys: Sys) -> i32 {
        start(&sys, |sys| {
            sys.setgroups(&[Gid::from_raw(USER)])?;
            sys.setresgid(gid(), gid(), gid())?;
            sys.setresuid(uid(), uid(), uid())
        })
    }
    Mistake {
        test: "privileges::setuid_before_setgid",
        config: |_| Config::new().invariant(only_the_user_is_left()),
        breaks: "no privilege is left",
        wrong,
        right,
    }
    .prove();
}

/// `setresuid` can fail although root calls it (EAGAIN where the user has too
/// many processes), and the daemon serves as root.
#[test]
fn an_unchecked_setuid() {
    fn groups(sys: &Sys) -> Result<()> {
        sys.setgroups(&[Gid::from_raw(USER)])?;
        sys.setresgid(gid(), gid(), gid())
    }
    fn wrong(sys: Sys) -> i32 {
        start(&sys, |sys| {
            groups(sys)?;
            let _ = sys.setresuid(uid(), uid(), uid());
            Ok(())
        })
    }
    fn right(sys: Sys) -> i32 {
        start(&sys, |sys| {
            groups(sys)?;
            sys.setresuid(uid(), uid(), uid())
        })
    }
    Mistake {
        test: "privileges::an_unchecked_setuid",
        config: |_| {
            Config::new()
                .faults(1, Faults::ALL)
                .invariant(only_the_user_is_left())
        },
        breaks: "no privilege is left",
        wrong,
        right,
    }
    .prove();
}
