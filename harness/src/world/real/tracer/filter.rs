//! The program that makes the kernel stop at a call: classic BPF over
//! `struct seccomp_data` (`seccomp(2)`).

use std::collections::BTreeSet;
use std::mem::offset_of;

use libc::{seccomp_data, sock_filter};
use nix::errno::Errno;

use super::arch::{AUDIT_ARCH, OTHER_NUMBERS};
use super::visible;

const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP: u16 = 0x05; // BPF_JMP | BPF_JA
const JUMP_IF_EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_IF_NOT_BELOW: u16 = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const RETURN: u16 = 0x06; // BPF_RET | BPF_K

/// So few numbers are compared one after the other.
const FEW: usize = 4;

/// Which calls stop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stops {
    /// Those of these numbers.
    pub numbers: BTreeSet<i64>,
    /// Which of them, where the number is that of `prctl(2)`.
    pub prctl: Operations,
}

/// Operations of `prctl(2)`. Nobody counts one that others cannot notice, and
/// programs ask for their capabilities by one call each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Operations {
    /// Those that others notice.
    #[default]
    Noticed,
    /// All of them.
    All,
}

/// What tells one `execve(2)` from all others: two words that it does not look at,
/// but a filter does, which is given six registers of every call. Nobody knows
/// them but who has drawn them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark([u64; 2]);

impl Mark {
    /// A new one.
    ///
    /// # Errors
    /// That of `getrandom(2)`.
    pub fn draw() -> Result<Mark, Errno> {
        let mut words = [0_u64; 2];
        let size = size_of_val(&words);
        // SAFETY: so many bytes are written there, and any are words.
        let drawn = unsafe { libc::getrandom(words.as_mut_ptr().cast(), size, 0) };
        Errno::result(drawn)?;
        Ok(Mark(words))
    }

    /// The fourth and the fifth argument of the call.
    pub fn words(self) -> [u64; 2] {
        self.0
    }
}

/// A filter that stops at some calls and lets all others pass. Those of another
/// machine's numbering stop, or of another numbering of this one, since nobody can
/// say what they are: that they are not seen is to be told. What always passes costs
/// next to nothing: the kernel keeps a map of it (5.11 and newer). It makes that map
/// by running the program for each number there is, so the program looks its numbers
/// up by halves.
#[derive(Debug)]
pub struct Filter(Vec<sock_filter>);

impl Filter {
    /// Stops at these calls, but not at the exec with this mark, if there is one:
    /// what is traced begins after it.
    pub fn new(stops: &Stops, own: Option<Mark>) -> Filter {
        let numbers: Vec<u32> = stops.numbers.iter().map(|number| *number as u32).collect();
        let mut program = vec![
            load(offset_of!(seccomp_data, arch)),
            instruction(JUMP_IF_EQUAL, 1, 0, AUDIT_ARCH),
            give(libc::SECCOMP_RET_TRACE),
            load(offset_of!(seccomp_data, nr)),
            instruction(JUMP_IF_NOT_BELOW, 0, 2, OTHER_NUMBERS.start),
            instruction(JUMP_IF_NOT_BELOW, 1, 0, OTHER_NUMBERS.end),
            give(libc::SECCOMP_RET_TRACE),
        ];
        program.extend(own.into_iter().flat_map(but_for));
        let prctl = libc::SYS_prctl as u32;
        if stops.prctl == Operations::Noticed && numbers.contains(&prctl) {
            let operations = noticed();
            // A jump on a condition reaches no further than 255 instructions.
            program.push(instruction(JUMP_IF_EQUAL, 0, 1, prctl));
            program.push(instruction(JUMP, 0, 0, 1));
            program.push(instruction(JUMP, 0, 0, operations.len() as u32));
            program.extend(operations);
        }
        program.extend(among(&numbers));
        Filter(program)
    }

    /// The record that `seccomp(2)` takes, which is valid as long as this is there.
    ///
    /// # Errors
    /// E2BIG if it is longer than a record can say.
    pub fn record(&self) -> Result<libc::sock_fprog, Errno> {
        Ok(libc::sock_fprog {
            len: u16::try_from(self.0.len()).map_err(|_| Errno::E2BIG)?,
            filter: self.0.as_ptr().cast_mut(),
        })
    }

    /// Sets it for this thread and all that it makes from now on. Whoever is
    /// not traced gets ENOSYS for the calls that it stops at. Needs
    /// `CAP_SYS_ADMIN` in the user namespace, since `no_new_privs` would
    /// change what is tested.
    ///
    /// # Errors
    /// EACCES without the capability; EINVAL on a kernel without filters.
    pub fn install(&self) -> Result<(), Errno> {
        let program = self.record()?;
        // SAFETY: the program and its record outlive the call, which only
        // reads them.
        let done = unsafe {
            libc::syscall(
                libc::SYS_seccomp,
                libc::SECCOMP_SET_MODE_FILTER,
                0,
                &raw const program,
            )
        };
        Errno::result(done).map(drop)
    }
}

