//! What `trace` takes.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::BoolishValueParser;

use super::duration::duration;
use crate::world::spec::Role;

pub(super) fn trace_help() -> String {
    "\
COMMAND is started in a sandbox as a launch of a scenario is: as root of the sandbox unless `--user`
says otherwise, with an environment of its own, nothing of which outlives the trace. The current
folder is bound in, read-only, and is the working directory; so is the program's folder. Other files
come in by `--bind`, or as copies that can be written by `--file`.

What is recorded: each call that another process can notice, with its arguments and its result;
signals with who sent them; processes and threads as they are made; exec; how each process ends;
output. The loader's and the C library's own files are left out. It is over once

  - every process has ended, or
  - the launcher has ended and nothing has happened for `--settle`, or
  - `--for` has passed, or
  - Ctrl-C is pressed: the sandbox ends, and what was recorded is printed all the same.

Examples:
  daemonlab trace -- ./my-server --daemon
  daemonlab trace --add-user www:33 --file /etc/my.conf=my.conf -- ./my-server -c /etc/my.conf
  daemonlab trace --role daemon --calls open,rename,kill -- ./my-server -d
  daemonlab trace --for 5s -o start.json -- nginx
          Open the file on https://ui.perfetto.dev
  daemonlab trace --format json -- ./my-server -d | jq -c 'select(.what.signal)'

Formats:
  text      a line an event: seconds since the start, role, PID, task by pedigree, what
  json      an object a line, each with `\"format\": 1`; the manual has its fields
  perfetto  the Trace Event Format, for ui.perfetto.dev and chrome://tracing
The end of a file's name says which it is: `.json` is perfetto, `.jsonl` is json, all others are
text; `-o json:FILE` says it outright.

Exit statuses:
    0  recorded, and the launcher exited with 0, or still ran when it was over
    1  recorded, and the launcher failed: another exit status, or a signal
    2  usage: an unknown flag, a program or a file that is not there
    5  this machine has no sandbox, no tracer, or too few user ids
   70  the harness itself could not go on
  130  interrupted; what was recorded until then is printed"
        .to_owned()
}

/// Trace a start.
#[derive(Clone, Debug, clap::Args)]
pub struct TraceArgs {
    /// The program, by a path with a slash or by its name in PATH, and its arguments. `labd` is
    /// the server that is part of daemonlab
    #[arg(value_name = "COMMAND", required = true, num_args = 1.., trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<String>,

    /// How long nothing may happen once the launcher has ended: the start is over then
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "1s", env = "DAEMONLAB_SETTLE", help_heading = "What is recorded")]
    pub settle: Duration,

    /// How long is recorded at most
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "30s", env = "DAEMONLAB_FOR", help_heading = "What is recorded")]
    pub r#for: Duration,

    /// Only these calls, or families of calls such as `kill`, `open`, `setuid`. Several are
    /// separated by commas
    #[arg(
        long,
        value_name = "CALLS",
        value_delimiter = ',',
        env = "DAEMONLAB_CALLS",
        help_heading = "What is recorded"
    )]
    pub calls: Vec<String>,

    /// Every call, not only those that others can notice; with `--calls`, every one of those
    #[arg(long, value_parser = BoolishValueParser::new(), env = "DAEMONLAB_ALL_CALLS", help_heading = "What is recorded")]
    pub all_calls: bool,

    /// Only what processes in this role do. Several are separated by commas
    #[arg(
        long,
        value_name = "ROLE",
        value_enum,
        value_delimiter = ',',
        env = "DAEMONLAB_ROLE",
        help_heading = "What is recorded"
    )]
    pub role: Vec<RoleName>,

    /// Who starts it: `root`, `nobody`, one that `--add-user` adds, or another, which is added
    /// likewise
    #[arg(
        short,
        long,
        value_name = "NAME[:UID[:GID]]",
        default_value = "root",
        env = "DAEMONLAB_USER",
        help_heading = "The sandbox"
    )]
    pub user: UserName,

    /// A user that exists in the sandbox, with a group of that name. UID is the first free one from
    /// 1000 unless given, GID the UID
    #[arg(
        long,
        value_name = "NAME[:UID[:GID]]",
        env = "DAEMONLAB_ADD_USER",
        help_heading = "The sandbox"
    )]
    pub add_user: Vec<UserName>,

    /// A variable of its environment, beside HOME, LANG, PATH and TZ
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable, env = "DAEMONLAB_ENV", help_heading = "The sandbox")]
    pub env: Vec<(String, String)>,

    /// Its working directory [default: the current folder, or `/` where the sandbox has that
    /// folder of its own]
    #[arg(
        long,
        value_name = "DIR",
        env = "DAEMONLAB_CWD",
        help_heading = "The sandbox"
    )]
    pub cwd: Option<PathBuf>,

    /// Its umask
    #[arg(long, value_name = "OCTAL", value_parser = umask, default_value = "022", env = "DAEMONLAB_UMASK", help_heading = "The sandbox")]
    pub umask: u32,

    /// A folder or file of this machine that is bound in at the same path, read-only
    #[arg(
        long,
        value_name = "PATH",
        env = "DAEMONLAB_BIND",
        help_heading = "The sandbox"
    )]
    pub bind: Vec<PathBuf>,

    /// A file of the sandbox that is made as a copy of one of this machine; root's, 0644
    #[arg(long, value_name = "PATH=FROM", value_parser = copy, env = "DAEMONLAB_FILE", help_heading = "The sandbox")]
    pub file: Vec<(PathBuf, PathBuf)>,

    /// Start it from a terminal of its own, not with pipes
    #[arg(long, value_parser = BoolishValueParser::new(), env = "DAEMONLAB_TERMINAL", help_heading = "The sandbox")]
    pub terminal: bool,

    /// What goes to stdout [default: text, or nothing if there is `--output`]
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        env = "DAEMONLAB_TRACE_FORMAT",
        help_heading = "Where it goes"
    )]
    pub format: Option<TraceFormat>,

    /// A file that it is written to; several: to each of them
    #[arg(
        short,
        long,
        value_name = "[FORMAT:]FILE",
        env = "DAEMONLAB_OUTPUT",
        help_heading = "Where it goes"
    )]
    pub output: Vec<TraceOutput>,
}

