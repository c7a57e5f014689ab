use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{Ended, KillTarget, PollFd, WaitFor, WaitMode, Waited};
use daemonlab::sys::{Credentials, records::Disposition};
use daemonlab::sys::{Errno, Files, Pid, Pipes, Process, Signal, Signals, Uid, Waiting};
use nix::sys::resource::{Resource, setrlimit};
use rstest::rstest;

use crate::support::{alone, alone_as_root, child, end_of, forked, interrupt_for_ever};

/// Beyond what the kernel ever gives out (`/proc/sys/kernel/pid_max` ends at
/// 2^22).
const NOBODY: i32 = i32::MAX;

#[test]
fn fork_returns_twice_with_the_pids_that_both_sides_see() {
    alone(|| {
        let (read, write) = Linux.pipe().unwrap();
        let parent = Linux.getpid().unwrap();
        let pid = child(|| {
            assert_eq!(Linux.getppid(), Ok(parent));
            let own = Linux.getpid().unwrap().to_string();
            Linux.write(write.raw(), own.as_bytes()).unwrap();
        });
        assert_eq!(end_of(pid), Ended::Exited(0));
        assert_eq!(
            Linux.read(read.raw(), 16).unwrap(),
            pid.to_string().into_bytes()
        );
    });
}

#[test]
fn fork_meets_the_limit_of_processes() {
    alone_as_root(|| {
        forked(|| {
            // Only someone without capabilities is held to the limit.
            Linux.setuid(Uid::from_raw(4321)).unwrap();
            setrlimit(Resource::RLIMIT_NPROC, 0, 0).unwrap();
            assert_eq!(Linux.fork(), Err(Errno::EAGAIN));
        });
    });
}

#[rstest]
#[case(0, 0)]
#[case(7, 7)]
#[case(255, 255)]
#[case(256 + 7, 7)]
#[case(-1, 255)]
fn an_exit_status_is_its_low_eight_bits(#[case] given: i32, #[case] seen: i32) {
    alone(|| {
        let pid = child(|| Linux.exit(given));
        assert_eq!(end_of(pid), Ended::Exited(seen));
    });
}

#[rstest]
#[case(Signal::TERM)]
#[case(Signal::KILL)]
#[case(Signal::new(34).unwrap())]
#[case(Signal::new(64).unwrap())]
fn a_signal_that_killed_is_named(#[case] signal: Signal) {
    alone(|| {
        let pid = child(|| {
            let own = Linux.getpid().unwrap();
            Linux.kill(KillTarget::Process(own), Some(signal)).unwrap();
            unreachable!("{signal} kills");
        });
        assert_eq!(end_of(pid), Ended::Killed(signal));
    });
}

#[test]
fn a_wait_that_does_not_hang_says_none_until_there_is_one() {
    alone(|| {
        let (read, write) = Linux.pipe().unwrap();
        let pid = child(|| {
            drop(Linux.read(read.raw(), 1));
        });
        assert_eq!(Linux.wait(WaitFor::Any, WaitMode::NoHang), Ok(None));
        assert_eq!(Linux.wait(WaitFor::Pid(pid), WaitMode::NoHang), Ok(None));
        Linux.write(write.raw(), b"x").unwrap();
        let end = Ended::Exited(0);
        assert_eq!(
            Linux.wait(WaitFor::Any, WaitMode::Block),
            Ok(Some(Waited { pid, end }))
        );
        assert_eq!(
            Linux.wait(WaitFor::Any, WaitMode::NoHang),
            Err(Errno::ECHILD)
        );
    });
}

#[rstest]
#[case(WaitFor::Any)]
#[case(WaitFor::Pid(Pid::from_raw(NOBODY)))]
#[case(WaitFor::Pid(Pid::from_raw(1)))]
fn a_wait_for_no_child_is_echild(#[case] target: WaitFor) {
    alone(|| {
        assert_eq!(Linux.wait(target, WaitMode::Block), Err(Errno::ECHILD));
    });
}

#[rstest]
#[case(0)]
#[case(-1)]
fn a_number_that_would_mean_many_waits_for_none(#[case] number: i32) {
    alone(|| {
        let pid = child(|| ());
        let many = WaitFor::Pid(Pid::from_raw(number));
        assert_eq!(Linux.wait(many, WaitMode::Block), Err(Errno::ECHILD));
        assert_eq!(end_of(pid), Ended::Exited(0));
    });
}

