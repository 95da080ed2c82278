//! A complete authorization through the ABI, with the plugin linked in and the carrier's answers at hand.

use super::{
    carriers::{self, Answer, Carrier},
    case::Case,
};
use crate::now;
use bytes::Bytes;
use gateway_http_client::{HttpClient, HttpError, HttpRequest, HttpResponse};
use gateway_model::{Clock, Secret, SecretBytes};
use gateway_plugin_host::{
    Authorization, AuthorizationReason, ConsentRequest, Host, Instance, InstanceOptions, Issued,
    Plugin,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::{
    future::{Future, ready},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Instant, SystemTime},
};

pub(super) struct BenchClock;

impl Clock for BenchClock {
    fn now(&self) -> Instant {
        now()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }
}

/// Answers each token request with the next of the carrier's answers, again and again.
struct Scripted {
    answers: Vec<(HeaderName, HeaderValue, Bytes)>,
    turn: AtomicUsize,
}

impl Scripted {
    fn new(answers: Vec<Answer>) -> Self {
        let answers = answers.into_iter().map(|answer| match answer {
            Answer::Json(body) => (
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
                Bytes::from(body.to_string()),
            ),
            Answer::Field(name, value) => (
                HeaderName::from_static(name),
                HeaderValue::try_from(value).expect("a token is a field value"),
                Bytes::new(),
            ),
        });
        Self {
            answers: answers.collect(),
            turn: AtomicUsize::new(0),
        }
    }
}

impl HttpClient for Scripted {
    fn send(
        &self,
        _: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + '_>> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let (name, value, body) = &self.answers[turn % self.answers.len()];
        Box::pin(ready(Ok(HttpResponse {
            status: StatusCode::OK,
            headers: HeaderMap::from_iter([(name.clone(), value.clone())]),
            body: body.clone(),
        })))
    }
}

fn instance(carrier: &Carrier, more: &serde_json::Value) -> Instance {
    let host = Host::new(Arc::new(BenchClock));
    let plugin = Plugin::from_static((carrier.table)(), &host).expect("a handshake");
    let mut config = serde_json::json!({"environment": "test", "client_id": "client",
        "client_secret": "0123456789abcdef0123456789abcdef"});
    for (key, value) in more.as_object().into_iter().flatten() {
        config[key] = value.clone();
    }
    plugin
        .instance(InstanceOptions::new(config))
        .expect("a valid configuration")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Obtains the carrier's credential once at each call.
fn authorizer(carrier: &Carrier) -> impl FnMut() -> Issued + use<> {
    let instance = instance(carrier, &(carrier.settings)());
    let answers = Scripted::new((carrier.answers)());
    let runtime = runtime();
    move || {
        let authorization = Authorization {
            reason: AuthorizationReason::Fetch,
            slot: String::new(),
            state: SecretBytes::default(),
            params: Vec::new(),
        };
        let issued = runtime.block_on(instance.authorize(authorization, &answers));
        issued.expect("a credential")
    }
}

/// What the carrier's plugin yields.
pub(super) fn issued(carrier: &Carrier) -> Issued {
    authorizer(carrier)()
}

pub(super) fn of(carrier: &Carrier) -> Case {
    let fields = carrier.fields;
    let mut authorize = authorizer(carrier);
    Case {
        name: format!("authorization, {}", carrier.name),
        run: Box::new(move || {
            let issued = authorize();
            assert_eq!(issued.headers.len(), fields);
            assert!(issued.slots.iter().all(|slot| slot.fields.is_ok()));
        }),
    }
}

/// The shortest call there is: the page where a person consents, which takes no answer of the carrier.
pub(super) fn one_call() -> Case {
    let instance = instance(
        &carriers::ALL[0],
        &serde_json::json!({ "grant": "authorization_code", "origin": "https://wwwcie.ups.com" }),
    );
    let runtime = runtime();
    Case {
        name: "one call of the plugin".to_owned(),
        run: Box::new(move || {
            let request = ConsentRequest {
                slot: String::new(),
                redirect_uri: "https://gateway.internal/callback".to_owned(),
                state: Secret::new("s".repeat(43)),
                pkce_challenge: "c".repeat(43),
            };
            let url = runtime.block_on(instance.authorize_url(&request));
            url.expect("the plugin knows where people consent");
        }),
    }
}
