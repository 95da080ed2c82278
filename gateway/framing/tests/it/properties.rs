//! Whatever the bytes and however they are cut, the verdict is the same.

use crate::responses_in_memory::Responses;
use gateway_framing::{RequestFraming, Violation};
use proptest::prelude::*;

/// Pieces that make heads and bodies, valid and not, when put in a row.
const PIECES: &[&str] = &[
    "GET / HTTP/1.1\r\n",
    "POST /a?b HTTP/1.1\r\n",
    "HEAD / HTTP/1.0\r\n",
    "Host: a\r\n",
    "Host: b:1\r\n",
    "Content-Length: 0\r\n",
    "Content-Length: 3\r\n",
    "Content-Length: 12\r\n",
    "Content-Length: 03\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Expect: 100-continue\r\n",
    "A: b\r\n",
    "A : b\r\n",
    " c\r\n",
    "\r\n",
    "\n",
    "\r",
    "abc",
    "0\r\n\r\n",
    "3\r\nabc\r\n",
    "3;a=b\r\nabc\r\n",
    "0\r\nA: b\r\n\r\n",
    "0",
    "\0",
    ":",
    "X_Forwarded_For: 1\r\n",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 100 C\r\n",
    "HTTP/1.1 204\r\n",
    "HTTP/1.0 304 N\r\n",
    "GET /x HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
];

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

type Verdict = (usize, Option<Violation>, String);

/// The bytes, cut into pieces.
fn pieces<'a>(bytes: &'a [u8], cuts: &[usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.push(bytes.len());
    cuts.sort_unstable();
    let mut at = 0;
    cuts.into_iter().map(move |cut| {
        let piece = &bytes[at..cut];
        at = cut;
        piece
    })
}

/// Shows the bytes piece by piece, keeping what is not approved, as a connection does.
fn of_requests(bytes: &[u8], cuts: &[usize]) -> Verdict {
    let mut framing = RequestFraming::new();
    let (mut held, mut approved, mut violation) = (Vec::new(), 0, None);
    for piece in pieces(bytes, cuts) {
        held.extend_from_slice(piece);
        let step = framing.advance(&held);
        held.drain(..step.approved);
        approved += step.approved;
        violation = step.violation;
        if violation.is_some() {
            break;
        }
    }
    let state = format!("{} {:?}", framing.heads(), framing.position());
    (approved, violation, state)
}

fn of_responses(bytes: &[u8], cuts: &[usize], to_head: bool) -> Verdict {
    let mut answers = Responses::to(to_head);
    let violation = pieces(bytes, cuts).find_map(|piece| answers.read(piece).err());
    let content = String::from_utf8_lossy(&answers.content).into_owned();
    let state = format!("{} {:?} {content}", answers.framing.is_idle(), answers.head);
    // Of what only frames, as much is skipped as there is; where a violation ends that, is by the way.
    (violation.map_or(answers.read, |_| 0), violation, state)
}

proptest! {
    #![proptest_config(tests_kit::properties(3000))]

    #[test]
    fn requests_are_judged_alike_however_they_are_cut(
        bytes in stream(), cuts in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        let whole = of_requests(&bytes, &[]);
        prop_assert_eq!(&of_requests(&bytes, &cuts), &whole);
        let every: Vec<_> = (0..bytes.len()).collect();
        prop_assert_eq!(&of_requests(&bytes, &every), &whole);
    }

    #[test]
    fn answers_are_judged_alike_however_they_are_cut(
        bytes in stream(), to_head: bool, cuts in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        let whole = of_responses(&bytes, &[], to_head);
        prop_assert_eq!(&of_responses(&bytes, &cuts, to_head), &whole);
        let every: Vec<_> = (0..bytes.len()).collect();
        prop_assert_eq!(&of_responses(&bytes, &every, to_head), &whole);
    }
}

#[test]
fn a_long_head_cut_at_its_bounds_is_judged_alike() {
    let long = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nA: {}\r\n\r\n",
        "b".repeat(70_000)
    );
    let target = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "b".repeat(9_000));
    for bytes in [long.as_bytes(), target.as_bytes()] {
        let whole = of_requests(bytes, &[]);
        for cut in [
            8190, 8191, 8192, 8193, 8233, 8234, 8235, 8236, 65534, 65535, 65536, 65537,
        ] {
            assert_eq!(of_requests(bytes, &[cut]), whole, "cut at {cut}");
        }
    }
}
