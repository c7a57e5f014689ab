//! "Did you mean".

/// The known word that is most like `word`, if one is like it at all.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let lower = word.to_ascii_lowercase();
    // One slip for every three letters, and at least one.
    let slips = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|known| {
            (
                strsim::damerau_levenshtein(&lower, &known.to_ascii_lowercase()),
                known,
            )
        })
        .filter(|(distance, _)| *distance <= slips)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Help that names the nearest known word, or else all of them.
pub fn help<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(word, known.iter().copied()) {
        Some(known) => format!("did you mean `{known}`?"),
        None if known.is_empty() => "there is none".to_owned(),
        None if known.len() <= 40 => format!("known are `{}`", known.join("`, `")),
        None => "look it up in docs/src/scenario-format.md".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("daemn", Some("daemon"))]
    #[case("Daemon", Some("daemon"))]
    #[case("pid_file", Some("pid-file"))]
    #[case("lauch", Some("launch"))]
    #[case("x", None)]
    #[case("something", None)]
    fn a_slip_is_forgiven(#[case] word: &str, #[case] expected: Option<&str>) {
        assert_eq!(nearest(word, ["daemon", "launch", "pid-file"]), expected);
    }

    #[test]
    fn without_a_near_word_all_are_named() {
        assert_eq!(help("zzz", ["a", "bc"]), "known are `a`, `bc`");
    }
}
