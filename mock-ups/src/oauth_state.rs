//! The state of the authorization server: codes, grants with their refresh tokens, the quota of each client, who is
//! signed in with which browser, and the key that signs access tokens. The endpoints are in `oauth`, the access tokens in `tokens`.

mod bounded;
pub(crate) mod browser_sessions;
pub(crate) mod grants;
pub(crate) mod issuer;
pub(crate) mod quota;
