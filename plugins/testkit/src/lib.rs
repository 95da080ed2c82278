//! What the tests of every carrier plugin share.
//!
//! A plugin's test says what is particular about its carrier. What holds for all of them is here: the
//! manifest agrees with the plugin ([`manifest`]), mistakes are named ([`mistakes_are_named`]), no odd answer is taken for a token ([`odd_answers()`]), the
//! conformance suite passes ([`conforms`]), and the plugin gets on with the carrier's stand-in ([`StandIn`]).

#![expect(
    clippy::panic,
    reason = "helpers of tests fail the test that called them"
)]

mod basic;
mod clock;
mod conformance;
mod flow;
pub mod manifest;
mod odd_answers;
mod stand_in;
mod tables;

pub use basic::BasicCarrier;
pub use conformance::conforms;
pub use flow::{answered, code_exchange, consent_url, fields_of, slot_failures, slot_of};
pub use gateway_model::FailureClass;
pub use gateway_plugin_host::CodePlaces;
pub use mock_carrier as mock;
pub use odd_answers::{odd_answers, refusal};
pub use plugins_conformance::ScriptedResponse;
pub use stand_in::StandIn;
pub use tables::{answers_have_their_class, changed, mistakes_are_named};
