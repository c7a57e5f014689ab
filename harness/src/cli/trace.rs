//! `daemonlab trace`: one start of a program, recorded.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anstream::{AutoStream, StripStream};

use crate::case::setting::Target;
use crate::case::stop::Stop;
use crate::report::outlet::Outlet;
use crate::run::real::missing;
use crate::scenario::{Capability, suggest};
use crate::trace::json::Json;
use crate::trace::perfetto::Perfetto;
use crate::trace::record::Tells;
use crate::trace::text::{Text, summary};
use crate::trace::{Limits, Sink, record};
use crate::world::event::End;
use crate::world::real::{Host, bound, is_own};
use crate::world::spec::{
    ENVIRONMENT, FAMILIES, FileContent, FileSpec, LaunchSpec, Order, Role, SandboxSpec, Stdio,
    Trace, UserSpec,
};
use crate::world::{WorldError, syscalls};

use super::args::{Color, TraceArgs, TraceFormat, TraceOutput, UserName};
use super::chosen::Halt;
use super::exit_status::ExitStatus;
use super::{interrupt, target};

/// The name of the one launch.
const LAUNCH: &str = "trace";

/// The ids of `nobody` and its group in every sandbox.
const NOBODY: u32 = 65534;

/// The id of the first user who was given none.
const FIRST_USER: u32 = 1000;

/// Traces what the arguments say.
///
/// # Errors
/// What keeps it from tracing, or from writing what it recorded.
pub fn trace(args: &TraceArgs, color: Color) -> Result<ExitStatus, Halt> {
    let usage = |error: String| Halt::new(ExitStatus::Usage, error);
    let program = target::command(&args.command[0]).map_err(usage)?;
    check_calls(&args.calls).map_err(usage)?;
    let users = users(args).map_err(usage)?;
    let folder = folder(args);
    let sandbox = sandbox(args, &program, &users, folder.as_deref()).map_err(usage)?;
    let spec = launch(args, &program, &users, folder);
    let (interrupted, unread) = (Stop::default(), Stop::default());
    let mut sinks = Sinks::open(args, color, &unread)?;
    interrupt::set_on_signals(interrupted.clone()).map_err(|error| {
        Halt::new(
            ExitStatus::Internal,
            format!("cannot handle signals: {error}"),
        )
    })?;
    check_machine(args)?;
    let internal = |error: WorldError| Halt::new(ExitStatus::Internal, error);
    let mut host = Host::start().map_err(internal)?;
    let world = Box::new(host.world(&bound(&sandbox)).map_err(internal)?);
    let limits = Limits {
        settle: args.settle,
        most: args.r#for,
    };
    let roles: Vec<Role> = args.role.iter().map(|role| (*role).into()).collect();
    let is_stopped = || interrupted.is_set() || unread.is_set();
    let recorded = record(world, &spec, limits, is_stopped, |tells| match tells {
        Tells::Begun(begun) => sinks.each(|sink| sink.begun(begun)),
        Tells::Happened(happening) if happening.is_of(&roles) => {
            sinks.each(|sink| sink.happened(happening));
        }
        Tells::Happened(_) => {}
    });
    let finished = recorded.map_err(internal)?;
    sinks.each(|sink| sink.finished(&finished));
    if let Some(message) = sinks.failed {
        return Err(Halt::new(ExitStatus::Internal, message));
    }
    if args.format.is_none() && !args.output.is_empty() {
        // Nobody may be left to read it.
        let _ = writeln!(anstream::stderr(), "{}", summary(&finished));
    }
    Ok(match finished.launcher {
        _ if interrupted.is_set() => ExitStatus::Interrupted,
        None | Some(End::Exit(0)) => ExitStatus::Passed,
        Some(_) => ExitStatus::Failed,
    })
}

/// Everything that the trace is written to. What cannot be written keeps the
/// others going.
struct Sinks {
    all: Vec<(String, Box<dyn Sink>)>,
    /// The first that could not be written, and why.
    failed: Option<String>,
}

