//! From the model and a scope to what a world is asked to do.

use std::path::PathBuf;

use crate::world::spec::{
    FaultSpec, FileContent, FileSpec, LaunchSpec, Order, SandboxSpec, Stdio, Trace,
};

use super::model::{Case, Content, Fault, File, Launch};
use super::template::{Scope, Unresolved};

impl Case {
    /// The sandbox, with these folders of the host bound in.
    ///
    /// # Errors
    /// If a file needs a variable that has no value before the first step.
    pub fn sandbox_spec(
        &self,
        binds: Vec<PathBuf>,
        scope: &Scope,
    ) -> Result<SandboxSpec, Unresolved> {
        Ok(SandboxSpec {
            users: self.sandbox.users.clone(),
            groups: self.sandbox.groups.clone(),
            binds,
            files: self
                .files
                .iter()
                .map(|file| file.spec(scope))
                .collect::<Result<_, _>>()?,
            virtual_time: self.virtual_time,
        })
    }
}

impl File {
    /// The file with its variables filled in.
    ///
    /// # Errors
    /// If one has no value.
    pub fn spec(&self, scope: &Scope) -> Result<FileSpec, Unresolved> {
        Ok(FileSpec {
            path: scope.text(&self.path)?.into(),
            content: match &self.content {
                Content::Regular(content) => {
                    FileContent::Regular(scope.text(content)?.into_bytes())
                }
                Content::Directory => FileContent::Directory,
                Content::Symlink(target) => FileContent::Symlink(scope.text(target)?.into()),
                Content::Fifo => FileContent::Fifo,
            },
            mode: self.mode,
            uid: self.uid,
            gid: self.gid,
        })
    }
}

impl Launch {
    /// The launch with its variables filled in.
    ///
    /// # Errors
    /// If one has no value.
    pub fn spec(&self, scope: &Scope) -> Result<LaunchSpec, Unresolved> {
        Ok(LaunchSpec {
            id: self.id.value.clone(),
            command: self
                .command
                .iter()
                .map(|argument| scope.text(argument))
                .collect::<Result<_, _>>()?,
            env: self
                .env
                .iter()
                .map(|(name, value)| Ok((name.clone(), scope.text(value)?)))
                .collect::<Result<_, _>>()?,
            cwd: scope.text(&self.cwd)?.into(),
            umask: self.umask,
            uid: self.user.uid,
            gid: self.user.gid,
            groups: self.user.groups.clone(),
            stdio: if self.terminal {
                Stdio::Terminal
            } else {
                Stdio::Pipes
            },
            stray_fds: self.stray_fds.clone(),
            blocked: self.blocked.iter().map(|signal| signal.number()).collect(),
            limits: self.limits.clone(),
            ignored: self.ignored.iter().map(|signal| signal.number()).collect(),
            faults: self.faults.iter().map(Fault::spec).collect(),
            trace: if self.traced {
                Trace::Visible
            } else {
                Trace::Off
            },
            order: Order::Kernels,
        })
    }
}

impl Fault {
    /// The fault as a world knows it.
    pub fn spec(&self) -> FaultSpec {
        FaultSpec {
            label: self.label.clone(),
            role: self.role,
            calls: self.calls.clone(),
            condition: self.condition.clone(),
            counting: self.counting,
            first: self.first,
            last: self.last,
            action: self.action.clone(),
        }
    }
}