/// Stops if the number that was loaded is one of these, in order of size.
fn among(numbers: &[u32]) -> Vec<sock_filter> {
    if numbers.len() <= FEW {
        let equal = |(at, number): (usize, &u32)| {
            instruction(JUMP_IF_EQUAL, (numbers.len() - at) as u8, 0, *number)
        };
        let mut program: Vec<sock_filter> = numbers.iter().enumerate().map(equal).collect();
        program.push(give(libc::SECCOMP_RET_ALLOW));
        program.push(give(libc::SECCOMP_RET_TRACE));
        return program;
    }
    let (lower, upper) = numbers.split_at(numbers.len() / 2);
    let lower = among(lower);
    let mut program = vec![
        instruction(JUMP_IF_NOT_BELOW, 0, 1, upper[0]),
        instruction(JUMP, 0, 0, lower.len() as u32),
    ];
    program.extend(lower);
    program.extend(among(upper));
    program
}

/// Lets the exec with this mark pass; else the number stays loaded.
fn but_for(Mark([first, second]): Mark) -> Vec<sock_filter> {
    let checks = [(3, first), (4, second)]
        .into_iter()
        .flat_map(|(at, word)| {
            let [low, high] = halves(at);
            [(low, word as u32), (high, (word >> 32) as u32)]
        });
    let mut program = Vec::new();
    // From behind, so that it is known how far it is to the end.
    let end = [
        give(libc::SECCOMP_RET_ALLOW),
        load(offset_of!(seccomp_data, nr)),
    ];
    program.extend(end.into_iter().rev());
    for (offset, word) in checks.collect::<Vec<_>>().into_iter().rev() {
        let otherwise = program.len() as u8 - 1;
        program.push(instruction(JUMP_IF_EQUAL, 0, otherwise, word));
        program.push(load(offset));
    }
    let otherwise = program.len() as u8;
    program.push(instruction(
        JUMP_IF_EQUAL,
        0,
        otherwise,
        libc::SYS_execve as u32,
    ));
    program.reverse();
    program
}

/// Stops at the operations of `prctl(2)` that others notice. Of an argument
/// that is looked at whole, both halves are.
fn noticed() -> Vec<sock_filter> {
    let [operation, _] = halves(0);
    let [low, high] = halves(1);
    let mut program = vec![load(operation)];
    for noticed in visible::OPERATIONS {
        let stop = give(libc::SECCOMP_RET_TRACE);
        program.extend([instruction(JUMP_IF_EQUAL, 0, 1, noticed as u32), stop]);
    }
    let asks = libc::PR_CAP_AMBIENT_IS_SET as u32;
    program.extend([
        instruction(JUMP_IF_EQUAL, 0, 5, libc::PR_CAP_AMBIENT as u32),
        load(high),
        instruction(JUMP_IF_EQUAL, 0, 2, 0),
        load(low),
        instruction(JUMP_IF_EQUAL, 1, 0, asks),
        give(libc::SECCOMP_RET_TRACE),
        give(libc::SECCOMP_RET_ALLOW),
    ]);
    program
}

/// Where the lower and the upper half of an argument lie.
fn halves(argument: usize) -> [usize; 2] {
    let at = offset_of!(seccomp_data, args) + argument * size_of::<u64>();
    match cfg!(target_endian = "little") {
        true => [at, at + size_of::<u32>()],
        false => [at + size_of::<u32>(), at],
    }
}

fn load(offset: usize) -> sock_filter {
    instruction(LOAD, 0, 0, offset as u32)
}

fn give(value: u32) -> sock_filter {
    instruction(RETURN, 0, 0, value)
}

