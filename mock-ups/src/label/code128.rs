//! Code 128, with the code sets that make a symbol shortest.

use anyd::codes::code128::Code128Encoder;
use anyd::output::Encoding;
use anyd::traits::Encode as _;

/// The bars (true) and spaces of a symbol, without quiet zones. Data that Code 128 cannot hold gives none.
pub(super) fn modules(data: &str) -> Vec<bool> {
    let encoder = Code128Encoder::new();
    let symbol = encoder.build_text(data);
    match symbol.and_then(|symbol| encoder.encode(&symbol)) {
        Ok(Encoding::Linear(pattern)) => pattern.modules,
        Ok(_) | Err(_) => Vec::new(),
    }
}
