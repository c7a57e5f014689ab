//! Who listens where: `/proc/net` joined with the descriptors of all
//! processes (`proc_pid_net(5)`).

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::process::descriptors;
use super::{look_at, pids};
use crate::world::facts::SocketFacts;

/// A listening socket by its inode number.
#[derive(Debug, PartialEq, Eq)]
struct Listener {
    protocol: &'static str,
    address: String,
    inode: u64,
}

/// Every socket that listens, by protocol and address.
pub fn listening() -> Vec<SocketFacts> {
    let read = |name: &str| fs::read(format!("/proc/net/{name}")).unwrap_or_default();
    let text = |name: &str| String::from_utf8_lossy(&read(name)).into_owned();
    let mut listeners: Vec<Listener> = text("tcp").lines().filter_map(tcp).collect();
    listeners.extend(text("tcp6").lines().filter_map(tcp));
    listeners.extend(text("unix").lines().filter_map(unix));
    let mut owners: BTreeMap<u64, Vec<i32>> = BTreeMap::new();
    for (pid, descriptors) in look_at(pids, descriptors) {
        for (_, target) in descriptors {
            if let Some(inode) = socket_inode(&target) {
                let pids = owners.entry(inode).or_default();
                if pids.last() != Some(&pid) {
                    pids.push(pid);
                }
            }
        }
    }
    let mut facts: Vec<SocketFacts> = listeners
        .into_iter()
        .map(|listener| SocketFacts {
            protocol: listener.protocol.to_owned(),
            address: listener.address,
            processes: owners.get(&listener.inode).cloned().unwrap_or_default(),
        })
        .collect();
    facts.sort_by(|a, b| (&a.protocol, &a.address).cmp(&(&b.protocol, &b.address)));
    facts
}

fn socket_inode(target: &str) -> Option<u64> {
    target
        .strip_prefix("socket:[")?
        .strip_suffix(']')?
        .parse()
        .ok()
}

/// The state `TCP_LISTEN` of `net/tcp_states.h`.
const LISTEN: &str = "0A";

/// A line of `/proc/net/tcp` or `tcp6`.
fn tcp(line: &str) -> Option<Listener> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    let local = fields.next()?;
    let state = fields.nth(1)?;
    let inode = fields.nth(5)?.parse().ok()?;
    let (host, port) = local.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    // Words of four bytes, each printed as a number of this machine.
    let word = |text: &str| u32::from_str_radix(text, 16).ok().map(u32::to_ne_bytes);
    let address: SocketAddr = match host.len() {
        8 => (Ipv4Addr::from(word(host)?), port).into(),
        32 => {
            let mut bytes = [0; 16];
            for (i, part) in bytes.chunks_mut(4).enumerate() {
                part.copy_from_slice(&word(host.get(8 * i..8 * i + 8)?)?);
            }
            (Ipv6Addr::from(bytes), port).into()
        }
        _ => return None,
    };
    (state == LISTEN).then(|| Listener {
        protocol: "tcp",
        address: address.to_string(),
        inode,
    })
}

/// The flag `__SO_ACCEPTCON` of `linux/net.h`: it accepts connections.
const ACCEPTS: u32 = 0x1_0000;

/// A line of `/proc/net/unix`. A path may hold blanks and is the rest of it.
fn unix(line: &str) -> Option<Listener> {
    let mut rest = line;
    let mut fields = [""; 7];
    for field in &mut fields {
        rest = rest.trim_start_matches(' ');
        let end = rest.find(' ').unwrap_or(rest.len());
        (*field, rest) = rest.split_at(end);
    }
    let flags = u32::from_str_radix(fields[3], 16).ok()?;
    let inode = fields[6].parse().ok()?;
    (flags & ACCEPTS != 0).then(|| Listener {
        protocol: "unix",
        address: rest.strip_prefix(' ').unwrap_or(rest).to_owned(),
        inode,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[cfg(target_endian = "little")]
    #[rstest]
    #[case::v4(
        "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0",
        Some(("127.0.0.1:8080", 4242)),
    )]
    #[case::v6(
        "   1: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7 1 0",
        Some(("[::1]:80", 7)),
    )]
    #[case::connected(
        "   0: 0100007F:1F90 0100007F:A000 01 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0",
        None
    )]
    #[case::heading(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
        None
    )]
    fn tcp_lines(#[case] line: &str, #[case] expected: Option<(&str, u64)>) {
        let found = tcp(line);
        let found = found
            .as_ref()
            .map(|found| (found.address.as_str(), found.inode));
        assert_eq!(found, expected);
    }

    #[rstest]
    #[case::path(
        "00000000a: 00000002 00000000 00010000 0001 01 4242 /run/a b.sock",
        Some("/run/a b.sock")
    )]
    #[case::name(
        "00000000a: 00000002 00000000 00010000 0001 01 4242 @lab",
        Some("@lab")
    )]
    #[case::narrow_inode("00000000a: 00000002 00000000 00010000 0001 01    42 /x", Some("/x"))]
    #[case::connected("00000000a: 00000003 00000000 00000000 0001 03 4242", None)]
    #[case::heading("Num       RefCount Protocol Flags    Type St Inode Path", None)]
    fn unix_lines(#[case] line: &str, #[case] expected: Option<&str>) {
        assert_eq!(
            unix(line).as_ref().map(|found| found.address.as_str()),
            expected
        );
    }
}
