//! What the gateway keeps of a person's consent between authorizations: the refresh token.

use crate::{Class, Error, Result, Secret};
use serde::{Deserialize, Serialize};

/// Of the layout below.
const VERSION: u32 = 1;
/// Far longer than any that a carrier issues.
const MAX_TOKEN: usize = 8 * 1024;

#[derive(Deserialize)]
struct StoredState {
    v: u32,
    refresh_token: Secret,
}

#[derive(Serialize)]
struct StateToStore<'a> {
    v: u32,
    refresh_token: &'a str,
}

/// The refresh token in a state that [`write_login`] wrote.
pub fn read_login(state: &[u8]) -> Result<Secret> {
    if state.is_empty() {
        return Err(Error::new(
            Class::Interaction,
            "login_needed",
            "no person has consented for this account yet, or the consent is used up: log in",
        ));
    }
    match serde_json::from_slice::<StoredState>(state) {
        Ok(kept) if kept.v == VERSION && !kept.refresh_token.expose().is_empty() => {
            Ok(kept.refresh_token)
        }
        // Not "log in": a newer plugin could still use it.
        Ok(_) | Err(_) => Err(Error::new(
            Class::Config,
            "unknown_state",
            "the kept login was written by another version of this plugin: install that one, or \
             log in again",
        )),
    }
}

/// The state that holds a refresh token; `None` if the token is none that a carrier would issue.
pub fn write_login(refresh_token: &str) -> Option<Vec<u8>> {
    let plain = refresh_token.bytes().all(|b| b.is_ascii_graphic());
    if refresh_token.is_empty() || refresh_token.len() > MAX_TOKEN || !plain {
        return None;
    }
    let keep = StateToStore {
        v: VERSION,
        refresh_token,
    };
    serde_json::to_vec(&keep).ok()
}
