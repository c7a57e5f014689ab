//! `files` and `write`: files of the sandbox.

use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::model::{Content, File};
use crate::scenario::node::{Entry, Node};
use crate::scenario::reader::Fields;
use crate::scenario::source::At;

use super::builder::Builder;

/// What a file can be, by the key that says it.
pub(super) const CONTENTS: [&str; 4] = ["content", "directory", "symlink", "fifo"];

/// The keys of a file.
pub(super) const KEYS: [&str; 8] = [
    "path",
    "content",
    "directory",
    "symlink",
    "fifo",
    "mode",
    "owner",
    "group",
];

impl Builder<'_> {
    /// The files that are there from the start.
    pub(super) fn files(&self, entry: Option<&Entry>) -> Option<Vec<File>> {
        let Some(entry) = entry else {
            return Some(Vec::new());
        };
        let list = self.reader.list(&entry.value, "`files`")?;
        let owner = |node: &Node| At::new("a file".to_owned(), node.span);
        let files: Vec<Option<File>> = list
            .iter()
            .map(|node| self.file(node, &owner(node)))
            .collect();
        files.into_iter().collect()
    }

    /// A file.
    pub(super) fn file(&self, node: &Node, owner: &At<String>) -> Option<File> {
        let fields = self.reader.fields(node, owner, &KEYS)?;
        let path = fields
            .require(self.reader, "path")
            .and_then(|node| self.path(node, "`path`"));
        let what = fields.one_of(self.reader, &CONTENTS);
        let content = what.and_then(|entry| self.content(entry));
        let usual = match content {
            Some(Content::Directory) => 0o755,
            _ => 0o644,
        };
        let mode = match fields.get("mode") {
            Some(node) => self.reader.octal(node, "`mode`", 0o7777),
            None => Some(usual),
        };
        if let (Some(Content::Symlink(_)), Some(mode)) = (&content, fields.entry("mode")) {
            self.reader.push(Diagnostic::new(
                mode.key.span,
                "a symbolic link has no mode of its own",
                "leave it out",
            ));
            return None;
        }
        let (uid, gid) = self.owner(&fields)?;
        Some(File {
            path: path?,
            content: content?,
            mode: mode?,
            uid,
            gid,
            span: owner.span,
        })
    }

    fn content(&self, Entry { key, value }: &Entry) -> Option<Content> {
        match key.value.as_str() {
            "content" => Some(Content::Regular(self.template(value, "`content`")?)),
            "symlink" => Some(Content::Symlink(self.template(value, "`symlink`")?)),
            "directory" => self
                .reader
                .set(value, "`directory`")
                .map(|()| Content::Directory),
            _ => self.reader.set(value, "`fifo`").map(|()| Content::Fifo),
        }
    }

    /// The owner, root if not given, and the group, the owner's if not given.
    fn owner(&self, fields: &Fields<'_>) -> Option<(u32, u32)> {
        let uid = match fields.get("owner") {
            Some(node) => self.users.uid(self.reader, node, "`owner`"),
            None => Some(0),
        };
        let group = fields
            .get("group")
            .map(|node| self.users.gid(self.reader, node, "`group`"));
        let uid = uid?;
        let gid = match group {
            Some(gid) => gid?,
            None => self.users.primary_group(uid),
        };
        Some((uid, gid))
    }
}
