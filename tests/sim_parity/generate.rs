//! Random programs.
//!
//! Every kind of call has its share, and so has every kind of mistake: a
//! closed descriptor, a missing file, another's file, a process that is not
//! there.

use std::path::PathBuf;
use std::time::Duration;

use daemonlab::sys::call::Call;
use daemonlab::sys::records::*;
use daemonlab::sys::{Gid, Pid, Signal, SignalSet, Uid};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::strategy::Union;

use crate::program::{ANY, CHILD, LITERAL, MOST_PROCESSES, NOBODY, PARENT, Program, Turn};
use crate::scenery::{Range, UNMAPPED};

/// Programs of a few dozen turns.
pub fn programs(range: Range) -> impl Strategy<Value = Program> {
    vec((any::<u8>(), few(range)), 8..32).prop_map(|drawn| {
        let mut alive = 1;
        let mut turns = Vec::new();
        for (chosen, calls) in drawn {
            let same = chosen as usize % alive;
            for (by, call) in calls {
                let forks = call == Call::Fork;
                if forks && alive == MOST_PROCESSES {
                    continue;
                }
                let process = match by {
                    By::Same => same,
                    By::Youngest => alive - 1,
                    By::SecondYoungest => alive.saturating_sub(2),
                };
                turns.push(Turn { process, call });
                alive += usize::from(forks);
            }
        }
        Program { turns }
    })
}

/// Which process makes a call of several that belong together.
#[derive(Clone, Copy, Debug)]
enum By {
    Same,
    Youngest,
    SecondYoungest,
}

/// One call, or a few that belong together.
fn few(range: Range) -> impl Strategy<Value = Vec<(By, Call)>> {
    let same = |calls: Vec<Call>| calls.into_iter().map(|call| (By::Same, call)).collect();
    prop_oneof![
        40 => call(range).prop_map(|call| vec![(By::Same, call)]),
        3 => socket_idiom().prop_map(same),
        3 => idiom().prop_map(same),
        4 => relatives(),
    ]
}

const USR1: SignalSet = SignalSet::EMPTY.with(Signal::USR1);

/// What a parent does with its child.
fn relatives() -> BoxedStrategy<Vec<(By, Call)>> {
    use By::{Same, SecondYoungest, Youngest};
    let pid = Pid::from_raw;
    let kill = move |who, signal| Call::Kill {
        target: KillTarget::Process(pid(who)),
        signal: Some(signal),
    };
    let wait = |mode| Call::Wait {
        target: WaitFor::Any,
        mode,
    };
    let handle = |disposition| Call::SigAction {
        signal: Signal::USR1,
        disposition,
    };
    let waits = prop_oneof![
        Just(wait(WaitMode::Block)),
        Just(Call::Read { fd: 0, max: 5 }),
        Just(Call::SigTimedWait {
            set: SignalSet::EMPTY.with(Signal::TERM),
            timeout: None
        }),
        (any::<bool>(), option::of(set())).prop_map(|(read, mask)| Call::Poll {
            fds: vec![PollFd {
                fd: 1,
                read,
                write: false
            }],
            timeout: None,
            mask,
        }),
    ];
    prop_oneof![
        3 => (waits, disposition()).prop_map(move |(waits, disposition)| vec![
            (Same, handle(disposition)),
            (Same, Call::Pipe),
            (Same, Call::Fork),
            (Same, waits),
            (Youngest, kill(PARENT, Signal::USR1)),
        ]),
        2 => data().prop_map(|data| vec![
            (Same, Call::Pipe),
            (Same, Call::Fork),
            (Same, Call::Read { fd: 0, max: 5 }),
            (Youngest, Call::Write { fd: 0, data }),
            (Youngest, Call::Exit { status: 3 }),
        ]),
        2 => Just(vec![
            (Same, Call::SigMask { how: MaskHow::Block, set: USR1 }),
            (Same, Call::Fork),
            (Same, Call::SigTimedWait { set: USR1, timeout: None }),
            (Youngest, kill(PARENT, Signal::USR1)),
        ]),
        2 => signal().prop_map(move |signal| vec![
            (Same, Call::Fork),
            (Same, kill(CHILD, signal)),
            (Same, wait(WaitMode::NoHang)),
        ]),
        2 => (0..3).prop_map(move |status| vec![
            (Same, Call::Fork),
            (Same, wait(WaitMode::Block)),
            (Youngest, Call::Exit { status }),
        ]),
        2 => any::<bool>().prop_map(move |on| vec![
            (Same, Call::SetChildSubreaper { on }),
            (Same, Call::Fork),
            (Youngest, Call::Fork),
            (SecondYoungest, Call::Exit { status: 0 }),
            (Youngest, Call::GetPpid),
            (Same, wait(WaitMode::NoHang)),
        ]),
        1 => Just(vec![
            (Same, Call::Fork),
            (Same, kill(CHILD, Signal::STOP)),
            (Youngest, Call::GetPid),
            (Same, kill(CHILD, Signal::CONT)),
            (Youngest, Call::GetPid),
        ]),
        1 => Just(vec![
            (Same, Call::SetSid),
            (Same, Call::Fork),
            (Youngest, Call::SetSid),
            (Same, Call::GetSid { pid: Some(pid(CHILD)) }),
        ]),
        1 => Just(vec![
            (Same, Call::SigMask { how: MaskHow::Block, set: SignalSet::EMPTY.with(Signal::CHLD) }),
            (Same, Call::Fork),
            (Youngest, Call::Exit { status: 1 }),
            (Same, Call::SigTimedWait {
                set: SignalSet::EMPTY.with(Signal::CHLD),
                timeout: Some(Duration::ZERO),
            }),
        ]),
    ]
    .boxed()
}