fn instruction(code: u16, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOP: u32 = libc::SECCOMP_RET_TRACE;
    const PASS: u32 = libc::SECCOMP_RET_ALLOW;

    fn call(nr: i64, args: [u64; 2]) -> seccomp_data {
        // SAFETY: a record of numbers, for which zeros are values.
        let mut data: seccomp_data = unsafe { std::mem::zeroed() };
        data.arch = AUDIT_ARCH;
        data.nr = nr as i32;
        data.args[..2].copy_from_slice(&args);
        data.args[3..5].copy_from_slice(&[1, 2]);
        data
    }

    /// Runs the program on a call; gives how many instructions it took, too.
    fn run(filter: &Filter, data: &seccomp_data) -> (u32, usize) {
        // SAFETY: the record is plain bytes, without gaps, and is borrowed.
        let bytes: [u8; size_of::<seccomp_data>()] = unsafe { std::mem::transmute_copy(data) };
        let (mut at, mut word, mut count) = (0, 0, 0);
        loop {
            let sock_filter { code, jt, jf, k } = filter.0[at];
            at += 1;
            count += 1;
            let either = |is: bool| usize::from(if is { jt } else { jf });
            match code {
                LOAD => {
                    let four = bytes[k as usize..].first_chunk();
                    word = u32::from_ne_bytes(*four.expect("it is within the record"));
                }
                JUMP => at += k as usize,
                JUMP_IF_EQUAL => at += either(word == k),
                JUMP_IF_NOT_BELOW => at += either(word >= k),
                RETURN => return (k, count),
                _ => panic!("unknown instruction {code:#x}"),
            }
        }
    }

    const MARK: Mark = Mark([0x1234_5678_9abc_def0, 0xfedc_ba98_7654_3210]);

    fn filter(numbers: impl IntoIterator<Item = i64>, prctl: Operations) -> Filter {
        let stops = Stops {
            numbers: numbers.into_iter().collect(),
            prctl,
        };
        Filter::new(&stops, Some(MARK))
    }

    #[test]
    fn one_exec_alone_passes() {
        let filter = filter([libc::SYS_execve, libc::SYS_setsid], Operations::Noticed);
        let mut data = call(libc::SYS_execve, [0; 2]);
        assert_eq!(run(&filter, &data).0, STOP);
        data.args[3..5].copy_from_slice(&MARK.words());
        assert_eq!(run(&filter, &data).0, PASS);
        data.nr = libc::SYS_setsid as i32;
        assert_eq!(run(&filter, &data).0, STOP);
        data.nr = libc::SYS_execve as i32;
        for (at, bit) in [(3, 0), (3, 63), (4, 0), (4, 63)] {
            data.args[at] ^= 1 << bit;
            assert_eq!(run(&filter, &data).0, STOP, "{at} {bit}");
            data.args[at] ^= 1 << bit;
        }
        assert_ne!(Mark::draw(), Mark::draw());
    }

    #[test]
    fn it_stops_at_the_named_calls_alone() {
        for count in 0..200 {
            // Every third number, and a gap of two.
            let numbers = (0..count).map(|n| 3 * n + 1);
            let filter = filter(numbers, Operations::Noticed);
            for nr in 0..3 * count + 10 {
                let named = nr % 3 == 1 && nr < 3 * count && nr != libc::SYS_prctl;
                let expected = if named { STOP } else { PASS };
                let (given, steps) = run(&filter, &call(nr, [0; 2]));
                assert_eq!(given, expected, "{nr} of {count}");
                assert!(steps < 40, "{nr} of {count}: {steps}");
            }
        }
    }

    #[test]
    fn another_machines_calls_stop() {
        let filter = filter([libc::SYS_setsid], Operations::Noticed);
        let mut data = call(libc::SYS_setsid, [0; 2]);
        assert_eq!(run(&filter, &data).0, STOP);
        data.nr = libc::SYS_umask as i32;
        assert_eq!(run(&filter, &data).0, PASS);
        data.arch ^= 1;
        assert_eq!(run(&filter, &data).0, STOP);
    }

    #[test]
    fn another_numbering_of_this_machine_stops() {
        let filter = filter([libc::SYS_setsid], Operations::Noticed);
        assert_eq!(OTHER_NUMBERS.is_empty(), !cfg!(target_arch = "x86_64"));
        for number in OTHER_NUMBERS.step_by(OTHER_NUMBERS.len() / 7 + 1) {
            let given = run(&filter, &call(number.into(), [0; 2])).0;
            assert_eq!(given, STOP, "{number:#x}");
        }
        let beside = [
            OTHER_NUMBERS.start.wrapping_sub(1),
            OTHER_NUMBERS.end,
            u32::MAX,
        ];
        for number in beside {
            let given = run(&filter, &call(number.into(), [0; 2])).0;
            assert_eq!(given, PASS, "{number:#x}");
        }
    }

    #[test]
    fn operations_that_nobody_notices_pass_unless_all_are_asked_for() {
        let numbers = || visible::all().into_iter();
        let (noticed, all) = (
            filter(numbers(), Operations::Noticed),
            filter(numbers(), Operations::All),
        );
        for operation in 0..100 {
            for what in [0, 1, 2, 1 << 32 | 1] {
                let data = call(libc::SYS_prctl, [operation, what]);
                let expected = match visible::prctl(operation, what) {
                    true => STOP,
                    false => PASS,
                };
                let of = |filter| run(filter, &data).0;
                assert_eq!((of(&noticed), of(&all)), (expected, STOP), "{operation}");
            }
        }
        // The kernel does not look at the upper half of an operation.
        let data = call(libc::SYS_prctl, [1 << 32 | libc::PR_SET_NAME as u64, 0]);
        assert_eq!(run(&noticed, &data).0, STOP);
    }
}
