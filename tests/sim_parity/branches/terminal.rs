//! The terminal: without one, and after its window was closed.

use daemonlab::sim::kernel::Refusal as R;
use daemonlab::sys::Signal;
use daemonlab::sys::call::Call;
use daemonlab::sys::records::{Access, Disposition, OpenHow};

use super::calls::*;
use super::case::{Case, alone, case};
use crate::program::Turn;

/// The window is closed.
fn hangs_up() -> Turn {
    Turn::hang_up()
}

pub fn cases() -> Vec<Case> {
    let no_terminal = "the sandbox has no terminal";
    let terminal = || open("/dev/pts/0", how(Access::ReadWrite));
    let stays = || me(action(Signal::HUP, Disposition::Ignore));
    let at_once = OpenHow {
        non_blocking: true,
        ..how(Access::Read)
    };
    vec![
        case(
            "open_without_a_controlling_terminal",
            R::NoControllingTerminal,
            [
                me(Call::Fork),
                child(Call::SetSid),
                child(reads("/dev/tty")),
            ],
        )
        .in_the_simulation_alone(no_terminal),
        case(
            "open_of_a_terminal_whose_window_is_closed",
            R::TerminalOpenHungUp,
            [stays(), hangs_up(), me(terminal())],
        )
        .in_the_simulation_alone(no_terminal),
        case(
            "write_to_a_terminal_whose_window_is_closed",
            R::TerminalWriteHungUp,
            [stays(), me(terminal()), hangs_up(), me(write(3, 1))],
        )
        .in_the_simulation_alone(no_terminal),
        alone(
            "read_of_a_terminal_at_which_nobody_types",
            R::NobodyTypes,
            [open("/dev/pts/0", at_once), read(3, 1)],
        )
        .in_the_simulation_alone(no_terminal),
    ]
}