/// How a trace is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TraceFormat {
    /// For a person: a line an event
    Text,
    /// For programs: an object a line
    Json,
    /// For ui.perfetto.dev
    Perfetto,
}

/// A file that a trace is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceOutput {
    /// How.
    pub format: TraceFormat,
    /// Where to.
    pub path: PathBuf,
}

impl FromStr for TraceOutput {
    type Err = String;

    fn from_str(text: &str) -> Result<TraceOutput, String> {
        let outright = text
            .split_once(':')
            .and_then(|(format, path)| Some((TraceFormat::from_str(format, false).ok()?, path)));
        let (format, path) = match outright {
            Some(outright) => outright,
            None if text.ends_with(".jsonl") => (TraceFormat::Json, text),
            None if text.ends_with(".json") => (TraceFormat::Perfetto, text),
            None => (TraceFormat::Text, text),
        };
        if path.is_empty() {
            return Err("there is no file name".to_owned());
        }
        Ok(TraceOutput {
            format,
            path: path.into(),
        })
    }
}

/// A process's role, on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    /// The process that was started
    Launcher,
    /// The process between the two forks
    Intermediate,
    /// The process that stays
    Daemon,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Role {
        match name {
            RoleName::Launcher => Role::Launcher,
            RoleName::Intermediate => Role::Intermediate,
            RoleName::Daemon => Role::Daemon,
        }
    }
}

/// A user by name, with ids if they were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserName {
    /// The name.
    pub name: String,
    /// The user id.
    pub uid: Option<u32>,
    /// The group id.
    pub gid: Option<u32>,
}

impl FromStr for UserName {
    type Err = String;

    fn from_str(text: &str) -> Result<UserName, String> {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if name.is_empty() || name.starts_with('-') || !name.chars().all(plain) {
            return Err("a user's name is letters, digits, `_`, `-` and `.`".to_owned());
        }
        if name.chars().all(|c| c.is_ascii_digit()) {
            return Err("give it a name: `NAME:UID`".to_owned());
        }
        let mut id = || match parts.next() {
            None => Ok(None),
            Some(id) => match id.parse() {
                Ok(id @ 1..=65533) => Ok(Some(id)),
                _ => Err(format!("{id:?} is no id: those are from 1 to 65533")),
            },
        };
        let (uid, gid) = (id()?, id()?);
        if parts.next().is_some() {
            return Err("say NAME, NAME:UID or NAME:UID:GID".to_owned());
        }
        if uid.is_some() && ["root", "nobody"].contains(&name) {
            return Err(format!("`{name}` has its id already"));
        }
        Ok(UserName {
            name: name.to_owned(),
            uid,
            gid,
        })
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("say NAME=VALUE".to_owned()),
    }
}

fn umask(text: &str) -> Result<u32, String> {
    match u32::from_str_radix(text, 8) {
        Ok(umask @ 0..=0o777) => Ok(umask),
        _ => Err("say it in octal, up to 777".to_owned()),
    }
}

fn copy(text: &str) -> Result<(PathBuf, PathBuf), String> {
    match text.split_once('=') {
        Some((to, from)) if to.starts_with('/') && !from.is_empty() => Ok((to.into(), from.into())),
        Some((to, _)) if !to.starts_with('/') => Err(format!(
            "{to:?} is not absolute: it is a path in the sandbox"
        )),
        _ => Err("say PATH=FROM: what is made, and what it is a copy of".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("a.json", TraceFormat::Perfetto, "a.json")]
    #[case("a.jsonl", TraceFormat::Json, "a.jsonl")]
    #[case("a.txt", TraceFormat::Text, "a.txt")]
    #[case("json:a.json", TraceFormat::Json, "a.json")]
    #[case("odd:name", TraceFormat::Text, "odd:name")]
    fn a_files_name_says_its_format(
        #[case] text: &str,
        #[case] format: TraceFormat,
        #[case] path: &str,
    ) {
        let output: TraceOutput = text.parse().expect(text);
        assert_eq!((output.format, output.path), (format, path.into()));
    }

    #[rstest]
    #[case("www", None, None)]
    #[case("www:33", Some(33), None)]
    #[case("www:33:44", Some(33), Some(44))]
    fn a_user_may_have_ids(#[case] text: &str, #[case] uid: Option<u32>, #[case] gid: Option<u32>) {
        let user: UserName = text.parse().expect(text);
        assert_eq!((user.name.as_str(), user.uid, user.gid), ("www", uid, gid));
    }

    #[rstest]
    #[case("", "letters")]
    #[case("33", "give it a name")]
    #[case("www:0", "from 1 to 65533")]
    #[case("www:1:2:3", "NAME:UID:GID")]
    #[case("root:5", "has its id")]
    fn a_bad_user_is_told(#[case] text: &str, #[case] says: &str) {
        let error = text.parse::<UserName>().expect_err(text);
        assert!(error.contains(says), "{error}");
    }
}
