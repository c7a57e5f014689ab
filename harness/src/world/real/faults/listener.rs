//! The kernel's side: what stopped, and what becomes of it.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use libc::{seccomp_notif, seccomp_notif_resp, seccomp_notif_sizes};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// The descriptor at which calls arrive that a filter has stopped.
#[derive(Debug)]
pub struct Listener {
    fd: OwnedFd,
    /// How long the kernel's records are, which may grow: in words.
    notif: usize,
    response: usize,
}

/// A call that stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// By what it is answered.
    pub id: u64,
    /// The thread that made it.
    pub tid: i32,
    /// The call's number.
    pub number: i64,
    /// Its arguments.
    pub args: [u64; 6],
}

impl Listener {
    /// Listens at this descriptor.
    pub fn new(fd: OwnedFd) -> Result<Listener, Errno> {
        let mut sizes = seccomp_notif_sizes {
            seccomp_notif: 0,
            seccomp_notif_resp: 0,
            seccomp_data: 0,
        };
        // SAFETY: the record outlives the call, which fills it in.
        let done = unsafe {
            libc::syscall(
                libc::SYS_seccomp,
                libc::SECCOMP_GET_NOTIF_SIZES,
                0,
                &raw mut sizes,
            )
        };
        Errno::result(done)?;
        let words = |kernel: u16, ours: usize| usize::from(kernel).max(ours).div_ceil(8);
        Ok(Listener {
            fd,
            notif: words(sizes.seccomp_notif, size_of::<seccomp_notif>()),
            response: words(sizes.seccomp_notif_resp, size_of::<seccomp_notif_resp>()),
        })
    }

    /// Takes a call that stopped; `None` if there is none now.
    pub fn take(&self) -> Result<Option<Notice>, Errno> {
        let mut fds = [PollFd::new(self.fd.as_fd(), PollFlags::POLLIN)];
        // Receiving waits if there is nothing.
        poll(&mut fds, PollTimeout::ZERO)?;
        let ready = fds[0].revents().unwrap_or(PollFlags::empty());
        if !ready.contains(PollFlags::POLLIN) {
            return Ok(None);
        }
        let mut record = vec![0u64; self.notif];
        // SAFETY: the buffer is zero, aligned, and at least as long as the
        // kernel's record.
        let done = unsafe {
            libc::ioctl(
                self.fd.as_raw_fd(),
                libc::SECCOMP_IOCTL_NOTIF_RECV,
                record.as_mut_ptr(),
            )
        };
        match Errno::result(done) {
            Ok(_) => {}
            // Its thread ended in between.
            Err(Errno::ENOENT | Errno::EINTR) => return Ok(None),
            Err(errno) => return Err(errno),
        }
        // SAFETY: the buffer is aligned and at least as long as the record,
        // which is plain data that the kernel has filled in.
        let record = unsafe { &*record.as_ptr().cast::<seccomp_notif>() };
        Ok(Some(Notice {
            id: record.id,
            tid: record.pid as i32,
            number: i64::from(record.data.nr),
            args: record.data.args,
        }))
    }

    /// Whether its thread still waits in it: what was read of `/proc` since it
    /// arrived was that thread's, no other's.
    pub fn waits(&self, id: u64) -> bool {
        // SAFETY: the number outlives the call, which reads it.
        let done = unsafe {
            libc::ioctl(
                self.fd.as_raw_fd(),
                libc::SECCOMP_IOCTL_NOTIF_ID_VALID,
                &raw const id,
            )
        };
        done == 0
    }

    /// Lets the call be carried out.
    pub fn pass(&self, id: u64) -> Result<(), Errno> {
        self.answer(seccomp_notif_resp {
            id,
            val: 0,
            error: 0,
            flags: libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32,
        })
    }

    /// Makes it fail with this errno.
    pub fn fail(&self, id: u64, errno: i32) -> Result<(), Errno> {
        self.answer(seccomp_notif_resp {
            id,
            val: 0,
            error: -errno,
            flags: 0,
        })
    }

    fn answer(&self, response: seccomp_notif_resp) -> Result<(), Errno> {
        let mut record = vec![0u64; self.response];
        // SAFETY: the buffer is aligned, and at least as long as the record,
        // which is plain data.
        unsafe {
            record
                .as_mut_ptr()
                .cast::<seccomp_notif_resp>()
                .write(response)
        };
        // SAFETY: the buffer outlives the call and is as long as the kernel's record.
        let done = unsafe {
            libc::ioctl(
                self.fd.as_raw_fd(),
                libc::SECCOMP_IOCTL_NOTIF_SEND,
                record.as_mut_ptr(),
            )
        };
        match Errno::result(done) {
            // Its thread ended, or was interrupted, in between.
            Ok(_) | Err(Errno::ENOENT | Errno::EINPROGRESS) => Ok(()),
            Err(errno) => Err(errno),
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
