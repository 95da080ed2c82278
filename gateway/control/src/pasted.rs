//! The result of a sign-in at the carrier: a redirect, or what a person copied.

use crate::{ControlError, Fault};
use gateway_model::{AccountId, Secret};
use url::{Url, form_urlencoded};

/// The maximum length of a redirect.
const MAX_TEXT: usize = 16 * 1024;
/// The maximum length of an authorization code.
const MAX_CODE: usize = 4 * 1024;

/// The parameters of a redirect (RFC 6749 section 4.1.2).
pub(crate) struct Callback {
    code: Option<Secret>,
    pub(crate) state: Option<Secret>,
    /// The carrier's error code, reduced to safe characters. Its description is untrusted text and is
    /// not shown anywhere.
    error: Option<String>,
}

/// What a person copied.
pub(crate) enum Pasted {
    /// The whole address, or its query.
    Address(Callback),
    /// The code alone.
    Code(Secret),
}

impl Callback {
    /// Parses a raw query. A parameter must not be repeated (RFC 6749 section 3.1).
    pub(crate) fn of_query(query: &str) -> Result<Self, ControlError> {
        // Before it is parsed: anybody who reaches the listener can send a redirect.
        if query.len() > MAX_TEXT {
            return Err(unusable("it is too long"));
        }
        let mut callback = Self {
            code: None,
            state: None,
            error: None,
        };
        let mut sign_in_page = false;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let twice = match &*name {
                // The standard's name, and a form of it that a carrier uses instead: `x_oauth_code`.
                name if name == "code" || name.ends_with("_oauth_code") => callback
                    .code
                    .replace(Secret::new(value.into_owned()))
                    .is_some(),
                "state" => callback
                    .state
                    .replace(Secret::new(value.into_owned()))
                    .is_some(),
                // The standard's name (RFC 6749 section 4.1.2.1), and two that carriers use
                // instead.
                "error" | "errorcode" | "error_code" => {
                    callback.error = Some(clean(&value));
                    false
                }
                // A parameter of the authorization request only (RFC 6749 section 4.1.1).
                "response_type" => {
                    sign_in_page = true;
                    false
                }
                // Carriers add parameters of their own (RFC 6749 section 4.1.2 has clients ignore them).
                _ => false,
            };
            if twice {
                return Err(unusable("it repeats a parameter"));
            }
        }
        if sign_in_page && callback.code.is_none() && callback.error.is_none() {
            return Err(unusable(
                "it is the address of the sign-in page itself, at which the sign-in begins",
            ));
        }
        Ok(callback)
    }

    /// A code alone.
    pub(crate) const fn of_code(code: Secret) -> Self {
        Self {
            code: Some(code),
            state: None,
            error: None,
        }
    }

    /// The code, or why there is none.
    pub(crate) fn code(self, account: &AccountId) -> Result<Secret, ControlError> {
        // First, because a refusal carries no code.
        if let Some(error) = self.error {
            let message = format!("the carrier refused the sign-in of account {account}: {error}");
            return Err(
                ControlError::new(Fault::Refused, "consent_refused", message).remedy(format!(
                    "if the person refused, begin the sign-in again with `waybill account authorize \
                     {account}`; otherwise compare client id and redirect URI with the registration at the \
                     carrier"
                )),
            );
        }
        let code = self.code.ok_or_else(|| unusable("it contains no code"))?;
        if code.expose().is_empty() || code.expose().len() > MAX_CODE {
            return Err(unusable("its code is empty or too long"));
        }
        Ok(code)
    }
}

