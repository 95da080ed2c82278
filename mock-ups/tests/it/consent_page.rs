//! The pages in a real browser: headless Chromium through its WebDriver. Skipped, with a line on
//! standard error, where `chromedriver` is not installed.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use http::Method;
use mock_ups::MockUps;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use crate::client::{Call, get, post, token};

const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one tab.
struct Browser {
    driver: Child,
    base: String,
    session: String,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends its browser only when it is asked to end the session.
        if let Some((authority, path)) = self.session.trim_start_matches("http://").split_once('/')
            && let Ok(mut stream) = std::net::TcpStream::connect(authority)
        {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let _ = write!(
                stream,
                "DELETE /{path} HTTP/1.1\r\nhost: {authority}\r\n\r\n"
            );
            let _ = stream.read(&mut [0; 64]);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// A WebDriver and its port; `None` if there is none on this machine. It takes a port that happens to be
/// free for IPv4 and gives up if it is not for IPv6, so it may have to be started again.
fn driver() -> Option<(Child, u16)> {
    for _ in 0..10 {
        let started = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn();
        let mut driver = started.ok()?;
        let mut lines = BufReader::new(driver.stdout.take()?).lines();
        let port = lines.find_map(|line| {
            let line = line.ok()?;
            let (_, port) = line.split_once("on port ")?;
            let port = port.trim_end_matches('.').parse::<u16>().ok();
            port.filter(|port| *port != 0)
        });
        // A pipe that nobody reads fills.
        std::thread::spawn(move || lines.for_each(drop));
        if let Some(port) = port {
            return Some((driver, port));
        }
        let _ = driver.kill();
        let _ = driver.wait();
    }
    unreachable!("chromedriver found no port in ten attempts")
}

impl Browser {
    /// `None` if there is no WebDriver on this machine.
    async fn start() -> Option<Self> {
        let Some((driver, port)) = driver() else {
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED: no chromedriver on this machine, so the browser test did not run"
            );
            return None;
        };
        let base = format!("http://127.0.0.1:{port}");
        let mut browser = Self {
            driver,
            base,
            session: String::new(),
        };
        let options = json!({ "args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        ] });
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
        } } });
        let answer = post(format!("{}/session", browser.base))
            .json(&wanted)
            .within(PATIENCE)
            .send()
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let id = answer.json()["value"]["sessionId"]
            .as_str()
            .expect("an id")
            .to_owned();
        browser.session = format!("{}/session/{id}", browser.base);
        Some(browser)
    }

    async fn command(&self, method: Method, path: &str, body: Value) -> Result<Value, String> {
        let call = Call::new(method.clone(), format!("{}/{path}", self.session)).within(PATIENCE);
        let call = if method == Method::GET {
            call
        } else {
            call.json(&body)
        };
        let answer = call.send().await;
        if answer.status == 200 {
            Ok(answer.json()["value"].clone())
        } else {
            Err(answer.text())
        }
    }

    async fn open(&self, url: &str) {
        self.command(Method::POST, "url", json!({ "url": url }))
            .await
            .unwrap();
    }

    async fn url(&self) -> String {
        let url = self.command(Method::GET, "url", Value::Null).await.unwrap();
        url.as_str().expect("text").to_owned()
    }

    /// The element, when the page has it.
    async fn find(&self, selector: &str) -> String {
        let wanted = json!({ "using": "css selector", "value": selector });
        let deadline = tokio::time::sleep(PATIENCE);
        let found = async {
            loop {
                if let Ok(found) = self.command(Method::POST, "element", wanted.clone()).await {
                    return found.as_object().and_then(|o| o.values().next()).cloned();
                }
            }
        };
        tokio::select! {
            found = found => found.expect("an id").as_str().expect("text").to_owned(),
            () = deadline => panic!("{selector} never appeared at {}", self.url().await),
        }
    }

    async fn type_into(&self, selector: &str, text: &str) {
        let path = format!("element/{}/value", self.find(selector).await);
        self.command(Method::POST, &path, json!({ "text": text }))
            .await
            .unwrap();
    }

    async fn click(&self, selector: &str) {
        let path = format!("element/{}/click", self.find(selector).await);
        self.command(Method::POST, &path, json!({})).await.unwrap();
    }

    async fn text(&self, selector: &str) -> String {
        let path = format!("element/{}/text", self.find(selector).await);
        let text = self.command(Method::GET, &path, Value::Null).await.unwrap();
        text.as_str().expect("text").to_owned()
    }

    /// Waits until an element's text fits.
    async fn until(&self, selector: &str, fits: impl Fn(&str) -> bool) {
        let waiting = async {
            loop {
                // The page rebuilds its tables, so an element found may be gone when it is read.
                let path = format!("element/{}/text", self.find(selector).await);
                let text = self.command(Method::GET, &path, Value::Null).await;
                if text.is_ok_and(|text| text.as_str().is_some_and(&fits)) {
                    return;
                }
            }
        };
        if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
            panic!("{selector} never fitted: {:?}", self.text(selector).await);
        }
    }
}

