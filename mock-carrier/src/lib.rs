//! Stand-ins of carriers other than UPS, for tests and for developers without credentials.
//!
//! One HTTP engine serves every carrier. What a carrier does is a [`Carrier`]: a table of endpoints with
//! the fields that each wants, the answers that it gives, and the tokens that it issues. The tables are
//! `carriers/*.rs`; a new carrier is a new table. A stand-in knows the carrier's token endpoint and one
//! API call, so it is no replacement for the carrier's sandbox.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! let fedex = mock_carrier::carrier("fedex").expect("a table");
//! let mock = mock_carrier::MockCarrier::start(fedex).await?;
//! println!("{}", mock.base_url());
//! # Ok(()) }
//! ```

mod carriers;
mod clock;
mod endpoint;
mod engine;
mod fault;
mod fields;
mod journal;
mod mock;
mod program;
mod state;
mod template;

pub use carriers::{CARRIERS, carrier};
pub use endpoint::{Answer, Carrier, Endpoint, Field, Issue, Place, Quota, Value};
pub use fault::Fault;
pub use journal::Seen;
pub use mock::{Builder, MockCarrier};
pub use program::{Options, run};
