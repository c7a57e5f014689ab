//! A stopped thread's memory (`process_vm_readv(2)`). What cannot be read is
//! given as nothing: a program may pass any address.

use std::ffi::OsString;
use std::io::{IoSlice, IoSliceMut};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use nix::sys::uio::{RemoteIoVec, process_vm_readv, process_vm_writev};
use nix::unistd::Pid;

/// The longest path there is (`PATH_MAX`).
const PATH: usize = 4096;

/// Pages are read whole, so that a string at the end of one is found.
const PAGE: usize = 4096;

/// So many bytes from `address`; `None` if they are not all there.
pub fn bytes(tid: i32, address: u64, count: usize) -> Option<Vec<u8>> {
    let mut buffer = vec![0; count];
    (some(tid, address, &mut buffer)? == count).then_some(buffer)
}

/// As many as there are of `count` bytes from `address`, page by page.
pub fn prefix(tid: i32, address: u64, count: usize) -> Vec<u8> {
    let mut all = Vec::new();
    let mut at = address;
    while all.len() < count {
        let page = PAGE - at as usize % PAGE;
        let Some(piece) = bytes(tid, at, page.min(count - all.len())) else {
            break;
        };
        at = at.wrapping_add(piece.len() as u64);
        all.extend(piece);
    }
    all
}

/// A number of 64 bits.
pub fn word(tid: i32, address: u64) -> Option<u64> {
    let bytes = bytes(tid, address, 8)?;
    Some(u64::from_ne_bytes(bytes.try_into().ok()?))
}

/// A number of 32 bits.
pub fn int(tid: i32, address: u64) -> Option<i32> {
    let bytes = bytes(tid, address, 4)?;
    Some(i32::from_ne_bytes(bytes.try_into().ok()?))
}

/// A path: up to the zero byte that ends it.
pub fn path(tid: i32, address: u64) -> Option<PathBuf> {
    let mut all = Vec::new();
    let mut at = address;
    while all.len() < PATH {
        let room = (PAGE - at as usize % PAGE).min(256);
        let piece = bytes(tid, at, room)?;
        if let Some(end) = piece.iter().position(|byte| *byte == 0) {
            all.extend(&piece[..end]);
            return Some(PathBuf::from(OsString::from_vec(all)));
        }
        at = at.wrapping_add(room as u64);
        all.extend(piece);
    }
    None
}

/// Writes these bytes at `address`; gives whether all are there.
pub fn write(tid: i32, address: u64, bytes: &[u8]) -> bool {
    let remote = RemoteIoVec {
        base: address as usize,
        len: bytes.len(),
    };
    process_vm_writev(Pid::from_raw(tid), &[IoSlice::new(bytes)], &[remote]) == Ok(bytes.len())
}

fn some(tid: i32, address: u64, buffer: &mut [u8]) -> Option<usize> {
    let remote = RemoteIoVec {
        base: address as usize,
        len: buffer.len(),
    };
    process_vm_readv(
        Pid::from_raw(tid),
        &mut [IoSliceMut::new(buffer)],
        &[remote],
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_read_and_what_is_not_is_nothing() {
        let me = std::process::id() as i32;
        let text = c"/run/lab.pid";
        let address = text.as_ptr() as u64;
        assert_eq!(path(me, address), Some(PathBuf::from("/run/lab.pid")));
        assert_eq!(bytes(me, address, 4), Some(b"/run".to_vec()));
        assert_eq!(path(me, 8), None);
        let number = 7u64;
        assert_eq!(word(me, &raw const number as u64), Some(7));
        assert_eq!(int(me, 0), None);
        assert!(prefix(me, 0, 4).is_empty());
    }
}