fn disposition() -> impl Strategy<Value = Disposition> {
    prop_oneof![
        4 => Just(Disposition::Interrupt),
        1 => Just(Disposition::Ignore),
        1 => Just(Disposition::Default),
    ]
}

/// A server and its client in one process, connected: the youngest descriptor
/// is the server's end, the next the client's.
fn connected() -> Vec<Call> {
    let address = || UnixAddr::Abstract(b"pair".to_vec());
    let stream = || Call::Socket {
        kind: SocketKind::Stream,
    };
    vec![
        stream(),
        Call::Bind {
            fd: 0,
            address: address(),
        },
        Call::Listen { fd: 0, backlog: 1 },
        stream(),
        Call::Connect {
            fd: 0,
            address: address(),
        },
        Call::Accept { fd: 0 },
    ]
}

fn and_then(calls: Vec<Call>) -> Vec<Call> {
    let mut all = connected();
    all.extend(calls);
    all
}

fn send(fd: i32, data: Vec<u8>, fds: Vec<i32>, to: Option<UnixAddr>) -> Call {
    Call::Send { fd, data, fds, to }
}

/// What servers and clients do.
fn socket_idiom() -> BoxedStrategy<Vec<Call>> {
    let socket = |kind| Call::Socket { kind };
    let (stream, datagram) = (SocketKind::Stream, SocketKind::Datagram);
    let receive = |max_bytes, max_fds| Call::Receive {
        fd: 0,
        max_bytes,
        max_fds,
    };
    let named = |name: &str| UnixAddr::Abstract(name.as_bytes().to_vec());
    prop_oneof![
        1 => Just(vec![
            socket(datagram),
            Call::Bind { fd: 0, address: UnixAddr::Path("d/s".into()) },
            socket(stream),
            Call::Connect { fd: 0, address: UnixAddr::Path("d/s".into()) },
        ]),
        3 => (data(), vec(fd(), 0..3), 0..9_usize, 0..3_usize).prop_map(
            move |(data, fds, max_bytes, max_fds)| and_then(vec![
                send(1, data, fds, None),
                receive(max_bytes, max_fds),
            ]),
        ),
        1 => Just(and_then(vec![
            Call::Close { fd: 0 },
            send(0, b"late".to_vec(), Vec::new(), None),
            receive(4, 0),
        ])),
        1 => Just(and_then(vec![
            send(1, b"unread".to_vec(), Vec::new(), None),
            Call::Close { fd: 0 },
            Call::Poll {
                fds: vec![PollFd { fd: 0, read: true, write: true }],
                timeout: Some(Duration::ZERO),
                mask: None,
            },
            receive(4, 0),
            receive(4, 0),
        ])),
        1 => Just(and_then(vec![
            Call::Connect { fd: ANY + 1, address: named("pair") },
            Call::GetPeer { fd: 0 },
        ])),
        2 => (data(), vec(fd(), 0..3), 1..9_usize, 0..3_usize).prop_map(
            move |(data, fds, max_bytes, max_fds)| {
                let address = UnixAddr::Path("pair".into());
                vec![
                    socket(datagram),
                    Call::Bind { fd: 0, address: address.clone() },
                    send(0, data, fds, Some(address)),
                    receive(max_bytes, max_fds),
                ]
            },
        ),
        1 => (address(), 0..3_u32).prop_map(move |(address, backlog)| vec![
            socket(stream),
            Call::Bind { fd: 0, address },
            Call::Listen { fd: 0, backlog },
        ]),
        1 => (address(), data()).prop_map(move |(address, data)| vec![
            socket(stream),
            Call::Connect { fd: 0, address },
            send(0, data, Vec::new(), None),
        ]),
        1 => (address(), data(), vec(fd(), 0..2)).prop_map(move |(address, data, fds)| vec![
            socket(datagram),
            send(0, data.clone(), fds, Some(address.clone())),
            Call::Connect { fd: 0, address },
            send(0, data, Vec::new(), None),
        ]),
        1 => (1..14_usize).prop_map(move |count| {
            let mut calls = vec![
                socket(datagram),
                Call::Bind { fd: 0, address: named("full") },
                socket(datagram),
            ];
            let one = send(0, b"d".to_vec(), Vec::new(), Some(named("full")));
            calls.extend(vec![one; count]);
            calls
        }),
        1 => Just(vec![
            socket(datagram),
            Call::Bind { fd: 0, address: named("large") },
            send(0, vec![b'z'; 300_000], Vec::new(), Some(named("large"))),
        ]),
        1 => Just(vec![
            socket(datagram),
            Call::Bind { fd: 0, address: UnixAddr::Path("s".into()) },
            Call::Open {
                dir: At::Cwd,
                path: "s".into(),
                how: OpenHow::new(Access::Read),
                mode: 0,
            },
        ]),
    ]
    .boxed()
}

