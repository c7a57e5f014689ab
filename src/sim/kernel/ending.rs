//! The end of a process: what it closes, who gets its children, who is told,
//! and who reaps it (`_exit(2)`, `wait(2)`).
//!
//! A process ends in two steps, as in Linux's `do_exit`: first its
//! descriptors are closed and its terminal is let go, then it becomes waitable
//! and its parent is told. Between the two, its pipes are at their end while
//! `wait4` with `WNOHANG` still finds it running.

use super::Machine;
use super::process::{Life, Process};
use super::refusal::{Refusal, Result};
use crate::explore::TaskName;
use crate::sys::records::{Ended, SignalInfo, WaitFor, WaitMode, Waited};
use crate::sys::{Pid, Signal};

impl Machine {
    /// The first step. Where nobody can see it, the second follows at once.
    pub(super) fn begin_end(&mut self, task: TaskName, ended: Ended) {
        let visible = self.end_has_two_steps(task);
        let fds: Vec<_> = self.process(task).fds.keys().copied().collect();
        for fd in fds {
            self.close_known(task, fd);
        }
        self.leave_terminal(task);
        let process = self.process_mut(task);
        process.life = Life::Ending(ended);
        process.wait = None;
        process.signals.pending.clear();
        if !visible {
            self.finish_end(task);
        }
    }

    /// Whether others could tell the closing of the descriptors from the end.
    pub(super) fn end_has_two_steps(&self, task: TaskName) -> bool {
        if self.rules.ends_in_two_steps {
            return true;
        }
        let process = self.process(task);
        let leads = process.terminal && process.session == process.pid;
        leads
            || process
                .fds
                .values()
                .any(|descriptor| self.is_noticed_when_closed(descriptor.file))
    }

    /// The second step.
    pub(super) fn finish_end(&mut self, task: TaskName) {
        let Life::Ending(ended) = self.process(task).life else {
            panic!("task {task} is not ending");
        };
        self.process_mut(task).life = Life::Zombie(ended);
        self.ends.insert(task, ended);
        self.give_children_away(task);
        self.wake_orphaned_group(task, self.process(task).parent);
        self.tell_parent(task);
    }

    /// The living ancestor that is child subreaper, or init.
    fn reaper_for(&self, task: TaskName) -> TaskName {
        let mut ancestor = self.process(task).parent;
        loop {
            let process = self.process(ancestor);
            if ancestor == Machine::INIT || process.subreaper && !process.life.is_over() {
                return ancestor;
            }
            ancestor = process.parent;
        }
    }

    fn give_children_away(&mut self, task: TaskName) {
        let children = std::mem::take(&mut self.process_mut(task).children);
        if children.is_empty() {
            return;
        }
        let reaper = self.reaper_for(task);
        for child in &children {
            self.process_mut(*child).parent = reaper;
        }
        self.process_mut(reaper).children.extend(&children);
        for child in children {
            // Reaped, it has no group any more.
            self.wake_orphaned_group(child, task);
            if matches!(self.process(child).life, Life::Zombie(_)) {
                self.tell_parent(child);
            }
        }
    }

    /// SIGCHLD, unless the parent ignores it, which is to say that nobody
    /// needs to wait.
    fn tell_parent(&mut self, child: TaskName) {
        let process = self.process(child);
        let info = SignalInfo {
            signal: Signal::CHLD,
            pid: Pid::from_raw(process.pid),
            uid: process.creds.uid.real,
        };
        let parent = process.parent;
        let above = self.process(parent);
        if above.scenery || above.signals.ignored.contains(Signal::CHLD) {
            self.reap(child);
        } else {
            self.send(parent, info);
        }
    }

    fn reap(&mut self, child: TaskName) {
        let parent = self.process(child).parent;
        self.process_mut(parent)
            .children
            .retain(|other| *other != child);
        self.processes.remove(&child);
    }

    /// A group that no living process of its session outside of it watches
    /// over is orphaned. Where `lost`, the parent of `member`, was such a
    /// process and the group becomes orphaned by its end or by that of `member`:
    /// if one of it is stopped, all are hung up and go on (`setpgid(2)`,
    /// "Orphaned process group"; `kill_orphaned_pgrp` in kernel/exit.c).
    fn wake_orphaned_group(&mut self, member: TaskName, lost: TaskName) {
        let Process { group, session, .. } = *self.process(member);
        let parent = self.process(lost);
        let watched = lost != Machine::INIT && parent.group != group && parent.session == session;
        let members = self.members(group);
        let stopped = members
            .iter()
            .any(|member| self.process(*member).life == Life::Stopped);
        if !watched || !stopped || !self.is_orphaned(group) {
            return;
        }
        for member in members {
            self.send_from_kernel(member, Signal::HUP);
            self.send_from_kernel(member, Signal::CONT);
        }
    }

    pub(super) fn is_orphaned(&self, group: i32) -> bool {
        let mut members = self.processes.values().filter(|p| p.group == group);
        !members.any(|member| {
            let parent = self.process(member.parent);
            !member.life.is_over()
                && member.parent != Machine::INIT
                && parent.group != group
                && parent.session == member.session
        })
    }

    /// Whether wait4(2) would return at once: with a child, or with ECHILD.
    pub(super) fn wait_returns(&self, task: TaskName, target: WaitFor) -> bool {
        let mut children = self.children(task, target).peekable();
        children.peek().is_none()
            || children.any(|child| matches!(self.process(child).life, Life::Zombie(_)))
    }

    pub(super) fn wait4(
        &mut self,
        task: TaskName,
        target: WaitFor,
        mode: WaitMode,
    ) -> Result<Option<Waited>> {
        let mut any = false;
        let mut found = None;
        for child in self.children(task, target) {
            any = true;
            if let Life::Zombie(end) = self.process(child).life {
                let pid = Pid::from_raw(self.process(child).pid);
                found = Some((child, Waited { pid, end }));
                break;
            }
        }
        match found {
            Some((child, waited)) => {
                self.reap(child);
                Ok(Some(waited))
            }
            None if !any => Err(Refusal::NoSuchChild),
            None if mode == WaitMode::NoHang => Ok(None),
            None => unreachable!("a wait that would not return was answered"),
        }
    }

    fn children(&self, task: TaskName, target: WaitFor) -> impl Iterator<Item = TaskName> + '_ {
        let children = self.process(task).children.iter().copied();
        children.filter(move |child| match target {
            WaitFor::Any => true,
            WaitFor::Pid(pid) => self.process(*child).pid == pid.as_raw(),
        })
    }
}
