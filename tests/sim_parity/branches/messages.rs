//! Messages that do not go out, and those that do not come.

use daemonlab::sim::kernel::Refusal as R;
use daemonlab::sys::call::Call;

use super::calls::*;
use super::case::{Case, alone};

pub fn cases() -> Vec<Case> {
    let mut cases = streams();
    cases.extend(datagrams());
    cases
}

fn streams() -> Vec<Case> {
    let too_many = Call::Send {
        fd: fd(4),
        data: b"x".to_vec(),
        fds: vec![fd(9); 254],
        to: None,
    };
    vec![
        alone(
            "sendmsg_with_too_many_descriptors",
            R::TooManyFdsSent,
            connected([too_many]),
        ),
        alone(
            "sendmsg_to_an_address_over_a_connection",
            R::AddressOnConnectedStream,
            connected([send(4, 1, Some(name("pair")))]),
        ),
        alone(
            "sendmsg_to_an_address_over_a_stream",
            R::AddressOnStream,
            [stream(), send(3, 1, Some(name("s")))],
        ),
        alone(
            "sendmsg_over_a_stream_to_nobody",
            R::StreamNotConnected,
            [stream(), send(3, 1, None)],
        ),
        alone(
            "sendmsg_to_who_has_closed",
            R::StreamPeerClosed,
            connected([close(5), send(4, 1, None)]),
        ),
        alone(
            "sendmsg_after_the_last_word",
            R::StreamSendsNoMore,
            connected([Call::EndSending { fd: fd(4) }, send(4, 1, None)]),
        ),
        alone(
            "sendmsg_into_a_full_buffer",
            R::StreamFull,
            connected([send(4, 300_000, None), send(4, 1, None)]),
        ),
        alone(
            "recvmsg_over_a_stream_from_nobody",
            R::ReceiveUnconnected,
            [stream(), receive(3)],
        ),
        alone(
            "recvmsg_from_who_closed_with_unread_bytes",
            R::StreamReset,
            connected([send(4, 1, None), close(5), receive(4)]),
        ),
        alone(
            "recvmsg_where_nothing_has_come",
            R::StreamEmpty,
            connected([receive(4)]),
        ),
    ]
}

/// Why the sandbox cannot show what it is told who says one more thing to nobody.
const ADDRESSEE: &str = "kernels differ in what they look at first";

fn last_word_to_nobody() -> [Call; 3] {
    [datagram(), Call::EndSending { fd: fd(3) }, send(3, 1, None)]
}

fn datagrams() -> Vec<Case> {
    let bound = || [datagram(), bind(3, name("a")), datagram()];
    let and = |more: Vec<Call>| bound().into_iter().chain(more).collect::<Vec<_>>();
    let one = send(4, 1, Some(name("a")));
    vec![
        alone(
            "sendmsg_of_a_datagram_to_nobody",
            R::DatagramToNobody,
            [datagram(), send(3, 1, None)],
        ),
        alone(
            "sendmsg_of_a_datagram_that_is_too_large",
            R::DatagramTooLarge,
            and(vec![send(4, 300_000, Some(name("a")))]),
        ),
        alone(
            "sendmsg_of_a_datagram_after_the_last_word",
            R::DatagramSendsNoMore,
            and(vec![
                connect(4, name("a")),
                Call::EndSending { fd: fd(4) },
                send(4, 1, None),
            ]),
        ),
        alone(
            "sendmsg_of_a_datagram_to_nobody_after_the_last_word",
            R::DatagramSendsNoMore,
            last_word_to_nobody(),
        )
        .in_the_simulation_alone(ADDRESSEE),
        alone(
            "sendmsg_of_a_datagram_to_nobody_after_the_last_word_addressee_first",
            R::DatagramToNobody,
            last_word_to_nobody(),
        )
        .on(|scene| scene.rules(|rules| rules.addressee_first = true))
        .in_the_simulation_alone(ADDRESSEE),
        alone(
            "sendmsg_of_a_datagram_to_who_has_closed",
            R::DatagramPeerClosed,
            and(vec![connect(4, name("a")), close(3), send(4, 1, None)]),
        ),
        alone(
            "sendmsg_of_a_datagram_to_who_talks_to_another",
            R::DatagramPeerTalksToAnother,
            and(vec![
                bind(4, name("b")),
                connect(3, name("b")),
                datagram(),
                send(5, 1, Some(name("a"))),
            ]),
        ),
        alone(
            "sendmsg_of_a_datagram_to_a_full_queue",
            R::DatagramQueueFull,
            and(vec![one; 12]),
        ),
        alone(
            "recvmsg_of_a_datagram_that_has_not_come",
            R::NoDatagram,
            [datagram(), receive(3)],
        ),
    ]
}
