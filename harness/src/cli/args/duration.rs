//! Time spans.

use std::time::Duration;

/// A time span that is not zero, such as `10s`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if time.is_zero() => Err("it must not be zero".to_owned()),
        Ok(time) => Ok(time),
        Err(error) => Err(format!("{error}; say `10s` or `2m`")),
    }
}
