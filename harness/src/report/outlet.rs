//! A stream whose reader may go away.

use std::io::{self, ErrorKind, Write};

use crate::case::stop::Stop;

/// Writes to `W` until its reader is gone (`daemonlab run | head`), and then
/// nowhere: the run goes on, and its verdict stands in the exit status and in
/// the other reports. Every other error is passed on.
#[derive(Debug)]
pub struct Outlet<W> {
    to: Option<W>,
    gone: Option<Stop>,
}

impl<W: Write> Outlet<W> {
    /// An outlet that writes to `to`.
    pub fn new(to: W) -> Outlet<W> {
        Outlet {
            to: Some(to),
            gone: None,
        }
    }

    /// The same, which stops what is written down here once nobody reads it.
    pub fn stopping(to: W, stop: Stop) -> Outlet<W> {
        Outlet {
            to: Some(to),
            gone: Some(stop),
        }
    }

    fn attempt<T>(
        &mut self,
        otherwise: T,
        write: impl FnOnce(&mut W) -> io::Result<T>,
    ) -> io::Result<T> {
        let Some(to) = &mut self.to else {
            return Ok(otherwise);
        };
        match write(to) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.to = None;
                self.gone.iter().for_each(Stop::set);
                Ok(otherwise)
            }
            result => result,
        }
    }
}

impl<W: Write> Write for Outlet<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.attempt(data.len(), |to| to.write(data))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt((), Write::flush)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_is_gone_is_no_error() {
        let mut outlet = Outlet::new(Failing(ErrorKind::BrokenPipe));
        outlet
            .write_all(b"one")
            .expect("a broken pipe is swallowed");
        assert!(outlet.to.is_none());
        outlet
            .write_all(b"two")
            .expect("and nothing is tried again");
    }

    #[test]
    fn it_stops_what_nobody_reads() {
        let stop = Stop::default();
        let mut outlet = Outlet::stopping(Failing(ErrorKind::BrokenPipe), stop.clone());
        assert!(!stop.is_set());
        outlet
            .write_all(b"one")
            .expect("a broken pipe is swallowed");
        assert!(stop.is_set());
    }

    #[test]
    fn a_full_disk_is() {
        let mut outlet = Outlet::new(Failing(ErrorKind::StorageFull));
        let error = outlet.write_all(b"one").expect_err("the disk is full");
        assert_eq!(error.kind(), ErrorKind::StorageFull);
    }
}
