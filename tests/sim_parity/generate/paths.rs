//! Paths, and calls that take them.

use std::path::PathBuf;

use daemonlab::sys::call::Call;
use daemonlab::sys::records::{Access, At, Follow, OpenHow, Replace};
use proptest::prelude::*;

use super::symbols::fd;

pub(super) fn path() -> BoxedStrategy<PathBuf> {
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

pub(super) fn mode() -> impl Strategy<Value = u32> {
    prop::sample::select(vec![
        0o644, 0o600, 0o666, 0o755, 0o777, 0o700, 0o000, 0o200, 0o400, 0o1777, 0o2775, 0o4755,
        0o6777, 0o070, 0o007, 0o2070,
    ])
}

pub(super) fn how() -> impl Strategy<Value = OpenHow> {
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

pub(super) fn files() -> BoxedStrategy<Call> {
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
