//! A plugin that behaves and misbehaves as its configuration says.

use crate::host::Account;
use futures_util::{
    FutureExt, StreamExt,
    future::{Either, pending, poll_fn, select},
    stream::FuturesUnordered,
};
use plugins_sdk::{
    CarrierAuth, Class, Context, Credential, Error, Result, SignOut, SignRequest, Slot, SlotFields,
    http::Delivery,
};
use std::{
    collections::BTreeMap,
    panic::panic_any,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
    time::Duration,
};

pub(crate) const MANIFEST: &str = plugins_sdk::manifest!(r#"{"name":"behaviour"}"#);

/// Of the mode "slots".
pub(crate) const MANIFEST_WITH_SLOTS: &str = plugins_sdk::manifest!(
    r#"{"name":"behaviour","slots":[{"name":"access"},{"name":"payment"},{"name":"personal"}]}"#,
    needs: slots
);
const PAYMENT: Slot = Slot::of(MANIFEST_WITH_SLOTS, "payment");
const PERSONAL: Slot = Slot::of(MANIFEST_WITH_SLOTS, "personal");

/// How many values of each account live: instances and futures hold one each.
static LIVE: Mutex<BTreeMap<u64, usize>> = Mutex::new(BTreeMap::new());

pub(crate) fn live(account: u64) -> usize {
    *LIVE
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(account)
        .or_default()
}

struct Canary(u64);

impl Canary {
    fn new(account: u64) -> Self {
        *LIVE
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(account)
            .or_default() += 1;
        Self(account)
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        *LIVE
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(self.0)
            .or_default() -= 1;
    }
}

/// Panics when dropped, unless a panic is under way already.
struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "from a destructor");
    }
}

#[derive(serde::Deserialize)]
pub(crate) struct Config {
    mode: String,
    account: u64,
}

pub(crate) struct Behaviour {
    config: Config,
    _canary: Canary,
    grenade: Option<Grenade>,
}

/// Opens an account whose operations behave that way; the number is for [`live`].
pub(crate) fn open(mode: &str) -> (Account, u64) {
    let (account, number) = try_open(mode);
    (account.unwrap(), number)
}

