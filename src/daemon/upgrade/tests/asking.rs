//! The new instance asks for the sockets.

use super::script::*;

fn receive() -> Step {
    on(Call::Receive {
        fd: TALKS,
        max_bytes: LENGTH_MAX,
        max_fds: FDS_MAX,
    })
}

fn message(data: &[u8], fds: &[i32]) -> Ret {
    Ret::Message(Message {
        data: data.to_vec(),
        fds: fds.to_vec(),
    })
}

fn asking() -> Steps {
    script([
        vec![now(Duration::ZERO), socket(TALKS), connect().done()],
        peer_is(OWN),
        vec![own_uid()],
    ])
}

fn taken(steps: Steps) -> Result<Vec<(String, i32)>, Failure> {
    returned(steps, |sys| {
        let sockets = take(&sys, Path::new(PATH), TIME)?;
        let given = sockets.into_iter();
        Ok(given
            .map(|socket| (socket.name, socket.fd.into_raw()))
            .collect())
    })
}

#[test]
fn names_and_sockets_belong_together() {
    let bytes = encode(&["http", "https"]).unwrap();
    let steps = script([
        asking(),
        vec![receive().gives(message(&bytes, &[20, 21])), close(TALKS)],
    ]);
    let expected = vec![("http".to_owned(), 20), ("https".to_owned(), 21)];
    assert_eq!(taken(steps), Ok(expected));
}

#[test]
fn an_answer_may_come_late_and_in_pieces() {
    let bytes = encode(&["http"]).unwrap();
    let steps = script([
        asking(),
        vec![
            receive().fails(Errno::EAGAIN),
            now(Duration::from_secs(4)),
            wait_for(true, Duration::from_secs(6)),
            receive()
                .fails(Errno::EINTR)
                .gives(message(&bytes[..3], &[20])),
            receive().gives(message(&bytes[3..], &[])),
            close(TALKS),
        ],
    ]);
    assert_eq!(taken(steps), Ok(vec![("http".to_owned(), 20)]));
}

#[test]
fn a_full_backlog_is_waited_for() {
    let pause = on(Call::Poll {
        fds: Vec::new(),
        timeout: Some(Duration::from_millis(100)),
        mask: None,
    });
    let bytes = encode(&[]).unwrap();
    let steps = script([
        vec![
            now(Duration::ZERO),
            socket(TALKS),
            connect().fails(Errno::EAGAIN),
            now(Duration::from_secs(1)),
            pause.fails(Errno::EINTR),
            connect().done(),
        ],
        // Root is always trusted.
        peer_is(0),
        vec![receive().gives(message(&bytes, &[])), close(TALKS)],
    ]);
    assert_eq!(taken(steps), Ok(Vec::new()));
}

#[test]
fn nobody_waits_for_ever() {
    let late = Err(because(Cause::TimedOut(TIME)));
    let steps = script([
        asking(),
        vec![receive().fails(Errno::EAGAIN), now(TIME), close(TALKS)],
    ]);
    assert_eq!(taken(steps), late);
    let steps = vec![
        now(Duration::ZERO),
        socket(TALKS),
        connect().fails(Errno::EAGAIN),
        now(TIME),
        close(TALKS),
    ];
    assert_eq!(taken(steps), late);
}

#[test]
fn a_strangers_sockets_are_not_taken() {
    let steps = script([
        vec![now(Duration::ZERO), socket(TALKS), connect().done()],
        peer_is(OWN + 1),
        vec![own_uid(), close(TALKS)],
    ]);
    let why = "a process of user id 1001 listens there".to_owned();
    assert_eq!(taken(steps), Err(because(Cause::Text(why))));
}

#[test]
fn descriptors_without_names_are_closed() {
    let bytes = encode(&["http"]).unwrap();
    let steps = script([
        asking(),
        vec![
            receive().gives(message(&bytes, &[20, 21])),
            close(20),
            close(21),
            close(TALKS),
        ],
    ]);
    let why = "1 names came with 2 sockets".to_owned();
    assert_eq!(taken(steps), Err(because(Cause::Text(why))));
}

#[test]
fn what_fails_while_asking_is_named() {
    let whole = script([asking(), vec![receive()]]);
    for failing in 0..whole.len() {
        let mut steps = whole[..failing].to_vec();
        steps.push(whole[failing].clone().instead(Err(Errno::EIO)));
        steps.extend((failing > 1).then(|| close(TALKS)));
        assert_eq!(
            taken(steps),
            Err(because(Cause::Errno(Errno::EIO))),
            "{failing}"
        );
    }
}
