//! The mock over real sockets.
//!
//! The modules are marked as test code, so that the lints that tests are free of know their helpers.

#[cfg(test)]
mod client;
#[cfg(test)]
mod clock;
#[cfg(test)]
mod consent;
#[cfg(test)]
mod consent_page;
#[cfg(test)]
mod control;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod grants;
#[cfg(test)]
mod guesses;
#[cfg(test)]
mod journal;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod oauth;
#[cfg(test)]
mod program;
#[cfg(test)]
mod recordings;
#[cfg(test)]
mod refresh;
#[cfg(test)]
mod reset;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod track_alert;
