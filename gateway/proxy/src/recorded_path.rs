//! What may be recorded of a path.

/// The path, at most `longest` bytes of it, and nothing from where parameters could begin: like a query, they
/// may hold a secret. `…` stands for what is left out.
pub(crate) fn recorded(path: &str, longest: usize) -> String {
    let kept = &path[..path.floor_char_boundary(longest)];
    let plain = &kept[..parameters(kept.as_bytes()).unwrap_or(kept.len())];
    let mut text = plain.to_owned();
    if plain.len() < path.len() {
        text.push('…');
    }
    text
}

/// Where `?`, `;`, `&` or `=` stands, also escaped once or several times.
fn parameters(path: &[u8]) -> Option<usize> {
    (0..path.len()).find(|at| match path[*at] {
        b'?' | b';' | b'&' | b'=' => true,
        b'%' => {
            let mut digits = &path[at + 1..];
            // `%253F`: a server that decodes twice reads `?`.
            while let Some(inner) = digits.strip_prefix(b"25") {
                digits = inner;
            }
            let digits = digits.get(..2).map(<[u8]>::to_ascii_uppercase);
            digits.is_some_and(|digits| {
                [*b"3F", *b"3B", *b"26", *b"3D"].contains(&[digits[0], digits[1]])
            })
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_is_recorded_up_to_its_parameters() {
        for (path, expected) in [
            ("/", "/"),
            ("/api/rating/v2409/Shop", "/api/rating/v2409/Shop"),
            ("/api/a%20b/%25c", "/api/a%20b/%25c"),
            ("/api;v=secret", "/api…"),
            ("/api?key=secret", "/api…"),
            ("/api&key=secret", "/api…"),
            ("/api/key=secret", "/api/key…"),
            ("/oauth/token%3fclient_secret%3Dsecret", "/oauth/token…"),
            ("/oauth/token%253Bsecret", "/oauth/token…"),
            ("/oauth/token%25252526secret", "/oauth/token…"),
            ("/oauth/key%3dsecret", "/oauth/key…"),
            ("/ends/in/%", "/ends/in/%"),
            ("/ends/in/%2", "/ends/in/%2"),
            ("", ""),
        ] {
            assert_eq!(recorded(path, 100), expected);
        }
    }

    #[test]
    fn long_path_is_cut_between_characters() {
        assert_eq!(recorded("/abcdef", 4), "/abc…");
        assert_eq!(recorded("/abc", 4), "/abc");
        assert_eq!(recorded("/aéé", 3), "/a…");
        assert_eq!(recorded("/abc", usize::MAX), "/abc");
    }
}
