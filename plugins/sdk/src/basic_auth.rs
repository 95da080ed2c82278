//! Carriers that want a user name and a password with every request (RFC 7617), and issue no token.

use crate::{Credential, Result, basic, settings::Setting};
use ::http::HeaderValue;

/// A user name and a password, checked.
///
/// ```
/// # use plugins_sdk::{BasicAuth, settings::Setting};
/// const USER: Setting = Setting::new("client_id", "North Post: User Name");
/// const PASSWORD: Setting = Setting::new("client_secret", "North Post: Password");
/// let basic = BasicAuth::new((USER, "shop"), (PASSWORD, "secret"))?;
/// assert_eq!(basic.credential().lifetime(), None);
/// # Ok::<(), plugins_sdk::Error>(())
/// ```
pub struct BasicAuth {
    field: HeaderValue,
}

impl BasicAuth {
    /// Checks the two values; each comes with the names that people know it by.
    pub fn new(user: (Setting, &str), password: (Setting, &str)) -> Result<Self> {
        let (setting, user) = user;
        setting.credential(user)?;
        // RFC 7617 section 2: the first colon parts the two.
        if user.contains(':') {
            return Err(
                setting.error("contains a colon, which ends the user name in Basic authentication")
            );
        }
        let (setting, password) = password;
        setting.credential(password)?;
        Ok(Self {
            field: basic(user, password),
        })
    }

    /// The value of `Authorization`, for carriers that want it on token requests only.
    pub fn into_value(self) -> HeaderValue {
        self.field
    }

    /// The credential. It does not expire: the carrier accepts it until the password changes.
    pub fn credential(&self) -> Credential {
        Credential::basic(&self.field)
    }
}
