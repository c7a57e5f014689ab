//! The old instance gives its sockets away.

use super::script::*;

const FDS: [i32; 1] = [30];

fn send(data: &[u8], fds: &[i32]) -> Step {
    on(Call::Send {
        fd: TALKS,
        data: data.to_vec(),
        fds: fds.to_vec(),
        to: None,
    })
}

fn accept() -> Step {
    on(Call::Accept { fd: LISTENS }).gives(Ret::Fd(TALKS))
}

fn served(steps: Steps) -> Result<Served, Failure> {
    let steps = script([listening(), steps, removal()]);
    returned(steps, |sys| {
        let old = OldSide::listen(&sys, Path::new(PATH))?;
        old.serve(&[("http", FDS[0])], TIME)
    })
}

fn accepted(uid: u32) -> Steps {
    let mut steps = vec![accept()];
    steps.extend(peer_is(uid));
    steps.extend((uid != 0).then(own_uid));
    steps
}

fn them(uid: u32) -> Peer {
    Peer {
        pid: pid(8),
        uid,
        gid: uid,
    }
}

#[test]
fn the_descriptors_go_with_the_first_byte_and_once() {
    let bytes = encode(&["http"]).unwrap();
    let steps = script([
        accepted(OWN),
        vec![
            now(Duration::ZERO),
            send(&bytes, &FDS).fails(Errno::EAGAIN),
            now(Duration::from_secs(1)),
            wait_for(false, Duration::from_secs(9)),
            send(&bytes, &FDS).gives(Ret::Size(2)),
            send(&bytes[2..], &[]).gives(Ret::Size(bytes.len() - 2)),
            close(TALKS),
        ],
    ]);
    assert_eq!(served(steps), Ok(Served::Handed(them(OWN))));
}

#[test]
fn a_stranger_gets_nothing() {
    let steps = script([accepted(OWN + 1), vec![close(TALKS)]]);
    assert_eq!(served(steps), Ok(Served::Refused(them(OWN + 1))));
}

#[rstest]
#[case::nobody_asks(vec![accept().instead(Err(Errno::EAGAIN))])]
#[case::gone_again(vec![accept().instead(Err(Errno::ECONNABORTED))])]
#[case::gone_while_served(script([
    accepted(0),
    vec![
        now(Duration::ZERO),
        send(&encode(&["http"]).unwrap(), &FDS).fails(Errno::EPIPE),
        close(TALKS),
    ],
]))]
fn who_has_gone_is_nobody(#[case] steps: Steps) {
    assert_eq!(served(steps), Ok(Served::Nobody));
}

#[test]
fn who_does_not_listen_holds_nobody_up() {
    let bytes = encode(&["http"]).unwrap();
    let steps = script([
        accepted(0),
        vec![
            now(Duration::ZERO),
            send(&bytes, &FDS).fails(Errno::EAGAIN),
            now(TIME),
            close(TALKS),
        ],
    ]);
    assert_eq!(served(steps), Err(because(Cause::TimedOut(TIME))));
}

#[test]
fn what_fails_while_it_serves_is_named() {
    let bytes = encode(&["http"]).unwrap();
    let whole = script([accepted(OWN), vec![now(Duration::ZERO), send(&bytes, &FDS)]]);
    for failing in 0..whole.len() {
        let mut steps = whole[..failing].to_vec();
        steps.push(whole[failing].clone().instead(Err(Errno::EIO)));
        steps.extend((failing > 0).then(|| close(TALKS)));
        assert_eq!(
            served(steps),
            Err(because(Cause::Errno(Errno::EIO))),
            "{failing}"
        );
    }
}