/// What programs do to get anywhere.
fn idiom() -> BoxedStrategy<Vec<Call>> {
    let open = |path: &str, how| Call::Open {
        dir: At::Cwd,
        path: path.into(),
        how,
        mode: 0o666,
    };
    let writable = OpenHow {
        create: true,
        ..OpenHow::new(Access::ReadWrite)
    };
    let directory = OpenHow {
        directory: true,
        ..OpenHow::new(Access::Read)
    };
    let data = || b"written".to_vec();
    prop_oneof![
        2 => Just(vec![open("d", directory)]),
        1 => Just(vec![
            open("sgid", OpenHow::new(Access::ReadWrite)),
            Call::Write { fd: 0, data: data() },
            Call::Fstat { fd: 0 },
        ]),
        1 => (lock(), lock()).prop_map(move |(one, other)| vec![
            open("f", OpenHow::new(Access::Read)),
            Call::Flock { fd: 0, lock: one },
            open("f", OpenHow::new(Access::Read)),
            Call::Flock { fd: 0, lock: other },
        ]),
        1 => (60_000..70_000_usize).prop_map(|length| vec![
            Call::Pipe,
            Call::Write { fd: 0, data: vec![b'y'; length] },
            Call::Poll {
                fds: vec![PollFd { fd: 0, read: false, write: true }],
                timeout: Some(Duration::ZERO),
                mask: None,
            },
        ]),
        3 => path().prop_map(move |path| vec![
            open(path.to_str().unwrap_or("new"), writable),
            Call::Write { fd: 0, data: data() },
            Call::Flock { fd: 0, lock: Lock::Exclusive },
        ]),
        2 => (mode(), mode()).prop_map(move |(mask, mode)| vec![
            Call::Umask { mask },
            Call::Mkdir { dir: At::Cwd, path: "other".into(), mode },
            Call::Stat { dir: At::Cwd, path: "other".into(), follow: Follow::Yes },
        ]),
        1 => Just(vec![
            Call::Mkdir { dir: At::Cwd, path: "d/d".into(), mode: 0o755 },
            Call::Rename { dir: At::Cwd, from: "group".into(), to: "d".into(), replace: Replace::Yes },
        ]),
        1 => Just(vec![
            open("new", OpenHow { append: true, ..writable }),
            Call::Ftruncate { fd: 0, length: i64::MAX as u64 },
            Call::Write { fd: 0, data: data() },
            Call::Ftruncate { fd: 0, length: 0 },
        ]),
        1 => disposition().prop_map(move |disposition| vec![
            Call::SigAction { signal: Signal::PIPE, disposition },
            Call::Pipe,
            Call::Close { fd: 1 },
            Call::Write { fd: 0, data: data() },
        ]),
        1 => pid().prop_map(|pid| vec![
            Call::PidfdOpen { pid },
            Call::PidfdSendSignal { pidfd: 0, signal: Some(Signal::USR1) },
        ]),
        1 => Just(vec![
            Call::SigMask { how: MaskHow::Block, set: USR1 },
            Call::SignalFd { set: USR1 },
            Call::Read { fd: 0, max: 128 },
            Call::Kill {
                target: KillTarget::Process(Pid::from_raw(0)),
                signal: Some(Signal::USR1),
            },
            Call::Read { fd: 0, max: 128 },
        ]),
        1 => Just(vec![Call::Pipe; 6]),
    ]
    .boxed()
}

