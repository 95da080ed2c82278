//! Which paths are taken: only those that every reader understands alike.

use crate::error::Problem;

/// How a path is spelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// Every server reads the same segments.
    Plain,
    /// It has an escape, a parameter (`;`), an empty segment, or a segment that begins with a dot: a server
    /// that decodes, strips or resolves may read other segments.
    #[default]
    Odd,
}

/// The path is routed exactly as it is sent, so nothing in it may mean something else to another reader.
pub(crate) fn check(path: &[u8]) -> Result<Spelling, Problem> {
    let (mut segment, mut odd) = (0, false);
    for (at, &b) in path.iter().enumerate() {
        match b {
            b'/' => {
                dot_segment(&path[segment..at])?;
                odd |= segment == at && at != 0;
                segment = at + 1;
            }
            b'.' => odd |= segment == at,
            b';' => odd = true,
            b'%' => {
                odd = true;
                let hex = path.get(at + 1..at + 3);
                let hex = hex.filter(|hex| hex.iter().all(u8::is_ascii_hexdigit));
                match hex {
                    // Some servers cut a path at NUL, and so would see another one.
                    Some(b"00") => return Err(Problem::bad("the path holds a NUL")),
                    Some(_) => {}
                    None => return Err(Problem::bad("the path holds a '%' without two digits")),
                }
            }
            b'\\' | b'#' | 0..=b' ' | 0x7F.. => {
                return Err(Problem::bad(
                    "the path holds a byte that must be percent-encoded",
                ));
            }
            _ => {}
        }
    }
    dot_segment(&path[segment..])?;
    Ok(if odd { Spelling::Odd } else { Spelling::Plain })
}

fn dot_segment(segment: &[u8]) -> Result<(), Problem> {
    // The first byte and the length tell nearly all segments apart before anything is copied.
    if !matches!(segment.first(), Some(b'.' | b'%')) || segment.len() > 6 {
        return Ok(());
    }
    let text = segment.to_ascii_lowercase();
    // Half-encoded forms as well: a server that decodes sees the dots.
    let dots = [&b"."[..], b"..", b"%2e", b".%2e", b"%2e.", b"%2e%2e"];
    if dots.contains(&text.as_slice()) {
        return Err(Problem::bad(
            "the path holds a dot segment: send it resolved",
        ));
    }
    Ok(())
}
