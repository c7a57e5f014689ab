//! What goes over the socket: the sockets' names, beside the sockets.
//!
//! `DLU1`, the length of the rest in four bytes, then each name as its length
//! in two bytes and its bytes; all little-endian. The descriptors come with the
//! first byte, in the order of the names.

/// The most descriptors that one message may carry (`SCM_MAX_FD` of unix(7)).
pub(super) const FDS_MAX: usize = 253;

/// The longest name, in bytes.
const NAME_MAX: usize = 255;

/// The longest message that is valid.
pub(super) const LENGTH_MAX: usize = HEAD + FDS_MAX * (2 + NAME_MAX);

const MAGIC: &[u8; 4] = b"DLU1";
const HEAD: usize = 8;

/// The message for sockets with these names.
///
/// # Errors
/// What does not fit.
pub(super) fn encode(names: &[&str]) -> Result<Vec<u8>, String> {
    if names.len() > FDS_MAX {
        return Err(format!("more than {FDS_MAX} sockets do not fit"));
    }
    let mut rest = Vec::new();
    for name in names {
        if name.len() > NAME_MAX {
            return Err(format!("the name `{name}` is longer than {NAME_MAX} bytes"));
        }
        rest.extend((name.len() as u16).to_le_bytes());
        rest.extend(name.as_bytes());
    }
    let mut bytes = MAGIC.to_vec();
    bytes.extend((rest.len() as u32).to_le_bytes());
    bytes.extend(rest);
    Ok(bytes)
}

/// The names, once all of the message is there.
///
/// # Errors
/// Why it is no such message.
pub(super) fn decode(bytes: &[u8]) -> Result<Option<Vec<String>>, &'static str> {
    let known = bytes.len().min(MAGIC.len());
    if bytes[..known] != MAGIC[..known] {
        return Err("what came is no hand-over of this version");
    }
    let Some((head, rest)) = bytes.split_first_chunk::<HEAD>() else {
        return Ok(None);
    };
    let [_, _, _, _, length @ ..] = *head;
    let length = u32::from_le_bytes(length) as usize;
    if length > LENGTH_MAX - HEAD || rest.len() > length {
        return Err("the hand-over is longer than it may be");
    }
    if rest.len() < length {
        return Ok(None);
    }
    names(rest)
        .map(Some)
        .ok_or("the names of the hand-over are garbled")
}

fn names(mut rest: &[u8]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    while let Some((length, behind)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_le_bytes(*length));
        let (name, behind) = behind.split_at_checked(length)?;
        names.push(String::from_utf8(name.to_vec()).ok()?);
        rest = behind;
    }
    rest.is_empty().then_some(names)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn names_arrive_when_all_is_there_and_not_before(
            sent in prop::collection::vec(".{0,60}", 0..8),
        ) {
            let names: Vec<&str> = sent.iter().map(String::as_str).collect();
            let bytes = encode(&names).unwrap();
            for cut in 0..bytes.len() {
                prop_assert_eq!(decode(&bytes[..cut]), Ok(None));
            }
            prop_assert_eq!(decode(&bytes), Ok(Some(sent)));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = decode(&bytes);
            let mut headed = b"DLU1".to_vec();
            headed.extend(bytes);
            let _ = decode(&headed);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(encode(&["a"; FDS_MAX]).is_ok());
        assert!(encode(&["a"; FDS_MAX + 1]).is_err());
        assert!(encode(&["a".repeat(NAME_MAX).as_str()]).is_ok());
        assert!(encode(&["a".repeat(NAME_MAX + 1).as_str()]).is_err());
    }

    #[test]
    fn the_longest_message_is_valid() {
        let name = "a".repeat(NAME_MAX);
        let bytes = encode(&vec![name.as_str(); FDS_MAX]).unwrap();
        assert_eq!(bytes.len(), LENGTH_MAX);
        assert!(matches!(decode(&bytes), Ok(Some(_))));
    }
}