fn call(range: Range) -> BoxedStrategy<Call> {
    let mut kinds: Vec<(u32, BoxedStrategy<Call>)> = vec![
        (10, Just(Call::Fork).boxed()),
        (14, processes()),
        (16, signals()),
        (26, files()),
        (14, descriptors()),
        (8, pipes()),
        (10, sockets()),
        (4, waits()),
    ];
    if range == Range::Many {
        kinds.push((14, credentials()));
    }
    Union::new_weighted(kinds).boxed()
}

fn processes() -> BoxedStrategy<Call> {
    prop_oneof![
        2 => (0..4).prop_map(|status| Call::Exit { status: status * 85 }),
        3 => (wait_for(), Just(WaitMode::NoHang)).prop_map(|(target, mode)| Call::Wait { target, mode }),
        2 => (wait_for(), Just(WaitMode::Block)).prop_map(|(target, mode)| Call::Wait { target, mode }),
        1 => Just(Call::GetPid),
        2 => Just(Call::GetPpid),
        2 => Just(Call::SetSid),
        1 => option::of(pid()).prop_map(|pid| Call::GetSid { pid }),
        1 => option::of(pid()).prop_map(|pid| Call::GetPgid { pid }),
        1 => any::<bool>().prop_map(|on| Call::SetChildSubreaper { on }),
        1 => pid().prop_map(|pid| Call::PidfdOpen { pid }),
        1 => Just(Call::CountThreads),
    ]
    .boxed()
}

fn wait_for() -> impl Strategy<Value = WaitFor> {
    prop_oneof![2 => Just(WaitFor::Any), 1 => pid().prop_map(WaitFor::Pid)]
}

fn pid() -> impl Strategy<Value = Pid> {
    prop_oneof![
        12 => (0..4_i32).prop_map(Pid::from_raw),
        1 => (4..8_i32).prop_map(Pid::from_raw),
        1 => Just(Pid::from_raw(NOBODY)),
        1 => Just(Pid::from_raw(-1)),
    ]
}

