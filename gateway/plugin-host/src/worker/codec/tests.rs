use super::{
    read_request,
    request::{Load, Request, RequestFrame},
    response::{Functions, Response},
    write_request,
};
use crate::{
    GrantChange, Limits, SignBody, Signing, Violation,
    call::{BeginArgs, EventArgs},
    sink::{Emission, Emitted, EmittedCredential, EmittedRequest, EmittedSlot, OpEnd},
};
use bytes::Bytes;
use gateway_model::{
    Failure, FailureClass, GrantHint, Secret, SecretBytes, SignRequest, TokenFacts,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use plugins_abi::Status;
use proptest::{collection::vec, option, prelude::*};
use std::time::{Duration, UNIX_EPOCH};

/// A frame without its length.
fn payload(frame: &SecretBytes) -> &[u8] {
    let (length, payload) = frame.expose().split_first_chunk().expect("a length");
    assert_eq!(u32::from_le_bytes(*length) as usize, payload.len());
    payload
}

type Fields = Vec<(Vec<u8>, Vec<u8>)>;

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..40)
}

fn fields() -> impl Strategy<Value = Fields> {
    vec((bytes(), bytes()), 0..4)
}

fn emission((kind, id, number, name, fields): (u8, u64, u64, Vec<u8>, Fields)) -> Emission {
    match kind % 3 {
        0 => Emission::Timer {
            id,
            delay_ms: number,
        },
        1 => Emission::Cancel { id },
        _ => Emission::Http(EmittedRequest {
            id,
            method: name.iter().copied().take(32).collect(),
            url: name.clone(),
            fields,
            body: name.into(),
            timeout_ms: number as u32,
        }),
    }
}

fn end((kind, number, text, fields): (u8, u64, String, Fields)) -> Option<OpEnd> {
    let class = [
        FailureClass::Transient,
        FailureClass::Rejected,
        FailureClass::Config,
        FailureClass::Protocol,
        FailureClass::Interaction,
        FailureClass::Bug,
    ][usize::from(kind % 6)];
    let grant = match kind % 4 {
        0 => GrantChange::NotSingleUse,
        1 => GrantChange::Kept,
        2 => GrantChange::Gone,
        _ => GrantChange::Replaced {
            lifetime: (number % 2 == 0).then(|| Duration::from_millis(number)),
        },
    };
    match kind % 5 {
        0 => None,
        1 | 2 => Some(OpEnd::Done(EmittedCredential {
            fields,
            ttl_ms: number,
            refresh_after_ms: number / 2,
            state: SecretBytes::new(text.clone().into_bytes()),
            query: kind > 128,
            grant,
            facts: TokenFacts {
                scope: Some("read write".into()),
                refresh_count: Some(number),
                ..TokenFacts::default()
            },
            slots: (0..kind % 3)
                .map(|place| EmittedSlot {
                    place: place.into(),
                    fields: vec![(text.clone().into_bytes(), b"value".to_vec())],
                    ttl_ms: number,
                    failure: (number % 2 == 0).then(|| Failure::new(class, "code", "why")),
                })
                .collect(),
        })),
        _ => {
            let mut failure = Failure::new(class, crate::text::code(text.as_bytes()), "why");
            failure.grant = GrantHint::Unharmed;
            failure.retry_after = (number > 0).then(|| Duration::from_millis(number % 1000 + 1));
            Some(OpEnd::Failed(failure))
        }
    }
}