pub(crate) fn try_open(
    mode: &str,
) -> (
    Result<Account, (plugins_sdk::abi::Status, Vec<crate::host::Emitted>)>,
    u64,
) {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let table = plugins_sdk::static_plugin!(Behaviour, manifest: MANIFEST);
    let config = format!(r#"{{"mode":"{mode}","account":{number}}}"#);
    (Account::open(table, &config), number)
}

fn request(path: &str) -> oauth2::HttpRequest {
    let mut request = oauth2::HttpRequest::new(Vec::new());
    *request.uri_mut() = format!("https://acme.example/{path}")
        .parse()
        .expect("a URL");
    request
}

async fn fetch(cx: &Context, path: &str) -> Result<String> {
    let response = cx.http().send(request(path)).await?;
    Ok(String::from_utf8_lossy(response.body()).into_owned())
}

fn bearer(token: &str) -> Result<Credential> {
    Credential::bearer(token)
}

impl CarrierAuth for Behaviour {
    type Config = Config;
    const SIGNS: bool = true;

    fn new(config: Config) -> Result<Self> {
        let canary = Canary::new(config.account);
        match config.mode.as_str() {
            "new-panics" => panic!("in new"),
            "new-refuses" => return Err(Error::config("mode", "cannot work")),
            _ => {}
        }
        let grenade = (config.mode == "instance-drop-panics").then(|| Grenade);
        Ok(Self {
            config,
            _canary: canary,
            grenade,
        })
    }

    async fn authorize(&self, cx: &Context) -> Result<Credential> {
        let _canary = Canary::new(self.config.account);
        let _ = &self.grenade;
        match self.config.mode.as_str() {
            "echo" => echo(cx),
            "sequential" => {
                let first = fetch(cx, "1").await?;
                bearer(&format!("{first}{}", fetch(cx, "2").await?))
            }
            "unordered" => {
                let requests = ["1", "2", "3"].map(|path| fetch(cx, path));
                let mut requests: FuturesUnordered<_> = requests.into_iter().collect();
                let mut all = String::new();
                while let Some(body) = requests.next().await {
                    all += &body?;
                }
                bearer(&all)
            }
            "join" => {
                let (one, two) = futures_util::future::join(fetch(cx, "1"), fetch(cx, "2")).await;
                bearer(&(one? + &two?))
            }
            "race" => {
                let (one, two) = (fetch(cx, "1").boxed(), fetch(cx, "2").boxed());
                let (Either::Left((body, _)) | Either::Right((body, _))) = select(one, two).await;
                let first = body?;
                bearer(&(first + &fetch(cx, "3").await?))
            }
            "race-and-end" => {
                let (one, two) = (fetch(cx, "1").boxed(), fetch(cx, "2").boxed());
                let (Either::Left((body, _)) | Either::Right((body, _))) = select(one, two).await;
                bearer(&body?)
            }
            "slots" => {
                let name = http::HeaderName::from_static("x-payment");
                let payment = SlotFields::new()
                    .header(name, "paid")?
                    .expires_in(Some(Duration::from_secs(50)));
                let refused = Error::config("reader", "no reader is configured");
                Ok(bearer("access")?
                    .slot(PAYMENT, Ok(payment))
                    .slot(PERSONAL, Err(refused)))
            }
            "deadline" => {
                let (one, clock) = (fetch(cx, "1").boxed(), cx.sleep(Duration::from_secs(3)));
                match select(one, clock).await {
                    Either::Left((body, _)) => bearer(&body?),
                    Either::Right(_) => Err(Error::new(Class::Transient, "late", "too late")),
                }
            }
            other => single(cx, other).await,
        }
    }

    fn sign(&self, request: &SignRequest<'_>, out: &mut SignOut<'_>) -> Result<()> {
        assert!(self.config.mode != "sign-panics", "in sign");
        if self.config.mode == "sign-refuses" {
            return Err(Error::new(Class::Config, "no-key", "no key"));
        }
        let pieces: usize = request.body.iter().map(|piece| piece.len()).sum();
        let path = String::from_utf8_lossy(request.path_and_query);
        out.set_header(
            &http::HeaderName::from_static("x-signature"),
            &format!("{path}:{pieces}"),
        )?;
        out.set_query("sig", "1");
        Ok(())
    }
}

fn echo(cx: &Context) -> Result<Credential> {
    let text = format!(
        "{:?}/{}/{}/{}",
        cx.reason(),
        cx.slot(),
        cx.param("code").unwrap_or("-"),
        cx.now_unix_ms()
    );
    let mut random = [0; 4];
    let drawn = cx.random(&mut random).is_ok();
    let credential = Credential::empty()
        .header(
            http::HeaderName::from_static("x-echo"),
            &format!("{text}/{drawn}"),
        )?
        .expires_in(Some(Duration::MAX))
        .refresh_after(Duration::ZERO)
        .state(cx.previous_state());
    Ok(credential)
}

async fn single(cx: &Context, mode: &str) -> Result<Credential> {
    match mode {
        "never-sent" => {
            let mut request = cx.http().send(request("1")).boxed();
            poll_fn(|cx| Poll::Ready(request.as_mut().poll(cx).is_pending())).await;
            drop(request);
            bearer("early")
        }
        "delivery" => {
            let mut request = request("1");
            let timeout = Some(Duration::from_millis(250));
            request.extensions_mut().insert(Delivery {
                retryable: true,
                timeout,
            });
            cx.http().send(request).await?;
            bearer("x")
        }
        "yield" => {
            let mut left = 10;
            poll_fn(|cx| {
                left -= 1;
                cx.waker().wake_by_ref();
                if left == 0 {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await;
            bearer("x")
        }
        "fails" => Err(Error::new(Class::Rejected, "no", "refused")
            .with_retry_after(Some(Duration::from_secs(9)))),
        other => misbehave(cx, other).await,
    }
}

async fn misbehave(cx: &Context, mode: &str) -> Result<Credential> {
    match mode {
        "poll-panics" => panic!("in poll"),
        "answer-panics" => {
            let body = fetch(cx, "1").await?;
            panic!("after {body}")
        }
        "payload-panics" => panic_any(Grenade),
        "drop-panics" => {
            let _grenade = Grenade;
            bearer(&fetch(cx, "1").await?)
        }
        "stalls" => pending().await,
        "stalls-later" => {
            fetch(cx, "1").await?;
            pending().await
        }
        "spins" => {
            poll_fn(|cx| {
                cx.waker().wake_by_ref();
                Poll::<()>::Pending
            })
            .await;
            bearer("x")
        }
        other => Err(Error::new(Class::Bug, "mode", other.to_owned())),
    }
}
