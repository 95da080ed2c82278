//! The world of an end-to-end test: the real `waybill` program with the real UPS plugin, a mock
//! UPS, and a client. Each test has its own world on free ports.
//!
//! ```ignore
//! let world = World::start().await;
//! let answer = world.shop().await;
//! assert_eq!(answer.status(), 200);
//! world.mock.exactly_one_token_request("mock-client").unwrap();
//! ```

mod browser;
mod client;
mod config;
mod gateway;
mod operator;
mod process;
mod programs;
mod raw;
mod terminal;
mod tls;
mod wait;
mod world;

pub use browser::{Browser, Look};
pub use client::{Answer, Client, rate_request};
pub use config::ConfigFile;
pub use gateway::{Gateway, command_line, folder, serve, serve_program};
pub use operator::{MERCHANT, OTHER, Operator, approve, local};
pub use process::{Done, Process, run, run_command, run_download, run_with_input, skipped};
pub use programs::{
    Programs, carrier_plugin, examples, lay_out_package, package, programs, root, signer_plugin,
};
pub use raw::Raw;
pub use terminal::Terminal;
pub use tls::{Certificate, send_http1, send_http2};
pub use wait::{eventually, soon};
pub use world::{World, WorldBuilder};
