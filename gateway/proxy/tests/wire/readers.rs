//! Two strict readers of requests that share no code. Where they differ, bytes are ambiguous.

/// A request as a reader understood it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Names in lower case, values without white space around them.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// How many bytes it took.
    pub(crate) length: usize,
}

impl Seen {
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let of_name = self.fields.iter().filter(|(field, _)| field == name);
        of_name.map(|(_, value)| value.as_str()).collect()
    }
}

/// What a reader made of the front of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Whole(Seen),
    Part,
    /// Bytes that a strict reader would not take.
    Wrong(&'static str),
}

type Outcome<T> = Result<T, Reading>;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Made by hand: lines first, then the length.
pub(crate) fn by_hand(bytes: &[u8]) -> Reading {
    read_by_hand(bytes).map_or_else(|reading| reading, Reading::Whole)
}

fn line(bytes: &[u8]) -> Outcome<(&[u8], &[u8])> {
    let Some(at) = bytes.iter().position(|&byte| byte == b'\n') else {
        return Err(Reading::Part);
    };
    match bytes[..at].split_last() {
        Some((b'\r', line)) if !line.contains(&b'\r') && !line.contains(&0) => {
            Ok((line, &bytes[at + 1..]))
        }
        _ => Err(Reading::Wrong("a line end that is not CR LF")),
    }
}

