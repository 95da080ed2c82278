//! Many requests at a time: signatures.

use crate::{Suite, authorize, carrier::Carrier, recorder::Recorder, secrets::Secrets};
use bytes::Bytes;
use gateway_model::{Failure, FailureClass, SignRequest, SignatureFields};
use gateway_plugin_host::{Instance, InstanceOptions};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::thread;

const SIGNS: &str = "signs ordinary requests";
const TOGETHER: &str = "signs the same from four threads, and again";
const ODD: &str = "breaks its contract for no request that is to be signed";
const SILENT: &str = "tells no secret in a signature or in why there is none";

pub(crate) const CHECKS: &[&str] = &[SIGNS, ODD, SILENT, TOGETHER];

/// Callers at a time.
const THREADS: usize = 4;
/// Signatures of each of them for each request.
const ROUNDS: usize = 50;

/// A request to sign.
struct UnsignedRequest {
    name: &'static str,
    ordinary: bool,
    method: Method,
    target: String,
    headers: HeaderMap,
    body: Vec<Bytes>,
}

pub(crate) async fn check(suite: &Suite<'_>, report: &mut Recorder<'_>) {
    let skip = |report: &mut Recorder<'_>, why: &str| {
        CHECKS.iter().for_each(|name| report.skip(name, why));
    };
    if suite.plugin.signs().is_none() {
        skip(report, "the plugin signs no requests");
        return;
    }
    report.at(SIGNS, "a credential to sign with");
    let made = suite
        .plugin
        .instance(InstanceOptions::new(suite.config.clone()));
    let Ok(instance) = made else {
        skip(report, "there is no instance");
        return;
    };
    // A real credential, because a signature may cover it.
    let carrier = Carrier::good(&authorize::script(suite));
    let issued = instance.authorize(authorize::fetch(), &carrier).await;
    let Ok(issued) = issued else {
        skip(report, "there is no credential to sign with");
        return;
    };
    let run = Run {
        instance,
        credential: issued.headers,
        state: issued.state.expose().to_vec(),
        secrets: Secrets::of(suite.config, suite.plugin.manifest().config_schema.as_ref()),
    };
    let asked = requests(suite);
    run.one_by_one(&asked, report);
    run.together(&asked, report);
}

struct Run {
    instance: Instance,
    credential: Vec<(HeaderName, HeaderValue)>,
    state: Vec<u8>,
    secrets: Secrets,
}

impl Run {
    fn sign(&self, asked: &UnsignedRequest) -> Result<SignatureFields, Failure> {
        let mut headers = asked.headers.clone();
        // Credential first, as in the gateway: a signature may cover its fields.
        headers.extend(self.credential.iter().cloned());
        self.instance.sign(&SignRequest {
            method: &asked.method,
            authority: "api.example.com",
            path_and_query: &asked.target,
            headers: &headers,
            body: &asked.body,
            state: &self.state,
        })
    }

    fn one_by_one(&self, asked: &[UnsignedRequest], report: &mut Recorder<'_>) {
        let (mut refused, mut bugs, mut told) = (Vec::new(), Vec::new(), Vec::new());
        for asked in asked {
            let name = asked.name;
            report.at(SIGNS, name);
            match self.sign(asked) {
                Ok(fields) => {
                    if asked.ordinary && fields.is_empty() {
                        refused.push(format!("{name}: nothing was added"));
                    }
                    let tells = |(_, value): &(_, HeaderValue)| {
                        self.secrets
                            .are_in(&String::from_utf8_lossy(value.as_bytes()))
                    };
                    if fields.iter().any(tells) {
                        told.push(format!("{name}: a field contains a secret"));
                    }
                }
                Err(failure) => {
                    if asked.ordinary {
                        refused.push(format!("{name}: {failure}"));
                    }
                    if failure.class == FailureClass::Bug {
                        bugs.push(format!("{name}: {failure}"));
                    }
                    if self.secrets.are_in(&format!("{failure:?}")) {
                        told.push(format!("{name}: the failure contains a secret"));
                    }
                }
            }
        }
        report.add(SIGNS, refused);
        report.add(ODD, bugs);
        report.add(SILENT, told);
    }

    /// The host's clock stands still, so nothing about a signature may differ.
    fn together(&self, asked: &[UnsignedRequest], report: &mut Recorder<'_>) {
        let mut findings = Vec::new();
        for asked in asked.iter().filter(|asked| asked.ordinary) {
            report.at(TOGETHER, asked.name);
            let first = self.sign(asked);
            // Compared with the first signature, not with each other: one stray is enough.
            let differs = || (0..ROUNDS).any(|_| self.sign(asked) != first);
            let differed = thread::scope(|scope| {
                let callers: Vec<_> = (0..THREADS).map(|_| scope.spawn(differs)).collect();
                let ended = callers.into_iter().map(thread::ScopedJoinHandle::join);
                ended
                    // A thread that panicked counts as well.
                    .filter(|differed| !matches!(differed, Ok(false)))
                    .count()
            });
            if differed > 0 {
                let name = asked.name;
                findings.push(format!(
                    "{name}: {differed} of {THREADS} callers got others"
                ));
            }
        }
        report.add(TOGETHER, findings);
    }
}

/// Ordinary and odd requests that reach a signer. What the gateway refuses before is not among them.
fn requests(suite: &Suite<'_>) -> Vec<UnsignedRequest> {
    let json = |value: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(value));
        headers
    };
    let request = |name, ordinary, method, target: &str| UnsignedRequest {
        name,
        ordinary,
        method,
        target: target.to_owned(),
        headers: json("application/json"),
        body: Vec::new(),
    };
    let post = |name, ordinary, body: Vec<Bytes>| UnsignedRequest {
        body,
        ..request(name, ordinary, Method::POST, "/api/rates")
    };
    let mut strange = HeaderMap::new();
    for name in &suite.plugin.manifest().signing.headers {
        // Bytes that are no text, nothing at all, and as much as a field can hold.
        for value in [&b"\xff\xfe\t"[..], b"", &[b'a'; 8000]] {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                strange.append(name, value);
            }
        }
    }
    vec![
        request("a GET", true, Method::GET, "/api/track/1?locale=en_US"),
        post("a POST", true, vec![Bytes::from_static(b"{\"a\":1}")]),
        post(
            "a POST in pieces",
            true,
            vec!["{\"a\"".into(), ":1}".into()],
        ),
        post(
            "a POST of 256 KiB",
            true,
            vec![vec![b'a'; 256 << 10].into()],
        ),
        post("a POST without content", false, Vec::new()),
        post("a POST in empty pieces", false, vec![Bytes::new(); 9]),
        post(
            "a POST of bytes",
            false,
            vec![vec![0, 0xff, b'\r', b'\n'].into()],
        ),
        request(
            "a target of 8 KiB",
            false,
            Method::GET,
            &format!("/{}", "a".repeat(8000)),
        ),
        request("an empty query", false, Method::DELETE, "/?"),
        request(
            "escapes",
            false,
            Method::GET,
            "/a%2Fb;c=d/../%00?x=%0d%0a&&=&%",
        ),
        UnsignedRequest {
            headers: HeaderMap::new(),
            ..request("no fields", false, Method::GET, "/")
        },
        UnsignedRequest {
            headers: strange,
            ..request("strange fields", false, Method::PATCH, "/")
        },
    ]
}
