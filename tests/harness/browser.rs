//! A person's browser: headless Chromium, driven through its WebDriver.

mod view;

pub use view::Look;

use crate::{Answer, Client};
use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A browser with one tab; dropping it ends it.
#[derive(Debug)]
#[must_use = "the browser ends when this is dropped"]
pub struct Browser {
    driver: Child,
    address: SocketAddr,
    client: Client,
    session: String,
}

impl Browser {
    /// Starts one; `None` if there is no WebDriver on this machine.
    ///
    /// # Panics
    /// When there is one and it does not work.
    pub async fn start() -> Option<Self> {
        Self::start_with(&json!({})).await
    }

    /// Starts one that runs no script of any page.
    ///
    /// # Panics
    /// When there is a WebDriver and it does not work.
    pub async fn without_scripts() -> Option<Self> {
        // 2 is "block". The tests themselves can still look into a page.
        let blocked = json!({ "profile.managed_default_content_settings.javascript": 2 });
        Self::start_with(&blocked).await
    }

    async fn start_with(preferences: &Value) -> Option<Self> {
        let (driver, port) = driver()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut browser = Self {
            driver,
            address,
            client: Client::new(address),
            session: String::new(),
        };
        let args = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            // Its edges of letters have colours, which a palette of a screenshot would not hold.
            "--disable-lcd-text",
            "--hide-scrollbars",
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome", "acceptInsecureCerts": true,
            "goog:chromeOptions": { "args": args, "prefs": preferences },
        } } });
        let answer = browser.send(Method::POST, "/session", &wanted).await;
        assert_eq!(answer.status(), 200, "{}", answer.text());
        let id = answer.json()["value"]["sessionId"]
            .as_str()
            .expect("an id")
            .to_owned();
        browser.session = format!("/session/{id}");
        Some(browser)
    }

    /// Goes to an address.
    ///
    /// # Panics
    /// When there is nothing.
    pub async fn open(&self, url: &str) {
        self.must(Method::POST, "url", &json!({ "url": url })).await;
    }

    /// Where it is.
    ///
    /// # Panics
    /// When it is gone.
    pub async fn url(&self) -> String {
        let url = self.must(Method::GET, "url", &Value::Null).await;
        url.as_str().expect("text").to_owned()
    }

    /// Types into the element of a CSS selector.
    ///
    /// # Panics
    /// When there is no such element.
    pub async fn type_into(&self, selector: &str, text: &str) {
        let path = format!("element/{}/value", self.find(selector).await);
        self.must(Method::POST, &path, &json!({ "text": text }))
            .await;
    }

    /// Clicks the element of a CSS selector.
    ///
    /// # Panics
    /// When there is no such element.
    pub async fn click(&self, selector: &str) {
        let path = format!("element/{}/click", self.find(selector).await);
        self.must(Method::POST, &path, &json!({})).await;
    }

    /// What a person reads on the page at the moment; empty while there is none.
    pub async fn text(&self) -> String {
        let body = json!({ "using": "css selector", "value": "body" });
        let Ok(found) = self.command(Method::POST, "element", &body).await else {
            return String::new();
        };
        let path = format!("element/{}/text", element(&found));
        let text = self.command(Method::GET, &path, &Value::Null).await;
        text.ok()
            .and_then(|text| text.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    async fn find(&self, selector: &str) -> String {
        let wanted = json!({ "using": "css selector", "value": selector });
        let mut found = Value::Null;
        crate::eventually(&format!("{selector} on the page"), async || {
            let looked = self.command(Method::POST, "element", &wanted).await;
            found = looked.unwrap_or_default();
            !found.is_null()
        })
        .await;
        element(&found)
    }

    async fn must(&self, method: Method, path: &str, body: &Value) -> Value {
        let done = self.command(method, path, body).await;
        done.unwrap_or_else(|why| unreachable!("{path}: {why}"))
    }

    async fn command(&self, method: Method, path: &str, body: &Value) -> Result<Value, String> {
        let answer = self
            .send(method, &format!("{}/{path}", self.session), body)
            .await;
        if answer.status() == 200 {
            Ok(answer.json()["value"].clone())
        } else {
            Err(answer.text().to_owned())
        }
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        let content = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .body(Bytes::from(content));
        self.client.send(request.expect("a request")).await
    }
}

/// The id of a found element.
fn element(found: &Value) -> String {
    let id = found.as_object().and_then(|ids| ids.values().next());
    id.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A WebDriver and its port; `None` if there is none on this machine. It takes a port that happens to be
/// free for IPv4 and gives up if it is not for IPv6, so it may have to be started again.
fn driver() -> Option<(Child, u16)> {
    for _ in 0..10 {
        let started = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut driver = started.ok()?;
        let mut lines = BufReader::new(driver.stdout.take()?).lines();
        let port = lines.find_map(|line| {
            let line = line.ok()?;
            let (_, port) = line.split_once("on port ")?;
            let port = port.trim_end_matches('.').parse::<u16>().ok();
            port.filter(|port| *port != 0)
        });
        // A pipe that is not read fills, and the browser then waits.
        std::thread::spawn(move || lines.for_each(drop));
        if let Some(port) = port {
            return Some((driver, port));
        }
        let _ = driver.kill();
        let _ = driver.wait();
    }
    unreachable!("chromedriver found no port in ten attempts")
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends its browser only when it is asked to end the session.
        if !self.session.is_empty()
            && let Ok(mut stream) = TcpStream::connect(self.address)
        {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let head = format!("DELETE {} HTTP/1.1\r\nhost: {}", self.session, self.address);
            let _ = write!(stream, "{head}\r\n\r\n");
            let _ = stream.read(&mut [0; 64]);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