fn read_by_hand(bytes: &[u8]) -> Outcome<Seen> {
    let (start, mut rest) = line(bytes)?;
    let words: Vec<_> = start.split(|&byte| byte == b' ').collect();
    let [method, target, b"HTTP/1.1"] = words[..] else {
        return Err(Reading::Wrong("request line"));
    };
    let mut fields = Vec::new();
    loop {
        let (field, after) = line(rest)?;
        rest = after;
        if field.is_empty() {
            break;
        }
        let Some(colon) = field.iter().position(|&byte| byte == b':') else {
            return Err(Reading::Wrong("a field without colon"));
        };
        let name = text(&field[..colon]).to_ascii_lowercase();
        if name.is_empty() || name.contains([' ', '\t', '_', ',', ';', '"']) {
            return Err(Reading::Wrong("field name"));
        }
        fields.push((
            name,
            text(&field[colon + 1..])
                .trim_matches([' ', '\t'])
                .to_owned(),
        ));
    }
    let of = |wanted: &str| -> Vec<&str> {
        fields
            .iter()
            .filter(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
            .collect()
    };
    if of("host").len() != 1 {
        return Err(Reading::Wrong("not one host"));
    }
    let (body, rest) = match (&of("content-length")[..], &of("transfer-encoding")[..]) {
        ([], []) => (Vec::new(), rest),
        ([length], []) => {
            let plain = length.bytes().all(|byte| byte.is_ascii_digit())
                && *length == length.trim_start_matches('0')
                || *length == "0";
            let Some(length) = length.parse::<usize>().ok().filter(|_| plain) else {
                return Err(Reading::Wrong("content-length"));
            };
            if rest.len() < length {
                return Err(Reading::Part);
            }
            (rest[..length].to_vec(), &rest[length..])
        }
        ([], ["chunked"]) => chunks(rest)?,
        _ => return Err(Reading::Wrong("more than one way to frame")),
    };
    Ok(Seen {
        method: text(method),
        target: text(target),
        fields,
        body,
        length: bytes.len() - rest.len(),
    })
}

/// No extensions and no trailers: the gateway makes none.
fn chunks(mut rest: &[u8]) -> Outcome<(Vec<u8>, &[u8])> {
    let mut body = Vec::new();
    loop {
        let (size, after) = line(rest)?;
        let digits = str::from_utf8(size)
            .ok()
            .filter(|size| size.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let Some(size) = digits.and_then(|size| usize::from_str_radix(size, 16).ok()) else {
            return Err(Reading::Wrong("chunk size"));
        };
        if after.len() < size + 2 {
            return Err(Reading::Part);
        }
        if &after[size..size + 2] != b"\r\n" {
            return Err(Reading::Wrong("chunk end or trailer"));
        }
        body.extend_from_slice(&after[..size]);
        rest = &after[size + 2..];
        if size == 0 {
            return Ok((body, rest));
        }
    }
}

/// Made of httparse, with the length field looked at before the coding.
pub(crate) fn by_httparse(bytes: &[u8]) -> Reading {
    let mut fields = [httparse::EMPTY_HEADER; 128];
    let mut head = httparse::Request::new(&mut fields);
    let at = match head.parse(bytes) {
        Ok(httparse::Status::Complete(at)) => at,
        Ok(httparse::Status::Partial) => return Reading::Part,
        Err(_) => return Reading::Wrong("httparse"),
    };
    let mut length = None;
    let mut chunked = false;
    for field in head.headers.iter() {
        if field.name.eq_ignore_ascii_case("content-length") {
            length = str::from_utf8(field.value)
                .ok()
                .and_then(|value| value.parse::<usize>().ok());
        }
        chunked |= field.name.eq_ignore_ascii_case("transfer-encoding");
    }
    let (body, end) = if let Some(length) = length {
        match bytes.get(at..at + length) {
            Some(body) => (body.to_vec(), at + length),
            None => return Reading::Part,
        }
    } else if chunked {
        match httparse_chunks(&bytes[at..]) {
            Ok((body, used)) => (body, at + used),
            Err(reading) => return reading,
        }
    } else {
        (Vec::new(), at)
    };
    let fields = head.headers.iter().map(|field| {
        (
            field.name.to_ascii_lowercase(),
            text(field.value).trim_matches([' ', '\t']).to_owned(),
        )
    });
    Reading::Whole(Seen {
        method: head.method.unwrap_or_default().to_owned(),
        target: head.path.unwrap_or_default().to_owned(),
        fields: fields.collect(),
        body,
        length: end,
    })
}

fn httparse_chunks(bytes: &[u8]) -> Outcome<(Vec<u8>, usize)> {
    let (mut at, mut body) = (0, Vec::new());
    loop {
        let (used, size) = match httparse::parse_chunk_size(&bytes[at..]) {
            Ok(httparse::Status::Complete(found)) => found,
            Ok(httparse::Status::Partial) => return Err(Reading::Part),
            Err(_) => return Err(Reading::Wrong("httparse chunk")),
        };
        let size = usize::try_from(size).map_err(|_| Reading::Wrong("httparse chunk"))?;
        let data = at + used;
        let Some(piece) = bytes.get(data..data + size + 2) else {
            return Err(Reading::Part);
        };
        body.extend_from_slice(&piece[..size]);
        at = data + size + 2;
        if size == 0 {
            return Ok((body, at));
        }
    }
}

/// Reads a whole connection with both; the requests, and whether a part of one is left at the end.
pub(crate) fn agree(mut bytes: &[u8]) -> Result<(Vec<Seen>, bool), String> {
    let mut requests = Vec::new();
    while !bytes.is_empty() {
        let (first, second) = (by_hand(bytes), by_httparse(bytes));
        if first != second {
            return Err(format!(
                "ambiguous: {first:?} or {second:?} in {}",
                bytes.escape_ascii()
            ));
        }
        match first {
            Reading::Whole(seen) => {
                bytes = &bytes[seen.length..];
                requests.push(seen);
            }
            Reading::Part => return Ok((requests, true)),
            Reading::Wrong(why) => return Err(format!("{why} in {}", bytes.escape_ascii())),
        }
    }
    Ok((requests, false))
}

#[test]
fn readers_differ_where_bytes_are_ambiguous() {
    let plain = b"POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc";
    assert_eq!(agree(plain).expect("plain").0.len(), 1);
    let both = b"POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    let bare = b"GET /a HTTP/1.1\nhost: a\n\n";
    let gzip = b"POST /a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n";
    for bytes in [&both[..], &bare[..], &gzip[..]] {
        assert!(agree(bytes).is_err(), "{}", bytes.escape_ascii());
    }
}
