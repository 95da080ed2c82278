//! Where a person consents.

use crate::context::BeginArgs;

/// What an authorization URL is made of. The gateway has drawn state and PKCE verifier itself and
/// checks that the URL repeats what stands here.
pub struct ConsentRequest(BeginArgs);

impl ConsentRequest {
    pub(crate) const fn new(begin_args: BeginArgs) -> Self {
        Self(begin_args)
    }

    /// Which of the manifest's credentials is wanted; empty if it has only one.
    pub fn slot(&self) -> &str {
        &self.0.slot
    }

    /// Where the carrier sends the person back to, exactly as it is registered there.
    pub fn redirect_uri(&self) -> &str {
        self.param("redirect_uri")
    }

    /// Ties the way back to the browser that began.
    pub fn state(&self) -> &str {
        self.param("state")
    }

    /// S256 of the verifier (RFC 7636, 4.2); what [`crate::Reason::AuthCode`] brings as
    /// `pkce_verifier` fits it.
    pub fn pkce_challenge(&self) -> &str {
        self.param("pkce_challenge")
    }

    fn param(&self, name: &str) -> &str {
        self.0.param(name).unwrap_or_default()
    }
}