fn signal() -> impl Strategy<Value = Signal> {
    let real_time = Signal::new(40).expect("a real-time signal");
    prop_oneof![
        4 => Just(Signal::USR1),
        2 => Just(Signal::USR2),
        2 => Just(Signal::TERM),
        3 => Just(Signal::CHLD),
        2 => Just(Signal::CONT),
        1 => Just(Signal::TSTP),
        1 => Just(Signal::STOP),
        1 => Just(Signal::HUP),
        1 => Just(Signal::PIPE),
        1 => Just(Signal::WINCH),
        1 => Just(Signal::SEGV),
        1 => Just(Signal::KILL),
        2 => Just(real_time),
    ]
}

fn set() -> impl Strategy<Value = SignalSet> {
    prop_oneof![
        4 => vec(signal(), 1..4).prop_map(|signals| signals.into_iter().collect()),
        1 => Just(SignalSet::ALL),
        1 => Just(SignalSet::EMPTY),
    ]
}

fn signals() -> BoxedStrategy<Call> {
    let target = prop_oneof![
        3 => pid().prop_map(KillTarget::Process),
        1 => pid().prop_map(KillTarget::Group),
    ];
    let how = prop_oneof![
        3 => Just(MaskHow::Block),
        1 => Just(MaskHow::Unblock),
        1 => Just(MaskHow::Set),
    ];
    let any_signal = prop_oneof![
        12 => signal(),
        1 => Just(Signal::new(32).expect("a reserved signal")),
    ];
    prop_oneof![
        5 => (target, option::weighted(0.85, signal())).prop_map(|(target, signal)| Call::Kill { target, signal }),
        1 => (fd(), option::weighted(0.8, signal())).prop_map(|(pidfd, signal)| Call::PidfdSendSignal { pidfd, signal }),
        4 => (how, set()).prop_map(|(how, set)| Call::SigMask { how, set }),
        4 => (any_signal, disposition()).prop_map(|(signal, disposition)| Call::SigAction { signal, disposition }),
        2 => Just(Call::SigPending),
        1 => set().prop_map(|set| Call::SignalFd { set }),
        3 => (set(), timeout()).prop_map(|(set, timeout)| Call::SigTimedWait { set, timeout }),
    ]
    .boxed()
}

fn timeout() -> impl Strategy<Value = Option<Duration>> {
    prop_oneof![
        3 => Just(Some(Duration::ZERO)),
        1 => Just(Some(Duration::from_millis(1))),
        1 => Just(None),
    ]
}

fn waits() -> BoxedStrategy<Call> {
    let one = (fd(), any::<bool>(), any::<bool>()).prop_map(|(fd, read, write)| PollFd {
        fd,
        read,
        write,
    });
    prop_oneof![
        5 => (vec(one.clone(), 0..4), timeout(), option::of(set()))
            .prop_map(|(fds, timeout, mask)| Call::Poll { fds, timeout, mask }),
        1 => vec(one, 17..18).prop_map(|fds| Call::Poll { fds, timeout: None, mask: None }),
        1 => Just(Call::Now),
    ]
    .boxed()
}

/// A symbolic descriptor.
fn fd() -> BoxedStrategy<i32> {
    prop_oneof![
        16 => 0..4_i32,
        3 => (0..16_i32).prop_map(|nth| ANY + nth),
        1 => (0..20_i32).prop_map(|number| LITERAL + number),
        1 => Just(LITERAL + 50),
    ]
    .boxed()
}

