//! The resource limits of a process (`getrlimit(2)`).

use crate::world::facts::schema::Field;
use crate::world::facts::schema::Kind::{self, Each};

const LIMIT: &[Field] = fields! {
    "soft": Kind::Limit, "what the kernel holds it to";
    "hard": Kind::Limit, "up to which it may raise that itself";
};

/// Every resource, by the name that the manual has without `RLIMIT_`.
pub(super) const LIMITS: &[Field] = fields! {
    "as": Each(LIMIT), "its address space, in bytes";
    "core": Each(LIMIT), "its core file, in bytes";
    "cpu": Each(LIMIT), "its processor time, in seconds";
    "data": Each(LIMIT), "its memory that may be written, in bytes";
    "fsize": Each(LIMIT), "a file that it writes, in bytes";
    "locks": Each(LIMIT), "its locks; without effect";
    "memlock": Each(LIMIT), "its memory that is locked, in bytes";
    "msgqueue": Each(LIMIT), "the message queues of its user, in bytes";
    "nice": Each(LIMIT), "20 less the lowest nice value";
    "nofile": Each(LIMIT), "one more than its highest descriptor";
    "nproc": Each(LIMIT), "the processes and threads of its user";
    "rss": Each(LIMIT), "its resident memory, in bytes; without effect";
    "rtprio": Each(LIMIT), "its highest real-time priority";
    "rttime": Each(LIMIT), "its processor time without a blocking call under real-time scheduling, in microseconds";
    "sigpending": Each(LIMIT), "the queued signals of its user";
    "stack": Each(LIMIT), "the stack of its main thread, in bytes";
};