/// An app's callback address, at which the browser ends up.
async fn callback() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/callback", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\ndone";
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    url
}

fn authorize(base: &str, redirect: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", "mock-client")
        .append_pair("redirect_uri", redirect)
        .append_pair("response_type", "code")
        .append_pair("state", "a b&c")
        .finish();
    format!("{base}/security/v1/oauth/authorize?{query}")
}

#[tokio::test]
async fn person_grants_access_in_a_real_browser() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let redirect = callback().await;
    assert!(ups.add_redirect_uri("mock-client", &redirect));

    browser.open(&authorize(&base, &redirect)).await;
    assert_eq!(browser.text("#app").await, "Mock Shop");
    browser.type_into("#user", "merchant").await;
    browser.type_into("#password", "wrong").await;
    browser.click("#sign-in").await;
    browser
        .until(".problem", |text| text == "Wrong user or password.")
        .await;

    browser.type_into("#user", "merchant").await;
    browser.type_into("#password", "parcel-1").await;
    browser.click("#sign-in").await;
    assert_eq!(browser.text("#signed-in").await, "merchant");
    assert_eq!(browser.text("#accounts").await, "A1B2C3\nD4E5F6");
    browser.click("#approve").await;
    browser.until("body", |text| text == "done").await;
    let back: url::Url = browser.url().await.parse().unwrap();
    assert!(back.as_str().starts_with(&redirect), "{back}");
    assert_eq!(
        crate::refresh::parameter(&back, "state").as_deref(),
        Some("a b&c")
    );
    let code = crate::refresh::parameter(&back, "code").expect("a code");

    let bought = post(format!("{base}/security/v1/oauth/token"))
        .basic("mock-client", "mock-secret")
        .form(&[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &redirect),
        ])
        .send()
        .await;
    assert_eq!(bought.status, 200, "{}", bought.text());

    // The page knows this browser again, and lets the person use another login.
    browser.open(&authorize(&base, &redirect)).await;
    assert_eq!(browser.text("#signed-in").await, "merchant");
    browser.click("#another").await;
    browser.type_into("#user", "other").await;
    browser.type_into("#password", "parcel-2").await;
    browser.click("#sign-in").await;
    browser.click("#refuse").await;
    browser.until("body", |text| text == "done").await;
    assert!(browser.url().await.contains("error=access_denied"));
}

#[tokio::test]
async fn page_for_people_shows_and_controls_the_mock_in_a_real_browser() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    token(&base).await;
    browser.open(&base).await;
    browser
        .until("#apps", |text| {
            text.contains("mock-client mock-secret Mock Shop")
        })
        .await;
    browser
        .until("#users", |text| {
            text.contains("A1B2C3 (negotiated), D4E5F6")
        })
        .await;
    browser
        .until("#journal", |text| {
            text.contains("POST /security/v1/oauth/token")
        })
        .await;
    browser.until("#token-count", |text| text == "1").await;
    browser.click("button[data-post='tokens/revoke']").await;
    browser.until("#token-count", |text| text == "0").await;
    browser.click("#play").await;
    browser
        .until("#faults", |text| text.contains("delay"))
        .await;
    browser.click("button[data-delete='faults']").await;
    browser.until("#faults", str::is_empty).await;
    browser.click("button[data-body='{\"freeze\":true}']").await;
    browser.until("#frozen", |text| text == "(frozen)").await;
    let clock = get(format!("{base}/__mock/clock")).send().await.json();
    assert_eq!(clock["frozen"], true);
}
