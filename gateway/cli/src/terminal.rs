//! What a person at a terminal sees and types.

mod echo;
mod output;
pub mod progress;
pub mod prompt;
pub mod secret_input;
mod text;

pub use output::{Color, Output};
pub use text::{clean, when};
pub(crate) use text::{joined, kept_in, when_known, word, yes};
