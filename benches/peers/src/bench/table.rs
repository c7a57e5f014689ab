//! The table.

use super::rounds::Times;

/// Lines, in the order in which they were measured.
#[derive(Debug, Default)]
pub struct Table {
    lines: Vec<[String; 5]>,
}

impl Table {
    /// Adds what was measured together. What a target names is held against
    /// the median of the subject `against`: at most `times` as long.
    pub fn add(&mut self, measured: &[Times], targets: &[(&str, &str, f64)]) {
        let milliseconds = |times: &Times, percent| {
            format!("{:.2}", times.percentile(percent).as_secs_f64() * 1000.0)
        };
        for times in measured {
            let mut own = targets.iter().filter(|(name, ..)| *name == times.name);
            let verdict = own.next().and_then(|(_, against, most)| {
                let peer = measured.iter().find(|peer| peer.name == *against)?;
                let ratio = times.median().as_secs_f64() / peer.median().as_secs_f64();
                let met = if ratio <= *most { "met" } else { "MISSED" };
                Some(format!("{ratio:.2} of {against}; at most {most}: {met}"))
            });
            self.lines.push([
                times.name.to_owned(),
                milliseconds(times, 50),
                milliseconds(times, 10),
                milliseconds(times, 90),
                verdict.unwrap_or_default(),
            ]);
        }
    }

    /// Adds a line of text.
    pub fn note(&mut self, name: String, value: String, verdict: String) {
        self.lines
            .push([name, value, String::new(), String::new(), verdict]);
    }

    pub fn print(&self) {
        println!("| what | median ms | p10 | p90 | target |");
        println!("|---|---:|---:|---:|---|");
        for [name, median, low, high, verdict] in &self.lines {
            println!("| {name} | {median} | {low} | {high} | {verdict} |");
        }
    }
}
