//! Sockets: addresses and connections.

use daemonlab::sim::kernel::Refusal as R;
use daemonlab::sys::records::UnixAddr;

use super::calls::*;
use super::case::{Case, alone};

pub fn cases() -> Vec<Case> {
    let mut cases = addresses();
    cases.extend(listeners());
    cases.extend(connections());
    cases
}

fn addresses() -> Vec<Case> {
    let long = "n".repeat(108);
    let abstract_name = UnixAddr::Abstract(long.clone().into_bytes());
    vec![
        alone(
            "bind_of_a_file",
            R::NotASocket,
            [reads("f"), bind(3, name("a"))],
        ),
        alone(
            "bind_to_an_empty_path",
            R::AddressEmpty,
            [stream(), bind(3, path(""))],
        ),
        alone(
            "bind_to_a_path_with_a_zero_byte",
            R::AddressHasZeroByte,
            [stream(), bind(3, path("a\0b"))],
        ),
        alone(
            "bind_to_a_path_that_is_too_long",
            R::AddressTooLong,
            [stream(), bind(3, path(long + "n"))],
        ),
        alone(
            "bind_to_a_name_that_is_too_long",
            R::AddressTooLong,
            [stream(), bind(3, abstract_name)],
        ),
        alone(
            "bind_with_a_slash",
            R::BindNameWithSlash,
            [stream(), bind(3, path("new/"))],
        ),
        alone(
            "bind_to_what_is_there",
            R::BindNameTaken,
            [stream(), bind(3, path("f"))],
        ),
        alone(
            "bind_again_to_a_path",
            R::BoundAlready,
            [stream(), bind(3, path("s")), bind(3, path("t"))],
        ),
        alone(
            "bind_again_to_a_name",
            R::BoundAlready,
            [stream(), bind(3, name("s")), bind(3, name("t"))],
        ),
        alone(
            "bind_to_a_name_that_is_taken",
            R::AbstractNameTaken,
            [stream(), bind(3, name("s")), stream(), bind(4, name("s"))],
        ),
    ]
}

fn listeners() -> Vec<Case> {
    vec![
        alone(
            "listen_on_a_datagram_socket",
            R::ListenDatagram,
            [datagram(), listen(3)],
        ),
        alone(
            "listen_without_an_address",
            R::ListenUnbound,
            [stream(), listen(3)],
        ),
        alone(
            "listen_on_a_connection",
            R::ListenConnected,
            connected([listen(5)]),
        ),
        alone(
            "accept_on_a_datagram_socket",
            R::AcceptDatagram,
            [datagram(), accept(3)],
        ),
        alone(
            "accept_where_nobody_listens",
            R::AcceptNotListening,
            [stream(), accept(3)],
        ),
        alone(
            "accept_where_nobody_connects",
            R::NobodyConnects,
            [stream(), bind(3, name("s")), listen(3), accept(3)],
        ),
    ]
}

fn connections() -> Vec<Case> {
    let listens = [stream(), bind(3, name("s")), listen(3)];
    let and = |more: Vec<_>| listens.iter().cloned().chain(more).collect::<Vec<_>>();
    vec![
        alone(
            "connect_to_an_unknown_name",
            R::AbstractNameUnknown,
            [stream(), connect(3, name("s"))],
        ),
        alone(
            "connect_to_a_file",
            R::NameOfNoSocket,
            [stream(), connect(3, path("f"))],
        ),
        alone(
            "connect_to_what_was_closed",
            R::SocketClosed,
            [
                stream(),
                bind(3, path("s")),
                close(3),
                stream(),
                connect(3, path("s")),
            ],
        ),
        alone(
            "connect_to_another_kind",
            R::SocketKindDiffers,
            [
                datagram(),
                bind(3, path("s")),
                stream(),
                connect(4, path("s")),
            ],
        ),
        alone(
            "connect_where_nobody_listens",
            R::NobodyListens,
            [
                stream(),
                bind(3, name("s")),
                stream(),
                connect(4, name("s")),
            ],
        ),
        alone(
            "connect_where_too_many_wait",
            R::BacklogFull,
            and(vec![
                stream(),
                connect(4, name("s")),
                stream(),
                connect(5, name("s")),
            ]),
        ),
        alone(
            "connect_again",
            R::ConnectConnected,
            connected([connect(4, name("pair"))]),
        ),
        alone(
            "connect_by_who_listens",
            R::ConnectListening,
            and(vec![
                stream(),
                bind(4, name("t")),
                listen(4),
                connect(4, name("s")),
            ]),
        ),
    ]
}