proptest! {
    #![proptest_config(tests_kit::properties(500))]

    #[test]
    fn result_is_the_same_after_the_channel(
        status in any::<u32>(),
        emissions in vec((any::<u8>(), any::<u64>(), any::<u64>(), bytes(), fields()), 0..6),
        ended in (any::<u8>(), any::<u64>(), "[a-z0-9]{1,20}", fields()),
        violates in any::<bool>(),
        made_handle in any::<bool>(),
        url in option::of(bytes()),
    ) {
        let emitted = || Emitted {
            emissions: emissions.iter().cloned().map(emission).collect(),
            end: end(ended.clone()),
            violation: violates.then_some(Violation::NoUrl),
        };
        let returned = Response::Returned { status: Status(status), emitted: emitted(), made_handle };
        let url = Response::Url { status: Status(status), emitted: emitted(), url };
        for response in [returned, url] {
            let frame = response.encode();
            let read = Response::decode(payload(&frame), &Limits::default());
            let read = read.unwrap_or_else(|error| panic!("{error}"));
            let again = read.encode();
            prop_assert_eq!(again.expose(), frame.expose());
        }
    }

    #[test]
    fn request_is_the_same_after_the_channel(
        ids in any::<(u64, u64, u64, u32)>(),
        text in ".{0,20}",
        content in bytes(),
        fields in fields(),
    ) {
        let wall = UNIX_EPOCH + Duration::from_millis(ids.0 % (1 << 45));
        let limits = Limits { url: ids.1 as usize, ..Limits::default() };
        let args = BeginArgs {
            reason: ids.3,
            slot: text.clone(),
            state: SecretBytes::new(content.clone()),
            params: vec![(text.clone(), Secret::new(text.clone()))],
        };
        let event = EventArgs {
            kind: ids.3,
            id: ids.1,
            status: ids.3,
            fields,
            body: content.clone().into(),
        };
        let config = SecretBytes::new(content.clone());
        let load = Load {
            library: text.clone().into(),
            manifest: content,
            memory: ids.2,
            tells_refused_calls: ids.3 % 2 == 0,
        };
        let frames = [
            RequestFrame::load(wall, &load),
            RequestFrame::instance_new(wall, ids.1, &config, &limits),
            RequestFrame::instance_free(wall, ids.1),
            RequestFrame::op_begin(wall, ids.1, ids.2, &args, &limits),
            RequestFrame::op_resume(wall, ids.1, &event, &limits),
            RequestFrame::op_free(wall, ids.1),
            RequestFrame::authorize_url(wall, ids.1, &args, &limits),
            RequestFrame::sign(wall, ids.1, &config),
        ];
        for frame in frames {
            let (read_at, request) = Request::decode(payload(&frame)).expect("a request");
            prop_assert_eq!(read_at, wall);
            let again = match &request {
                Request::Load(load) => RequestFrame::load(wall, load),
                Request::InstanceNew { id, config, limits } => {
                    RequestFrame::instance_new(wall, *id, config, limits)
                }
                Request::InstanceFree { id } => RequestFrame::instance_free(wall, *id),
                Request::OpBegin { instance, op, args, limits } => {
                    RequestFrame::op_begin(wall, *instance, *op, args, limits)
                }
                Request::OpResume { op, args, limits } => {
                    RequestFrame::op_resume(wall, *op, args, limits)
                }
                Request::OpFree { op } => RequestFrame::op_free(wall, *op),
                Request::AuthorizeUrl { instance, args, limits } => {
                    RequestFrame::authorize_url(wall, *instance, args, limits)
                }
                Request::Sign { instance, request } => RequestFrame::sign(wall, *instance, request),
            };
            prop_assert_eq!(again.expose(), frame.expose());
        }
    }

    #[test]
    fn request_to_sign_has_what_the_manifest_names(
        content in vec(bytes(), 0..4),
        values in vec("[a-z]{0,9}", 0..12),
        state in bytes(),
    ) {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_static("Bearer not-for-the-signer"));
        for value in &values {
            headers.append("x-seen", value.parse().expect("letters"));
        }
        let body: Vec<_> = content.iter().map(|piece| Bytes::from(piece.clone())).collect();
        let request = SignRequest {
            method: &Method::PUT,
            authority: "api.example.com",
            path_and_query: "/a?b",
            headers: &headers,
            body: &body,
            state: &state,
        };
        for covers in [SignBody::None, SignBody::Sha256, SignBody::Bytes] {
            let wanted = Signing { body: covers, headers: vec![HeaderName::from_static("x-seen")] };
            let mut frame = Vec::new();
            write_request(&mut frame, &request, &wanted);
            let args = read_request(&frame).expect("a request");
            prop_assert_eq!((args.method, args.authority), (&b"PUT"[..], &b"api.example.com"[..]));
            prop_assert_eq!((args.path_and_query, args.state), (&b"/a?b"[..], &state[..]));
            prop_assert_eq!(args.headers.len(), values.len());
            let whole = content.concat();
            prop_assert_eq!(args.body, if covers == SignBody::Bytes { &whole[..] } else { &[] });
            prop_assert_eq!(args.body_sha256.is_some(), covers == SignBody::Sha256);
            // Cut anywhere, it is no request.
            frame.pop();
            prop_assert!(read_request(&frame).is_err());
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(kind in 0_u8..10, mut frame in vec(any::<u8>(), 0..200)) {
        frame.insert(0, kind);
        let _ = Response::decode(&frame, &Limits::default());
        let _ = Request::decode(&frame);
        let _ = read_request(&frame);
    }

    #[test]
    fn frame_that_was_changed_is_read_or_refused(
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let response = Response::Returned {
            status: Status::OK,
            emitted: Emitted {
                emissions: vec![emission((2, 1, 2, b"name".to_vec(), vec![(vec![1], vec![2])]))],
                end: end((1, 3, "text".into(), vec![(vec![1], vec![2])])),
                violation: Some(Violation::NoUrl),
            },
            made_handle: true,
        };
        let frame = response.encode();
        let mut changed = payload(&frame).to_vec();
        let at = at.index(changed.len());
        changed[at] = byte;
        let _ = Response::decode(&changed, &Limits::default());
        changed.truncate(cut.index(changed.len()));
        prop_assert!(Response::decode(&changed, &Limits::default()).is_err());
    }
}

#[test]
fn counts_and_lengths_are_refused_before_memory_is_taken() {
    let limits = Limits::default();
    let response = |bytes: &[u8]| match Response::decode(bytes, &limits) {
        Ok(_) => panic!("read"),
        Err(error) => error.to_string(),
    };
    // A result with 2^32 - 1 emissions.
    let emissions = [[5, 0, 0, 0, 0].as_slice(), &[0xff; 4]].concat();
    assert_eq!(response(&emissions), "more than 64 emissions in one call");
    // A request with a URL of 2^32 - 1 bytes.
    let url = [
        [5, 0, 0, 0, 0].as_slice(),
        &[1, 0, 0, 0, 1],
        &[0; 8],
        &[0; 4],
        &[0xff; 4],
    ]
    .concat();
    assert_eq!(response(&url), "a URL longer than 8192 bytes");
    assert_eq!(response(&[]), "it ends too early");
    assert_eq!(response(&[7, 0]), "it goes on after its end");
    assert_eq!(response(&[99]), "the unknown answer 99");
    let loaded = Response::Loaded(Functions::default()).encode();
    assert!(Response::decode(payload(&loaded), &limits).is_ok());
}

#[test]
fn frame_of_a_signal_handler_is_that_of_a_refused_call() {
    let frame = Response::RefusedCall(70_000).encode();
    assert_eq!(frame.expose(), super::refused_call_frame(70_000));
}
