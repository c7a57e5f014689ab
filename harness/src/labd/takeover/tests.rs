use std::ffi::{OsStr, OsString};
use std::net::TcpListener;
use std::path::PathBuf;
use std::thread;

use daemonlab::daemon::{Cause, Failure, exit_code};
use daemonlab::sys::call::{Call, Ret};
use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{Message, Peer, SocketKind, UnixAddr};
use daemonlab::sys::{
    Environment, Errno, Fd, Gid, Group, Kernel, Pid, Result, Sockets, User, Users,
};
use rstest::rstest;
use tempfile::TempDir;

use super::words::{ASK, READY, trust};
use super::{Offer, ask};
use crate::labd::listen::{Listening, bind_all};
use crate::labd::log::Log;
use crate::labd::net::Net;

/// A Linux on which everybody at the other end has one user id, and we another.
#[derive(Clone, Copy)]
struct Met {
    own: u32,
    other: u32,
}

impl Kernel for Met {
    fn call(&self, call: Call) -> Result<Ret> {
        match call {
            Call::GetPeer { .. } => Ok(Ret::Peer(Peer {
                pid: Pid::from_raw(1),
                uid: self.other,
                gid: 0,
            })),
            Call::GetResUid => Linux.call(call).map(|ids| {
                let mut ids = ids.ids();
                ids.effective = self.own;
                Ret::Ids(ids)
            }),
            call => Linux.call(call),
        }
    }
}

impl Users for Met {
    fn user(&self, name: &str) -> Result<Option<User>> {
        Linux.user(name)
    }
    fn group(&self, name: &str) -> Result<Option<Group>> {
        Linux.group(name)
    }
    fn group_list(&self, user: &str, gid: Gid) -> Result<Vec<Gid>> {
        Linux.group_list(user, gid)
    }
}

impl Environment for Met {
    fn args(&self) -> Vec<OsString> {
        Linux.args()
    }
    fn var(&self, name: &str) -> Option<OsString> {
        Linux.var(name)
    }
    fn vars(&self) -> Vec<(OsString, OsString)> {
        Linux.vars()
    }
    fn set_var(&self, name: &OsStr, value: &OsStr) {
        Linux.set_var(name, value);
    }
    fn remove_var(&self, name: &OsStr) {
        Linux.remove_var(name);
    }
}

impl Net for Met {}

fn log() -> Log<Met> {
    Log::new(&FRIEND)
}

const FRIEND: Met = Met { own: 5, other: 5 };
const STRANGER: Met = Met { own: 5, other: 6 };

struct Old {
    offer: Offer<Met>,
    listening: Vec<Listening<Met>>,
    path: PathBuf,
    _dir: TempDir,
}

/// A running instance as it meets whoever asks.
fn old(met: Met) -> Old {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("upgrade.sock");
    Old {
        offer: Offer::open(&met, &log(), &path).unwrap(),
        listening: bind_all(&met, &log(), &["127.0.0.1:0".parse().unwrap()]).unwrap(),
        path,
        _dir: dir,
    }
}

impl Old {
    /// A connection on which `words` have been said, and heard.
    fn told(&mut self, words: &[u8]) -> Fd<Linux> {
        let client = Linux.socket(SocketKind::Stream).unwrap();
        Linux
            .connect(client.raw(), UnixAddr::Path(self.path.clone()))
            .unwrap();
        self.tell(&client, words);
        client
    }

    fn tell(&mut self, client: &Fd<Linux>, words: &[u8]) {
        Linux.send(client.raw(), words, &[], None).unwrap();
        self.offer.attend(&self.listening);
    }
}

/// What has come; the descriptors in it are closed.
fn heard(client: &Fd<Linux>) -> Result<(Vec<u8>, usize)> {
    let Message { data, fds } = Linux.receive(client.raw(), 100, 10)?;
    let fds: Vec<_> = fds.into_iter().map(|fd| Fd::from_raw(&Linux, fd)).collect();
    Ok((data, fds.len()))
}

const CLOSED: Result<(Vec<u8>, usize)> = Ok((vec![], 0));

#[rstest]
#[case(5, 5, Ok(()))]
#[case(5, 0, Ok(()))]
#[case(5, 6, Err(Errno::EACCES))]
#[case(0, 6, Err(Errno::EACCES))]
// Nobody is at the other end.
#[case(5, u32::MAX, Err(Errno::EACCES))]
fn the_same_user_and_root_are_trusted(
    #[case] own: u32,
    #[case] other: u32,
    #[case] expected: Result<()>,
) {
    assert_eq!(trust(&Met { own, other }, 0), expected);
}

