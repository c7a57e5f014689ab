//! Of credentials.

/// Real, effective and saved user ids or group ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ids {
    /// The real id.
    pub real: u32,
    /// The effective id.
    pub effective: u32,
    /// The saved set-id.
    pub saved: u32,
}

impl Ids {
    /// Whether all three are `id`.
    pub fn all_are(self, id: u32) -> bool {
        self.real == id && self.effective == id && self.saved == id
    }
}

/// The five capability sets, bit `n` for capability `n` (`capabilities(7)`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Capabilities {
    /// What the kernel checks.
    pub effective: u64,
    /// What may be made effective.
    pub permitted: u64,
    /// What is kept across exec, if the file allows it.
    pub inheritable: u64,
    /// What is kept across exec of an ordinary file.
    pub ambient: u64,
    /// The limit of what exec can give.
    pub bounding: u64,
}
