//! The terminal: without one, and after its window was closed.

use daemonlab::sim::kernel::Refusal as R;
use daemonlab::sys::Signal;
use daemonlab::sys::call::Call;
use daemonlab::sys::records::{Access, Disposition, OpenHow};

use super::calls::*;
use super::case::{Case, alone, case};
use crate::program::{Start, Turn};

const NAME: &str = "/dev/pts/0";

pub fn cases() -> Vec<Case> {
    let terminal = || me(open(NAME, how(Access::ReadWrite)));
    let stays = || me(action(Signal::HUP, Disposition::Ignore));
    let closed = Turn::hang_up;
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
        ),
        case(
            "open_of_the_controlling_terminal_whose_window_is_closed",
            R::NoControllingTerminal,
            [stays(), closed(), me(reads("/dev/tty"))],
        )
        .started(Start::AtTerminal),
        case(
            "open_of_a_terminal_whose_window_is_closed",
            R::OpenMissing,
            [stays(), closed(), me(reads(NAME))],
        )
        .started(Start::AtTerminal),
        case(
            "write_to_a_terminal_whose_window_is_closed",
            R::TerminalHungUp,
            [
                stays(),
                terminal(),
                me(write(3, 1)),
                closed(),
                me(write(3, 1)),
            ],
        )
        .started(Start::AtTerminal),
        alone(
            "read_of_a_terminal_at_which_nobody_types",
            R::NobodyTypes,
            [open(NAME, at_once), read(3, 1)],
        )
        .started(Start::AtTerminal),
    ]
}
