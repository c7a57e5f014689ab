//! Which process of a launch it is, told by sessions.

use crate::world::real::proc::stat::Stat;
use crate::world::real::proc::status::Status;
use crate::world::spec::Role;

/// The process that the thread `tid` is of, and its role in the launch whose
/// launcher is `launcher` and was started in the session `session`; `None` if
/// it is gone.
pub fn look_up(tid: i32, launcher: i32, session: i32) -> Option<(i32, Role)> {
    let process = Status::read(tid)?.process;
    let stat = Stat::read(process)?;
    Some((process, role(process, stat.session, launcher, session)))
}

/// As [`Role`] defines them.
fn role(process: i32, session: i32, launcher: i32, launchers_session: i32) -> Role {
    if process == launcher {
        Role::Launcher
    } else if session == process || session == launchers_session {
        Role::Intermediate
    } else {
        Role::Daemon
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::launcher(5, 5, Role::Launcher)]
    #[case::launcher_with_a_session_of_its_own(5, 9, Role::Launcher)]
    #[case::forked(6, 4, Role::Intermediate)]
    #[case::leads_a_session(6, 6, Role::Intermediate)]
    #[case::forked_again(7, 6, Role::Daemon)]
    fn sessions_tell_roles(#[case] process: i32, #[case] session: i32, #[case] expected: Role) {
        assert_eq!(role(process, session, 5, 4), expected);
    }
}