impl Pasted {
    /// Parses a text that is an address or a code.
    pub(crate) fn parse(text: &Secret) -> Result<Self, ControlError> {
        // People copy quotes and angle brackets along with an address.
        let text = text.expose().trim().trim_matches(['"', '\'', '<', '>']);
        if text.is_empty() {
            return Err(unusable("it is empty"));
        }
        if text.len() > MAX_TEXT {
            return Err(unusable("it is too long"));
        }
        if let Ok(url) = Url::parse(text) {
            let query = url
                .query()
                .ok_or_else(|| unusable("it has no parameters"))?;
            return Callback::of_query(query).map(Self::Address);
        }
        // Some browsers copy an address without its scheme, and some people only the query.
        if text.contains("code=") || text.contains("state=") {
            // What follows the last question mark, wherever the copy began.
            let query = text.rsplit_once('?').map_or(text, |(_, query)| query);
            return Callback::of_query(query).map(Self::Address);
        }
        if text.len() > MAX_CODE || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(unusable("it is neither an address nor a code"));
        }
        Ok(Self::Code(Secret::new(text.to_owned())))
    }
}

/// A carrier's error code, reduced to characters that are safe to show.
fn clean(text: &str) -> String {
    // Letters, digits and three signs: the text ends up on a page and in the log.
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let text: String = text.chars().filter(plain).take(64).collect();
    if text.is_empty() {
        "an error without a code".to_owned()
    } else {
        text
    }
}

fn unusable(why: &str) -> ControlError {
    let message = format!("the result of the sign-in cannot be used: {why}");
    ControlError::new(Fault::Invalid, "bad_redirect", message).remedy(
        "copy the whole address from the browser after signing in, or only the value of `code`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Pasted, ControlError> {
        Pasted::parse(&Secret::new(text.to_owned()))
    }

    fn code_and_state(text: &str) -> (String, Option<String>) {
        let account = "main".parse().expect("a name");
        match parse(text).expect("it can be used") {
            Pasted::Address(callback) => {
                let state = callback.state.as_ref().map(|s| s.expose().to_owned());
                let code = callback.code(&account).expect("a code");
                (code.expose().to_owned(), state)
            }
            Pasted::Code(code) => (code.expose().to_owned(), None),
        }
    }

    #[test]
    fn pasted_address_query_and_code_are_told_apart() {
        let both = ("a+b/c=".to_owned(), Some("s".to_owned()));
        for text in [
            "http://127.0.0.1:8081/oauth/callback?code=a%2Bb%2Fc%3D&state=s",
            " <https://x.test/cb?state=s&code=a%2Bb/c%3D&scope=read> ",
            "127.0.0.1:8081/oauth/callback?code=a%2Bb%2Fc%3D&state=s",
            "?code=a%2Bb%2Fc%3D&state=s",
            "code=a%2Bb%2Fc%3D&state=s",
            "https://x.test/cb?state=s&x_oauth_code=a%2Bb%2Fc%3D",
        ] {
            assert_eq!(code_and_state(text), both, "{text}");
        }
        assert_eq!(
            code_and_state("  YmFzZTY0  "),
            ("YmFzZTY0".to_owned(), None)
        );
    }

    #[test]
    fn pasted_nonsense_is_refused_with_the_way_out() {
        let huge = "x".repeat(20_000);
        for text in [
            "",
            "   ",
            "hello there",
            "http://127.0.0.1/oauth/callback",
            "https://carrier.test/authorize?client_id=a&response_type=code&state=s",
            "code=a&code=b&state=s",
            huge.as_str(),
        ] {
            let error = parse(text).err().expect("refused");
            assert_eq!(error.code, "bad_redirect", "{text}");
            assert!(error.remedy.is_some_and(|remedy| remedy.contains("copy")));
        }
    }

    #[test]
    fn refusal_at_the_carrier_is_told_without_its_markup() {
        let query = "error=access_denied&error_description=%3Cscript%3E&state=s";
        let callback = Callback::of_query(query).expect("a callback");
        let error = callback.code(&"main".parse().expect("a name"));
        let error = error.expect_err("no code");
        assert_eq!(error.code, "consent_refused");
        assert!(error.message.contains("access_denied") && !error.message.contains('<'));
    }
}