fn path() -> BoxedStrategy<PathBuf> {
    let usual = prop::sample::select(vec![
        "f",
        "mine",
        "sgid",
        "d",
        "d/f",
        "d/new",
        "new",
        "other",
        "group/new",
        "sticky/f",
        "sticky/new",
        "l",
        "/w/f",
        "/ro/f",
        "/ro/new",
        "/w/new",
    ]);
    let odd = prop::sample::select(vec![
        "closed",
        "closed/f",
        "closed/new",
        "group",
        "sticky",
        "sticky/l",
        "ld",
        "ld/f",
        "ld/new",
        "dangling",
        "loop",
        "loop/x",
        "missing/x",
        "f/x",
        "",
        ".",
        "..",
        "d/..",
        "d/../f",
        "./f",
        "f/",
        "d/",
        "new/",
        "l/",
        "ld/",
        "/dev/new",
        "d/d",
        "new/new",
        "s",
        "d/s",
    ]);
    prop_oneof![
        14 => usual.prop_map(PathBuf::from),
        10 => odd.prop_map(PathBuf::from),
        1 => Just(PathBuf::from("n".repeat(255))),
        1 => Just(PathBuf::from("n".repeat(256))),
        1 => Just(PathBuf::from("./".repeat(2047) + "f")),
        1 => Just(PathBuf::from("./".repeat(2048))),
        1 => Just(PathBuf::from("a\0b")),
    ]
    .boxed()
}

fn at() -> impl Strategy<Value = At> {
    prop_oneof![6 => Just(At::Cwd), 1 => fd().prop_map(At::Fd)]
}

fn mode() -> impl Strategy<Value = u32> {
    prop::sample::select(vec![
        0o644, 0o600, 0o666, 0o755, 0o777, 0o700, 0o000, 0o200, 0o400, 0o1777, 0o2775, 0o4755,
        0o6777, 0o070, 0o007, 0o2070,
    ])
}

fn how() -> impl Strategy<Value = OpenHow> {
    let access = prop_oneof![
        4 => Just(Access::Read),
        2 => Just(Access::Write),
        4 => Just(Access::ReadWrite),
        1 => Just(Access::Path),
    ];
    let rarely = || prop::bool::weighted(0.12);
    (
        access,
        prop::bool::weighted(0.4),
        rarely(),
        rarely(),
        rarely(),
        rarely(),
        rarely(),
        rarely(),
    )
        .prop_map(
            |(access, create, exclusive, truncate, append, no_follow, directory, non_blocking)| {
                OpenHow {
                    create,
                    // Without O_CREAT it means nothing that is promised.
                    exclusive: exclusive && create,
                    truncate,
                    append,
                    no_follow,
                    directory,
                    non_blocking,
                    ..OpenHow::new(access)
                }
            },
        )
}

fn files() -> BoxedStrategy<Call> {
    let replace = prop_oneof![2 => Just(Replace::Yes), 1 => Just(Replace::No)];
    let follow = prop_oneof![Just(Follow::Yes), Just(Follow::No)];
    let open = || (at(), path(), how(), mode());
    prop_oneof![
        9 => open().prop_map(|(dir, path, how, mode)| Call::Open { dir, path, how, mode }),
        1 => (Just(At::Cwd), Just(PathBuf::from("/dev/null")), how(), mode())
            .prop_map(|(dir, path, how, mode)| Call::Open { dir, path, how, mode }),
        1 => (at(), Just(PathBuf::from("d"))).prop_map(|(dir, path)| Call::Open {
            dir, path, how: OpenHow { directory: true, ..OpenHow::new(Access::Read) }, mode: 0,
        }),
        4 => (at(), path(), follow).prop_map(|(dir, path, follow)| Call::Stat { dir, path, follow }),
        3 => (at(), path(), path(), replace).prop_map(|(dir, from, to, replace)| Call::Rename { dir, from, to, replace }),
        2 => (at(), path(), path()).prop_map(|(dir, from, to)| Call::Link { dir, from, to }),
        2 => (at(), path()).prop_map(|(dir, path)| Call::Unlink { dir, path }),
        2 => (at(), path(), mode()).prop_map(|(dir, path, mode)| Call::Mkdir { dir, path, mode }),
        1 => path().prop_map(|path| Call::Chdir { path }),
        1 => Just(Call::GetCwd),
        1 => mode().prop_map(|mask| Call::Umask { mask }),
    ]
    .boxed()
}

fn data() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        12 => "[a-z]{0,6}".prop_map(String::into_bytes),
        1 => Just(vec![b'x'; 5000]),
    ]
}

