//! What vouches for a plugin file.

use std::fmt;

/// What vouches for the content of a plugin file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Nothing: whoever can write the folder decides what the content is.
    #[default]
    Nothing,
    /// A pin in the configuration.
    Pinned,
    /// The lock file of the folder.
    Locked,
    /// A signature by a trusted key; the key, as the configuration has it.
    Signed(String),
}

impl Trust {
    /// Whether anything vouches for the content, so that the plugin may run in the gateway's process.
    pub const fn is_given(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Pinned | Self::Locked | Self::Signed(_) => true,
        }
    }

    /// `none`, `pinned`, `locked` or `signed`, for reports.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Pinned => "pinned",
            Self::Locked => "locked",
            Self::Signed(_) => "signed",
        }
    }
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
