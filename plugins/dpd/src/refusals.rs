//! What the errors of DPD's login mean. Only their form is documented, not their codes.

use plugins_sdk::oauth::Refusals;

pub(crate) static REFUSALS: Refusals = Refusals {
    carrier: "DPD",
    // One error, or a list of them.
    codes_at: &["/errorCode", "/0/errorCode"],
    codes_in: None,
    // The status says what a code means: 400 the configuration, 401 and 403 the credentials.
    known: &[],
};