#[test]
fn a_handler_interrupts_a_wait() {
    alone(|| {
        forked(|| {
            let (read, write) = Linux.pipe().unwrap();
            let pid = child(|| drop(Linux.read(read.raw(), 1)));
            Linux
                .sigaction(Signal::ALRM, Disposition::Interrupt)
                .unwrap();
            interrupt_for_ever();
            let waited = Linux.wait(WaitFor::Pid(pid), WaitMode::Block);
            assert_eq!(waited, Err(Errno::EINTR));
            Linux.write(write.raw(), b"x").unwrap();
        });
    });
}

#[test]
fn setsid_makes_a_leader_of_whoever_leads_no_group() {
    alone(|| {
        forked(|| {
            let own = Linux.getpid().unwrap();
            assert_ne!(Linux.getpgid(None), Ok(own));
            assert_eq!(Linux.setsid(), Ok(own));
            assert_eq!(Linux.getsid(None), Ok(own));
            assert_eq!(Linux.getsid(Some(own)), Ok(own));
            assert_eq!(Linux.getpgid(None), Ok(own));
            assert_eq!(Linux.getpgid(Some(own)), Ok(own));
            // It leads a group now.
            assert_eq!(Linux.setsid(), Err(Errno::EPERM));
        });
    });
}

#[test]
fn nobody_has_no_session_and_no_group() {
    let nobody = Some(Pid::from_raw(NOBODY));
    assert_eq!(Linux.getsid(nobody), Err(Errno::ESRCH));
    assert_eq!(Linux.getpgid(nobody), Err(Errno::ESRCH));
}

#[test]
fn orphans_go_to_the_subreaper_and_no_longer_once_it_is_off() {
    alone(|| {
        forked(|| {
            Linux.set_child_subreaper(true).unwrap();
            assert_eq!(orphans_new_parent(), Linux.getpid().unwrap());
            let waited = Linux.wait(WaitFor::Any, WaitMode::Block).unwrap();
            assert_eq!(waited.unwrap().end, Ended::Exited(0));
            Linux.set_child_subreaper(false).unwrap();
            assert_ne!(orphans_new_parent(), Linux.getpid().unwrap());
        });
    });
}

fn orphans_new_parent() -> Pid {
    let (orphaned, orphan) = Linux.pipe().unwrap();
    let (answers, answer) = Linux.pipe().unwrap();
    let intermediate = child(|| {
        child(|| {
            Linux.read(orphaned.raw(), 1).unwrap();
            let parent = Linux.getppid().unwrap().as_raw();
            Linux.write(answer.raw(), &parent.to_ne_bytes()).unwrap();
        });
    });
    assert_eq!(end_of(intermediate), Ended::Exited(0));
    Linux.write(orphan.raw(), b"x").unwrap();
    let parent = Linux.read(answers.raw(), 4).unwrap();
    Pid::from_raw(i32::from_ne_bytes(parent.try_into().unwrap()))
}

#[test]
fn a_pidfd_tells_when_its_process_has_ended() {
    alone(|| {
        let (read, write) = Linux.pipe().unwrap();
        let pid = child(|| drop(Linux.read(read.raw(), 1)));
        let pidfd = Linux.pidfd_open(pid).unwrap();
        let wish = [PollFd {
            fd: pidfd.raw(),
            read: true,
            write: false,
        }];
        let running = Linux
            .poll(&wish, Some(std::time::Duration::ZERO), None)
            .unwrap();
        assert!(!running[0].any());
        Linux.write(write.raw(), b"x").unwrap();
        let ended = Linux.poll(&wish, None, None).unwrap();
        assert!(ended[0].readable);
        assert_eq!(end_of(pid), Ended::Exited(0));
        assert_eq!(Linux.pidfd_open(pid).unwrap_err(), Errno::ESRCH);
    });
}

#[test]
fn a_pidfd_is_close_on_exec() {
    let pidfd = Linux.pidfd_open(Linux.getpid().unwrap()).unwrap();
    assert!(crate::descriptors::is_close_on_exec(pidfd.raw()));
}

#[rstest]
#[case(0, Errno::EINVAL)]
#[case(-1, Errno::EINVAL)]
#[case(NOBODY, Errno::ESRCH)]
fn a_pidfd_needs_a_process(#[case] number: i32, #[case] errno: Errno) {
    assert_eq!(Linux.pidfd_open(Pid::from_raw(number)).unwrap_err(), errno);
}

#[test]
fn a_forked_child_has_one_thread() {
    alone(|| {
        // libtest's main thread waits for this one.
        let threads = Linux.count_threads().unwrap();
        assert!(threads >= 2, "{threads}");
        forked(|| assert_eq!(Linux.count_threads(), Ok(1)));
    });
}
