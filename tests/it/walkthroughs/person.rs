//! The person at the browser: a real one if this machine has it, otherwise what it would send.

use bytes::Bytes;
use http::Request;
use std::net::SocketAddr;
use tests::{Browser, Client, eventually, skipped};

/// Does what a `browser` block says.
pub(super) enum Person {
    Real(Box<Browser>),
    /// Without a browser: the address it would be at, and what the page says.
    Scripted {
        url: String,
        page: String,
    },
}

impl Person {
    pub(super) async fn start(document: &str) -> Self {
        if let Some(browser) = Browser::start().await {
            return Self::Real(Box::new(browser));
        }
        let what = format!("the browser in {document}");
        skipped(
            &what,
            "there is no chromedriver on this machine: its requests are made instead",
        );
        Self::Scripted {
            url: String::new(),
            page: String::new(),
        }
    }

    /// One line of a block; gives the address if the person copies it.
    pub(super) async fn does(&mut self, step: &str, address: &str) -> Option<String> {
        if let Some(user) = step.strip_prefix("sign in as ") {
            let (user, password) = user.split_once(" / ").expect("user and password");
            self.sign_in(address, user, password).await;
        } else if step == "approve" || step == "refuse" {
            self.decide(step).await;
        } else if let Some(text) = step.strip_prefix("the page says: ") {
            self.reads(text).await;
        } else if step == "copy the address" {
            return Some(self.address().await);
        } else {
            unreachable!("nobody knows how to {step:?}");
        }
        None
    }

    async fn sign_in(&mut self, address: &str, user: &str, password: &str) {
        match self {
            Self::Real(browser) => {
                browser.open(address).await;
                // The carrier's page may remember this person, or somebody else.
                eventually("the carrier's page", async || {
                    browser.text().await.contains("mock UPS")
                })
                .await;
                let page = browser.text().await;
                if page.contains(&format!("You are signed in as {user}")) {
                    return;
                }
                if page.contains("You are signed in as") {
                    browser.click("#another").await;
                }
                browser.type_into("#user", user).await;
                browser.type_into("#password", password).await;
                browser.click("#sign-in").await;
            }
            Self::Scripted { url, .. } => {
                let answer = client(address).get(&path(address)).await;
                assert_eq!(answer.status(), 302, "{}", answer.text());
                let login = answer.field("location");
                let (base, query) = login.split_once('?').expect("a query");
                *url = format!("{base}?{query}&user={user}&password={password}");
                if !base.contains("://") {
                    *url = format!("{}{url}", origin(address));
                }
            }
        }
    }

    async fn decide(&mut self, decision: &str) {
        match self {
            Self::Real(browser) => browser.click(&format!("#{decision}")).await,
            Self::Scripted { url, page } => {
                let (base, form) = url.split_once('?').expect("a query");
                let form = format!("{form}&decision={decision}");
                let request = Request::post(path(base))
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(Bytes::from(form));
                let answer = client(base).send(request.expect("a request")).await;
                let back = answer.field("location").to_owned();
                assert!(!back.is_empty(), "{}", answer.text());
                // Only what runs on this machine is reached.
                if back.contains("://127.0.0.1:") {
                    *page = client(&back).get(&path(&back)).await.text().to_owned();
                }
                *url = back;
            }
        }
    }

    async fn reads(&self, text: &str) {
        match self {
            Self::Real(browser) => {
                let mut read = String::new();
                let look = async || {
                    read = browser.text().await;
                    contains(&read, text)
                };
                let looked = tokio::time::timeout(std::time::Duration::from_secs(20), async {
                    eventually("the page", look).await;
                });
                assert!(
                    looked.await.is_ok(),
                    "the page does not say {text:?}:\n{read}"
                );
            }
            Self::Scripted { page, .. } => {
                let mut plain = String::new();
                let mut outside = true;
                for c in page.chars() {
                    outside = if c == '<' { false } else { outside };
                    if outside {
                        plain.push(c);
                    }
                    outside |= c == '>';
                }
                let plain = plain.replace("&#39;", "'");
                assert!(
                    contains(&plain, text),
                    "the page does not say {text:?}:\n{page}"
                );
            }
        }
    }

    /// Where the browser ended, once it has left the carrier.
    async fn address(&self) -> String {
        match self {
            Self::Real(browser) => {
                let mut url = String::new();
                eventually("the end of the sign-in", async || {
                    url = browser.url().await;
                    url.contains("/oauth/callback?")
                })
                .await;
                url
            }
            Self::Scripted { url, .. } => url.clone(),
        }
    }
}

/// Compares without regard to how lines break.
fn contains(page: &str, text: &str) -> bool {
    let words: Vec<&str> = page.split_whitespace().collect();
    words.join(" ").contains(text)
}

fn origin(url: &str) -> &str {
    let begin = url.find("://").map_or(0, |at| at + 3);
    url[begin..]
        .find('/')
        .map_or(url, |end| &url[..begin + end])
}

fn path(url: &str) -> String {
    url[origin(url).len()..].to_owned()
}

fn client(url: &str) -> Client {
    let (_, address) = origin(url).split_once("://").expect("a URL");
    let address: SocketAddr = address.parse().expect("an address of this machine");
    Client::new(address)
}