impl Sinks {
    /// Opens all of them, before anything runs. `unread` is set once nobody
    /// reads what only goes to stdout.
    fn open(args: &TraceArgs, color: Color, unread: &Stop) -> Result<Sinks, Halt> {
        let mut all = Vec::new();
        for TraceOutput { format, path } in &args.output {
            let shown = path.display().to_string();
            let file = File::create(path).map_err(|error| {
                Halt::new(
                    ExitStatus::Usage,
                    format!("cannot write to `{shown}`: {error}"),
                )
            })?;
            let to = BufWriter::new(StripStream::new(file));
            all.push((shown, sink(*format, to)));
        }
        let format = match (args.format, args.output.is_empty()) {
            (Some(format), _) => Some(format),
            (None, true) => Some(TraceFormat::Text),
            (None, false) => None,
        };
        if let Some(format) = format {
            let to = AutoStream::new(io::stdout(), color.into());
            let to = match args.output.is_empty() {
                true => Outlet::stopping(to, unread.clone()),
                false => Outlet::new(to),
            };
            all.push(("stdout".to_owned(), sink(format, to)));
        }
        Ok(Sinks { all, failed: None })
    }

    fn each(&mut self, mut write: impl FnMut(&mut dyn Sink) -> io::Result<()>) {
        for (name, sink) in &mut self.all {
            if let Err(error) = write(&mut **sink) {
                let message = format!("cannot write to `{name}`: {error}");
                self.failed.get_or_insert(message);
            }
        }
    }
}

fn sink(format: TraceFormat, to: impl Write + 'static) -> Box<dyn Sink> {
    match format {
        TraceFormat::Text => Box::new(Text::new(to)),
        TraceFormat::Json => Box::new(Json::new(to)),
        TraceFormat::Perfetto => Box::new(Perfetto::new(BufWriter::new(to))),
    }
}