fn id() -> impl Strategy<Value = u32> {
    prop_oneof![
        3 => Just(0_u32),
        5 => Just(1000_u32),
        2 => Just(1001_u32),
        2 => Just(2000_u32),
        1 => Just(UNMAPPED),
        1 => Just(u32::MAX),
    ]
}

fn lock() -> impl Strategy<Value = Lock> {
    prop_oneof![
        3 => Just(Lock::Exclusive), 2 => Just(Lock::Shared), 1 => Just(Lock::Unlock),
    ]
}

fn descriptors() -> BoxedStrategy<Call> {
    let length = prop_oneof![8 => 0..20_u64, 1 => Just(u64::MAX), 1 => Just(i64::MAX as u64)];
    prop_oneof![
        3 => fd().prop_map(|fd| Call::Close { fd }),
        1 => (3..8_i32, 3..8_i32).prop_map(|(first, last)| Call::CloseRange { first, last }),
        2 => Just(Call::ListFds),
        3 => (fd(), 0..12_usize).prop_map(|(fd, max)| Call::Read { fd, max }),
        4 => (fd(), data()).prop_map(|(fd, data)| Call::Write { fd, data }),
        2 => (fd(), -1..18_i32).prop_map(|(from, to)| Call::Dup2 { from, to }),
        1 => (fd(), any::<bool>()).prop_map(|(fd, on)| Call::SetCloseOnExec { fd, on }),
        5 => (fd(), lock()).prop_map(|(fd, lock)| Call::Flock { fd, lock }),
        3 => fd().prop_map(|fd| Call::Fstat { fd }),
        2 => (fd(), length).prop_map(|(fd, length)| Call::Ftruncate { fd, length }),
        3 => (fd(), option::of(id()), option::of(id())).prop_map(|(fd, uid, gid)| Call::Fchown {
            fd, uid: uid.map(Uid::from_raw), gid: gid.map(Gid::from_raw),
        }),
        2 => (fd(), mode()).prop_map(|(fd, mode)| Call::Fchmod { fd, mode }),
        1 => fd().prop_map(|fd| Call::Fsync { fd }),
    ]
    .boxed()
}

fn pipes() -> BoxedStrategy<Call> {
    prop_oneof![
        4 => Just(Call::Pipe),
        4 => (fd(), data()).prop_map(|(fd, data)| Call::Write { fd, data }),
        3 => (fd(), 1..6000_usize).prop_map(|(fd, max)| Call::Read { fd, max }),
        1 => fd().prop_map(|fd| Call::Write { fd, data: vec![b'y'; 70_000] }),
    ]
    .boxed()
}

fn address() -> BoxedStrategy<UnixAddr> {
    prop_oneof![
        10 => Just(UnixAddr::Path("s".into())),
        2 => Just(UnixAddr::Path("d/s".into())),
        4 => Just(UnixAddr::Abstract(b"name".to_vec())),
        3 => path().prop_map(UnixAddr::Path),
    ]
    .boxed()
}

fn sockets() -> BoxedStrategy<Call> {
    let kind = prop_oneof![3 => Just(SocketKind::Stream), 2 => Just(SocketKind::Datagram)];
    prop_oneof![
        4 => kind.prop_map(|kind| Call::Socket { kind }),
        4 => (fd(), address()).prop_map(|(fd, address)| Call::Bind { fd, address }),
        3 => (fd(), 0..3_u32).prop_map(|(fd, backlog)| Call::Listen { fd, backlog }),
        5 => (fd(), address()).prop_map(|(fd, address)| Call::Connect { fd, address }),
        3 => fd().prop_map(|fd| Call::Accept { fd }),
        1 => fd().prop_map(|fd| Call::GetPeer { fd }),
        4 => (fd(), data(), vec(fd(), 0..3), option::weighted(0.3, address()))
            .prop_map(|(fd, data, fds, to)| Call::Send { fd, data, fds, to }),
        3 => (fd(), 0..20_usize, 0..3_usize).prop_map(|(fd, max_bytes, max_fds)| Call::Receive {
            fd, max_bytes, max_fds,
        }),
    ]
    .boxed()
}

fn credentials() -> BoxedStrategy<Call> {
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
