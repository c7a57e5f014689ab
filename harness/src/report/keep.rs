//! The evidence of every case that ran, in a folder: `--keep`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Reporter;
use super::evidence;
use crate::case::outcome::{Verdict, plain};
use crate::case::planned::folder_name;
use crate::run::event::{CaseReport, RunEvent};

/// Writes a folder a case: `report.json` with everything, `failure.txt` and
/// `evidence.txt` to read, `LAUNCH.stdout` and `LAUNCH.stderr`, and each log
/// under its file name.
#[derive(Debug)]
pub struct Keep {
    folder: PathBuf,
}

impl Keep {
    /// Keeps below `folder`, which is made if it is not there. What an earlier
    /// run kept of the cases with these ids goes away.
    ///
    /// # Errors
    /// If it cannot be made, or what is there cannot be removed.
    pub fn new<'a>(folder: &Path, ids: impl IntoIterator<Item = &'a str>) -> io::Result<Keep> {
        fs::create_dir_all(folder)?;
        for id in ids {
            match fs::remove_dir_all(folder.join(folder_name(id))) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(Keep {
            folder: folder.to_owned(),
        })
    }

    fn keep(&self, report: &CaseReport) -> io::Result<()> {
        let Some(seen) = &report.evidence else {
            return Ok(());
        };
        let folder = self.folder.join(folder_name(&report.case.id));
        fs::create_dir_all(&folder)?;
        fs::write(
            folder.join("report.json"),
            serde_json::to_vec_pretty(report)?,
        )?;
        fs::write(folder.join("evidence.txt"), evidence::evidence(seen))?;
        if let Verdict::Failed { failures } | Verdict::FailedAsDeclared { failures, .. } =
            &report.verdict
        {
            fs::write(folder.join("failure.txt"), plain(failures))?;
        }
        for launch in &seen.launches {
            let id = folder_name(&launch.id);
            for (stream, output) in [
                ("stdout", &launch.facts.stdout),
                ("stderr", &launch.facts.stderr),
            ] {
                fs::write(folder.join(format!("{id}.{stream}")), output.text())?;
            }
        }
        for log in &seen.logs {
            let name = folder_name(log.path.to_string_lossy().trim_start_matches('/'));
            fs::write(folder.join(name), &log.content)?;
        }
        Ok(())
    }
}

impl Reporter for Keep {
    fn event(&mut self, event: &RunEvent) -> io::Result<()> {
        match event {
            RunEvent::CaseFinished(report) => self.keep(report).map_err(|error| {
                let folder = self.folder.display();
                io::Error::new(error.kind(), format!("{folder}: {error}"))
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn the_evidence_of_a_case_is_in_its_folder() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let old = folder.path().join("a.yaml@failed/old");
        fs::create_dir_all(&old).expect("it can be made");
        let mut keep = Keep::new(folder.path(), ["a.yaml::failed"]).expect("the folder is there");
        for event in sample::run() {
            keep.event(&event).expect("it can be written");
        }
        let case = folder.path().join("a.yaml@failed");
        let read = |name: &str| fs::read_to_string(case.join(name)).expect(name);
        assert!(!old.exists(), "what an earlier run left is gone");
        assert_eq!(read("demo.stderr"), "no <such> user\n");
        assert_eq!(read("run+labd.log"), "started\n");
        assert!(read("failure.txt").starts_with("error: process `daemon`: umask\n"));
        assert!(read("evidence.txt").contains("launch `demo`"));
        let report: serde_json::Value =
            serde_json::from_str(&read("report.json")).expect("it is JSON");
        assert_eq!(report["verdict"], "failed");
        let kept = fs::read_dir(folder.path()).expect("it can be read").count();
        assert_eq!(kept, 1, "only what has evidence is kept");
    }
}