#[test]
fn who_asks_gets_the_sockets_and_who_is_ready_takes_over() {
    let mut old = old(FRIEND);
    let client = old.told(ASK);
    assert_eq!(heard(&client), Ok((b"127.0.0.1:0\n".to_vec(), 2)));
    assert!(!old.offer.is_taken());
    old.tell(&client, READY);
    assert!(old.offer.is_taken());
    // The name is the other's now.
    old.offer.close();
    assert!(old.path.exists());
}

#[test]
fn who_has_asked_and_goes_away_has_not_taken_over() {
    let mut old = old(FRIEND);
    drop(old.told(ASK));
    old.offer.attend(&old.listening);
    assert!(!old.offer.is_taken());
    let second = old.told(ASK);
    assert_eq!(heard(&second), Ok((b"127.0.0.1:0\n".to_vec(), 2)));
    drop(second);
    old.offer.close();
    assert!(!old.path.exists());
}

#[test]
fn the_name_stays_for_an_heir_that_has_not_said_that_it_is_ready_yet() {
    let mut old = old(FRIEND);
    let _client = old.told(ASK);
    assert!(!old.offer.is_taken());
    old.offer.close();
    assert!(old.path.exists());
}

#[test]
fn a_stranger_gets_nothing_and_takes_nothing_over() {
    let mut old = old(STRANGER);
    for words in [ASK, READY] {
        let client = old.told(words);
        // Closed on words that were not read, which is a reset.
        assert_eq!(heard(&client), Err(Errno::ECONNRESET));
    }
    assert!(!old.offer.is_taken());
}

#[test]
fn nonsense_ends_the_conversation() {
    let mut old = old(FRIEND);
    let client = old.told(b"daemonlab upgrade 2\n");
    assert_eq!(heard(&client), CLOSED);
    assert!(!old.offer.is_taken());
}

fn errno_of(failure: &Failure) -> Option<Errno> {
    assert_eq!(failure.status(), exit_code::UPGRADE);
    failure.errno()
}

#[test]
fn a_strangers_sockets_are_not_taken() {
    let old = old(FRIEND);
    let failure = ask(&STRANGER, &log(), &old.path).err().unwrap();
    assert_eq!(errno_of(&failure), Some(Errno::EACCES));
}

#[test]
fn nobody_to_ask_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("upgrade.sock");
    assert_eq!(
        errno_of(&ask(&FRIEND, &log(), &path).err().unwrap()),
        Some(Errno::ENOENT)
    );
    // The socket of one that was killed.
    drop(Offer::open(&FRIEND, &log(), &path).unwrap());
    assert_eq!(
        errno_of(&ask(&FRIEND, &log(), &path).err().unwrap()),
        Some(Errno::ECONNREFUSED)
    );
    // It is in nobody's way.
    Offer::open(&FRIEND, &log(), &path).unwrap().close();
    assert!(!path.exists());
}

#[test]
fn a_place_that_is_taken_is_left_alone() {
    let old = old(FRIEND);
    assert_eq!(
        Offer::open(&FRIEND, &log(), &old.path).err(),
        Some(Errno::EADDRINUSE)
    );
    let file = old.path.with_file_name("file");
    std::fs::write(&file, "x").unwrap();
    assert_eq!(
        Offer::open(&FRIEND, &log(), &file).err(),
        Some(Errno::EADDRINUSE)
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "x");
}

/// A running instance that says `answer` instead.
fn answered(answer: &'static [u8], fds: usize) -> Failure {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("upgrade.sock");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            use std::os::fd::AsRawFd;
            let (client, _) = listener.accept().unwrap();
            let socket = TcpListener::bind("127.0.0.1:0").unwrap();
            let fds = vec![socket.as_raw_fd(); fds];
            // Not before it has asked: unread words would reset the connection.
            std::io::Read::read_exact(&mut &client, &mut [0; ASK.len()]).unwrap();
            if !answer.is_empty() || !fds.is_empty() {
                Linux.send(client.as_raw_fd(), answer, &fds, None).unwrap();
            }
        });
        ask(&FRIEND, &log(), &path).err().unwrap()
    })
}

#[rstest]
#[case::silent(b"", 0, "no proper answer")]
#[case::no_control(b"127.0.0.1:0\n", 0, "no proper answer")]
#[case::no_address(b"hello\n", 2, "no proper answer")]
#[case::too_few(b"127.0.0.1:0\n", 1, "0 sockets for 1 addresses")]
#[case::too_many(b"127.0.0.1:0\n", 3, "2 sockets for 1 addresses")]
fn an_answer_that_is_none_is_refused(
    #[case] answer: &'static [u8],
    #[case] fds: usize,
    #[case] why: &str,
) {
    let failure = answered(answer, fds);
    assert_eq!(failure.cause, Cause::Text(why.to_owned()));
    assert_eq!(failure.status(), exit_code::UPGRADE);
}
