//! Text with gaps, after trycmd: a line `...` stands for any number of lines,
//! `[..]` for anything within a line.

/// Whether `text` is like `pattern`. The last newline of either is not counted.
pub fn like(text: &str, pattern: &str) -> bool {
    let text: Vec<&str> = lines(text);
    let pattern: Vec<&str> = lines(pattern);
    matches(&text, &pattern, |p| p.trim() == "...", like_line)
}

fn lines(text: &str) -> Vec<&str> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.split('\n').collect()
}

fn like_line(line: &str, pattern: &str) -> bool {
    const GAP: &str = "[..]";
    let mut parts = pattern.split(GAP);
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Wildcard matching with one point of return: the last gap. Linear in the
/// product of both lengths at worst.
fn matches<T: Copy, P: Copy>(
    text: &[T],
    pattern: &[P],
    is_gap: impl Fn(P) -> bool,
    same: impl Fn(T, P) -> bool,
) -> bool {
    let (mut t, mut p) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && is_gap(pattern[p]) {
            back = Some((t, p));
            p += 1;
        } else if p < pattern.len() && same(text[t], pattern[p]) {
            t += 1;
            p += 1;
        } else if let Some((from, gap)) = back {
            back = Some((from + 1, gap));
            t = from + 1;
            p = gap + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|part| is_gap(*part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("a\nb\n", "a\nb\n", true)]
    #[case("a\nb", "a\nb\n", true)]
    #[case("a\nb\nc\n", "a\n...\n", true)]
    #[case("a\nb\nc\n", "...\nc", true)]
    #[case("a\nb\nc\n", "a\n...\nb\n...\nc", true)]
    #[case("a\n", "...\nb\n...", false)]
    #[case("pid 42 ready", "pid [..] ready", true)]
    #[case("pid  ready", "pid [..] ready", true)]
    #[case("pid 42 reading", "pid [..] ready", false)]
    #[case("a x b x c", "a[..]x[..]c", true)]
    #[case("ab", "a[..]b[..]b", false)]
    #[case("abab", "a[..]ab", true)]
    #[case("", "...", true)]
    #[case("a", "", false)]
    #[case("a\na\nb", "...\na\nb", true)]
    fn gaps_stand_for_anything(#[case] text: &str, #[case] pattern: &str, #[case] expected: bool) {
        assert_eq!(like(text, pattern), expected);
    }
}