/// Says early what the tracer would say late.
fn check_calls(calls: &[String]) -> Result<(), String> {
    let known = |name: &str| syscalls::number(name).is_some() || FAMILIES.contains(&name);
    let Some(unknown) = calls.iter().find(|name| !known(name)) else {
        return Ok(());
    };
    let names = syscalls::names().chain(FAMILIES);
    let help = suggest::nearest(unknown, names).map_or_else(
        || "syscalls(2) has their names".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    Err(format!(
        "there is no system call `{unknown}`, nor a family of that name\n  = help: {help}"
    ))
}

/// Every user that is added, and the one who starts the program as the last,
/// unless that is root.
fn users(args: &TraceArgs) -> Result<Vec<UserSpec>, String> {
    let mut users: Vec<UserSpec> = Vec::new();
    for user in &args.add_user {
        if is_always_there(&user.name) || users.iter().any(|known| known.name == user.name) {
            return Err(format!("there is a user `{}` already", user.name));
        }
        users.push(added(user, &users));
    }
    let known = users.iter().position(|known| known.name == args.user.name);
    match known {
        Some(_) if args.user.uid.is_some() => {
            return Err(format!(
                "`--user` gives `{}` ids, and so does `--add-user`\n  = help: name it alone: `--user {0}`",
                args.user.name
            ));
        }
        Some(at) => users[at..].rotate_left(1),
        None if is_always_there(&args.user.name) => {}
        None => users.push(added(&args.user, &users)),
    }
    Ok(users)
}

fn is_always_there(name: &str) -> bool {
    ["root", "nobody"].contains(&name)
}

fn added(user: &UserName, others: &[UserSpec]) -> UserSpec {
    let taken = |uid: &u32| others.iter().any(|other| other.uid == *uid);
    let free = (FIRST_USER..NOBODY).find(|uid| !taken(uid));
    let uid = user.uid.or(free).unwrap_or(FIRST_USER);
    UserSpec {
        name: user.name.clone(),
        uid,
        gid: user.gid.unwrap_or(uid),
    }
}

/// The current folder, unless the program is to work elsewhere or the sandbox
/// has that one of its own.
fn folder(args: &TraceArgs) -> Option<PathBuf> {
    let here = env::current_dir().ok().filter(|_| args.cwd.is_none())?;
    let kernels = ["/proc", "/sys", "/dev"];
    let own = is_own(&here) || kernels.iter().any(|kernels| here.starts_with(kernels));
    (!own).then_some(here)
}

fn sandbox(
    args: &TraceArgs,
    program: &Target,
    users: &[UserSpec],
    folder: Option<&Path>,
) -> Result<SandboxSpec, String> {
    let mut binds = program.binds.clone();
    binds.extend(folder.map(Path::to_owned));
    for bind in &args.bind {
        let whole = bind.canonicalize();
        binds.push(whole.map_err(|error| format!("cannot bind `{}`: {error}", bind.display()))?);
    }
    let copy = |(to, from): &(PathBuf, PathBuf)| {
        let content = fs::read(from);
        Ok(FileSpec {
            path: to.clone(),
            content: FileContent::Regular(
                content.map_err(|error| format!("cannot read `{}`: {error}", from.display()))?,
            ),
            mode: 0o644,
            uid: 0,
            gid: 0,
        })
    };
    Ok(SandboxSpec {
        users: users.to_vec(),
        groups: Vec::new(),
        binds,
        files: args.file.iter().map(copy).collect::<Result<_, String>>()?,
        virtual_time: None,
    })
}

fn launch(
    args: &TraceArgs,
    program: &Target,
    users: &[UserSpec],
    folder: Option<PathBuf>,
) -> LaunchSpec {
    let mut env: BTreeMap<String, String> = ENVIRONMENT
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    env.extend(args.env.iter().cloned());
    let (uid, gid, groups) = match (args.user.name.as_str(), users.last()) {
        ("nobody", _) => (NOBODY, NOBODY, Vec::new()),
        ("root", _) | (_, None) => (0, 0, Vec::new()),
        (_, Some(user)) => (user.uid, user.gid, vec![user.gid]),
    };
    let mut command = vec![program.path.to_string_lossy().into_owned()];
    command.extend_from_slice(&args.command[1..]);
    LaunchSpec {
        id: LAUNCH.to_owned(),
        command,
        env,
        cwd: args.cwd.clone().or(folder).unwrap_or_else(|| "/".into()),
        umask: args.umask,
        uid,
        gid,
        groups,
        stdio: match args.terminal {
            true => Stdio::Terminal,
            false => Stdio::Pipes,
        },
        stray_fds: Vec::new(),
        blocked: Vec::new(),
        ignored: Vec::new(),
        limits: BTreeMap::new(),
        faults: Vec::new(),
        trace: match (args.all_calls, args.calls.is_empty()) {
            (true, _) => Trace::Every(args.calls.clone()),
            (false, true) => Trace::Visible,
            (false, false) => Trace::Calls(args.calls.clone()),
        },
        order: Order::Kernels,
    }
}

/// Whether sandboxes, tracing, and as many ids as are needed are to be had.
fn check_machine(args: &TraceArgs) -> Result<(), Halt> {
    let (_, missing) = missing().map_err(|error| Halt::new(ExitStatus::Internal, error))?;
    let ids = !args.add_user.is_empty() || args.user.name != "root";
    let needed = [
        (Capability::Userns, true),
        (Capability::Ptrace, true),
        (Capability::Subuid, ids),
    ];
    for (capability, needed) in needed {
        if let Some(why) = missing.0.get(&capability).filter(|_| needed) {
            return Err(Halt::new(
                ExitStatus::CapabilityMissing,
                format!(
                    "tracing needs `{capability}`, which is missing here: {}",
                    why.long
                ),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::args::{Args, Command};
    use super::*;

    fn given(arguments: &[&str]) -> TraceArgs {
        let whole = [&["daemonlab", "trace"], arguments, &["--", "true"]].concat();
        match Args::parse_from(whole).command {
            Command::Trace(args) => *args,
            other => panic!("{other:?}"),
        }
    }

    /// Who starts it is the last one.
    #[test]
    fn each_user_has_an_id() {
        let ids = |arguments: &[&str]| -> Vec<(String, u32, u32)> {
            let users = users(&given(arguments)).expect("they can be");
            let each = |user: UserSpec| (user.name, user.uid, user.gid);
            users.into_iter().map(each).collect()
        };
        let user = |name: &str, uid, gid| (name.to_owned(), uid, gid);
        assert_eq!(ids(&[]), []);
        assert_eq!(
            ids(&[
                "--add-user",
                "a",
                "--add-user",
                "b:33:44",
                "--add-user",
                "c",
                "--user",
                "a"
            ]),
            [
                user("b", 33, 44),
                user("c", 1001, 1001),
                user("a", 1000, 1000)
            ]
        );
        assert_eq!(ids(&["--user", "d"]), [user("d", 1000, 1000)]);
    }

    #[test]
    fn ids_are_given_once() {
        let wrong = users(&given(&["--add-user", "a", "--user", "a:5"]));
        assert!(wrong.expect_err("twice").contains("so does `--add-user`"));
    }
}
