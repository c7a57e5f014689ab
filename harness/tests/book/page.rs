//! A page, taken apart into its blocks.

use std::fs;
use std::path::{Path, PathBuf};

use daemonlab_harness::scenario::Capability;

/// A page of the book.
pub struct Page {
    /// Its path below `docs/src`.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its whole text.
    pub text: String,
    /// What the machine must offer.
    pub needs: Vec<Capability>,
    /// Folders of the repository that it works with.
    pub with: Vec<String>,
    /// Its blocks, in order.
    pub blocks: Vec<Block>,
}

/// A fenced block.
pub struct Block {
    /// The line of its fence, from 1.
    pub line: usize,
    /// What is to be done with it.
    pub kind: Kind,
    /// What is between the fences.
    pub text: String,
}

/// What is to be done with a block.
#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    /// Commands and what they print.
    Console,
    /// It is this file.
    File(String),
    /// A scenario that passes.
    Run,
    /// A scenario that fails.
    Fails,
    /// A scenario that passes, and stands before steps.
    Before,
    /// Steps that pass.
    Steps,
    /// A workflow of GitHub Actions.
    Workflow,
    /// A doctest.
    Rust,
    /// A drawing.
    Figure,
    /// Nothing, for this reason.
    NotExecuted(String),
}

/// The page that is not in the folder of the pages.
pub const README: &str = "README.md";

/// The folder of the pages.
pub fn source() -> PathBuf {
    repository().join("docs/src")
}

/// The folder of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every page, by name, and the README; or what is wrong with one. The summary
/// is none.
pub fn all() -> Vec<Result<Page, String>> {
    let mut paths = Vec::new();
    collect(&source(), &mut paths);
    paths.sort();
    paths.push(repository().join(README));
    assert!(paths.len() > 1, "there are pages");
    paths.into_iter().map(Page::read).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "md")
            && path.file_name().is_some_and(|name| name != "SUMMARY.md")
        {
            paths.push(path);
        }
    }
}

impl Page {
    fn read(path: PathBuf) -> Result<Page, String> {
        let text = fs::read_to_string(&path).expect("a page is text");
        let name = match path.strip_prefix(source()) {
            Ok(name) => name.display().to_string(),
            Err(_) => README.to_owned(),
        };
        let mut page = Page {
            name,
            path,
            text: String::new(),
            needs: vec![Capability::Userns],
            with: Vec::new(),
            blocks: Vec::new(),
        };
        page.take_apart(&text)
            .map_err(|(line, why)| format!("{}:{line}: {why}", page.name))?;
        page.text = text;
        page.every_file_is_used()?;
        page.every_doctest_is_run()?;
        Ok(page)
    }

    fn take_apart(&mut self, text: &str) -> Result<(), (usize, String)> {
        let mut reason = None;
        let mut lines = text.lines().zip(1..);
        while let Some((line, number)) = lines.next() {
            if let Some(comment) = comment(line) {
                let (key, value) = comment;
                match key {
                    "not executed" => reason = Some(value.to_owned()),
                    "needs" => {
                        for word in value.split(", ") {
                            let found = Capability::ALL.into_iter().find(|c| c.name() == word);
                            let known = found.ok_or((number, format!("needs `{word}`")))?;
                            self.needs.push(known);
                        }
                    }
                    "with" => self.with.push(value.to_owned()),
                    _ => {}
                }
                continue;
            }
            let Some(info) = line.trim_start().strip_prefix("```") else {
                if !line.trim().is_empty()
                    && let Some(reason) = reason.take()
                {
                    return Err((number, format!("no block is `not executed: {reason}`")));
                }
                continue;
            };
            let indent = line.len() - line.trim_start().len();
            let mut block = String::new();
            loop {
                let Some((line, _)) = lines.next() else {
                    return Err((number, "the block has no end".to_owned()));
                };
                let line = line.get(indent..).unwrap_or(line.trim_start());
                if line.starts_with("```") {
                    break;
                }
                block += line;
                block.push('\n');
            }
            let kind = match reason.take() {
                Some(reason) => Kind::NotExecuted(reason),
                None => kind(info).ok_or((
                    number,
                    format!("nobody knows how to execute a block of `{info}`"),
                ))?,
            };
            self.blocks.push(Block {
                line: number,
                kind,
                text: block,
            });
        }
        Ok(())
    }

    /// A file that no later command names would be shown and never tried.
    fn every_file_is_used(&self) -> Result<(), String> {
        for (i, block) in self.blocks.iter().enumerate() {
            let Kind::File(path) = &block.kind else {
                continue;
            };
            let name = Path::new(path).file_name().expect("it is a file");
            let name = name.to_string_lossy();
            let folder = Path::new(path).parent().and_then(Path::to_str);
            let folder = folder.filter(|folder| !folder.is_empty());
            let used = self.blocks[i..]
                .iter()
                .filter(|later| later.kind == Kind::Console)
                .flat_map(|later| later.text.lines())
                .filter(|line| line.starts_with("$ "))
                .any(|line| {
                    line.contains(&*name) || folder.is_some_and(|folder| line.contains(folder))
                });
            if !used {
                return Err(format!(
                    "{}:{}: no command after it names `{path}`",
                    self.name, block.line
                ));
            }
        }
        Ok(())
    }

    /// Rust is compiled where a `book.rs` takes the page in.
    fn every_doctest_is_run(&self) -> Result<(), String> {
        let rust = self.blocks.iter().find(|block| block.kind == Kind::Rust);
        let Some(block) = rust else { return Ok(()) };
        let taken = ["src/book.rs", "harness/src/book.rs"].iter().any(|list| {
            let list = fs::read_to_string(repository().join(list)).unwrap_or_default();
            list.contains(&match &*self.name {
                README => format!("/{README}\""),
                name => format!("docs/src/{name}\""),
            })
        });
        match taken {
            true => Ok(()),
            false => Err(format!(
                "{}:{}: neither src/book.rs nor harness/src/book.rs names the page",
                self.name, block.line
            )),
        }
    }
}

/// The key and the value of a comment that is a line of its own.
fn comment(line: &str) -> Option<(&str, &str)> {
    let inner = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
    let (key, value) = inner.split_once(':')?;
    Some((key.trim(), value.trim()))
}

fn kind(info: &str) -> Option<Kind> {
    let mut words = info.split([',', ' ']).filter(|word| !word.is_empty());
    let language = words.next()?;
    let words: Vec<&str> = words.collect();
    if let [word] = words[..]
        && let Some(path) = word.strip_prefix("file=")
    {
        return Some(Kind::File(path.to_owned()));
    }
    match (language, &words[..]) {
        ("console", []) => Some(Kind::Console),
        ("yaml", ["run"]) => Some(Kind::Run),
        ("yaml", ["fails"]) => Some(Kind::Fails),
        ("yaml", ["before"]) => Some(Kind::Before),
        ("yaml", ["workflow"]) => Some(Kind::Workflow),
        ("yaml", ["steps"]) => Some(Kind::Steps),
        ("rust", words) if !words.contains(&"ignore") => Some(Kind::Rust),
        ("text", ["figure"]) => Some(Kind::Figure),
        _ => None,
    }
}
