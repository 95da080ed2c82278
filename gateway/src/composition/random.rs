//! Random numbers from the operating system.

use super::error::StartError;
use rand::{TryRng as _, rngs::SysRng};

/// Seeds what only has to differ between replicas, such as jitter.
pub(super) fn random_u64() -> Result<u64, StartError> {
    let mut bytes = [0; 8];
    fill(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// Seeds the generator of OAuth states, PKCE verifiers and client secrets.
pub(super) fn random_seed() -> Result<[u8; 32], StartError> {
    let mut seed = [0; 32];
    fill(&mut seed)?;
    Ok(seed)
}

/// A name that no other process has (RFC 9562, version 4).
pub(super) fn random_uuid() -> Result<String, StartError> {
    let mut bytes = [0; 16];
    fill(&mut bytes)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    Ok([
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-"))
}

/// Asks the system, whose generator is ready at once: the TLS provider's own generator gathers
/// entropy for a tenth of a second before its first number.
fn fill(bytes: &mut [u8]) -> Result<(), StartError> {
    SysRng
        .try_fill_bytes(bytes)
        .map_err(|error| StartError::Random(error.to_string()))
}
