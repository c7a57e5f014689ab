//! Words for a shell, of lines that are printed to be pasted: which replays a
//! schedule, which runs a case again.

/// The text as a POSIX shell takes it for one word (XCU 2.2, "Quoting").
pub fn word(text: &str) -> String {
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:,@%=".contains(&byte);
    match !text.is_empty() && text.bytes().all(harmless) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a/b.c", "a/b.c")]
    #[case("", "''")]
    #[case("a b", "'a b'")]
    #[case("$HOME", "'$HOME'")]
    #[case("it's", r"'it'\''s'")]
    fn a_word_is_quoted_where_it_must_be(#[case] text: &str, #[case] line: &str) {
        assert_eq!(word(text), line);
    }
}
