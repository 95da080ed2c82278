//! A gateway with something to show on each page, and who is signed in to it.

use bytes::Bytes;
use http::{Method, Request};
use mock_ups::SeedData;
use serde_json::json;
use std::fs;
use tests::{Browser, Operator, World, eventually, rate_request, skipped};

const STORE: &str = "[store]\nurl = \"sqlite://waybill.db\"\n";

pub(super) struct UiWorld {
    pub(super) world: World,
    pub(super) operator: Operator,
}

/// A browser; `None` where there is none, which is said.
pub(super) async fn browser(scripts: bool) -> Option<Browser> {
    let browser = if scripts {
        Browser::start().await
    } else {
        Browser::without_scripts().await
    };
    if browser.is_none() {
        let why = "there is no chromedriver on this machine";
        skipped("the pages in a browser", why);
    }
    browser
}

impl UiWorld {
    pub(super) async fn start() -> Self {
        Self::start_with(SeedData::default()).await
    }

    /// With other people and account numbers at the carrier.
    pub(super) async fn start_with(data: SeedData) -> Self {
        let world = World::builder().mock(|mock| mock.data(data));
        let world = world.more(STORE).start().await;
        let callback = format!("{}/oauth/callback", world.gateway.admin_url());
        assert!(world.mock.add_redirect_uri("mock-client", callback));
        let operator = Operator::of(&world.gateway);
        let this = Self { world, operator };
        for (name, secret, grant) in [
            ("north", "mock-secret", "authorization_code"),
            ("refused", "wrong", "client_credentials"),
        ] {
            let account = json!({
                "name": name, "carrier": "ups", "environment": "test", "grant": grant,
                "client_id": "mock-client", "client_secrets": [secret], "numbers": ["D4E5F6"],
            });
            this.operator.post("accounts", account).await;
        }
        let app = json!({ "name": "web-shop", "accounts": ["main"] });
        this.operator.post("apps", app).await;
        this.world.shop().await.assert_rates();
        // One that the mock does not know, and one of an account that nobody has signed in for.
        let unknown = Request::get("/api/nothing/v1").body(Bytes::new());
        this.world.app.send(unknown.expect("a request")).await;
        let mut request = rate_request();
        let field = http::HeaderValue::from_static("north");
        request.headers_mut().insert("waybill-account", field);
        this.world.app.send(request).await;
        eventually("a notice is open", async || {
            let notices = this.operator.get("notices").await;
            notices.as_array().is_some_and(|it| !it.is_empty())
        })
        .await;
        this
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.world.gateway.admin_url())
    }

    /// The address of a page of the table.
    pub(super) async fn page(&self, path: &str) -> String {
        if !path.contains("{request}") {
            return self.url(path);
        }
        let failed = self.operator.get("requests?failed=true").await;
        let id = failed[0]["id"]
            .as_str()
            .expect("a request failed")
            .to_owned();
        self.url(&path.replace("{request}", &id))
    }

    pub(super) fn token(&self) -> String {
        let file = self
            .world
            .gateway
            .process
            .folder()
            .join("waybill-admin.token");
        let token = fs::read_to_string(file).expect("the gateway wrote its first admin token");
        token.trim().to_owned()
    }

    pub(super) async fn sign_in(&self, browser: &Browser) {
        browser.open(&self.url("/ui")).await;
        browser.type_into("#token", &self.token()).await;
        browser.click("form button.primary").await;
        reads(browser, "Overview").await;
    }

    /// A session without a browser.
    pub(super) async fn cookie(&self) -> String {
        let form = Request::post("/ui/sign-in")
            .header("origin", self.world.gateway.admin_url())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(format!("token={}", self.token())));
        let answer = self.world.admin.send(form.expect("a request")).await;
        let (pair, _) = (answer.field("set-cookie").split_once(';')).expect("a cookie");
        pair.to_owned()
    }

    pub(super) async fn get(&self, path: &str, cookie: &str) -> String {
        let request = Request::builder().method(Method::GET).uri(path);
        let request = request.header("cookie", cookie).body(Bytes::new());
        let answer = self.world.admin.send(request.expect("a request")).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().to_owned()
    }
}

/// Waits until a person reads this on the page.
pub(super) async fn reads(browser: &Browser, text: &str) {
    let mut read = String::new();
    let looked = tokio::time::timeout(std::time::Duration::from_secs(20), async {
        eventually("the page", async || {
            read = browser.text().await;
            read.contains(text)
        })
        .await;
    });
    assert!(
        looked.await.is_ok(),
        "the page does not say {text:?}:\n{read}"
    );
}

/// Signs in at the carrier's page that is open, which may remember who was signed in before.
pub(super) async fn signs_in(browser: &Browser, (user, password): (&str, &str)) {
    reads(browser, "mock UPS").await;
    if browser.text().await.contains("You are signed in as") {
        if browser
            .text()
            .await
            .contains(&format!("signed in as {user}"))
        {
            return;
        }
        browser.click("#another").await;
    }
    browser.type_into("#user", user).await;
    browser.type_into("#password", password).await;
    browser.click("#sign-in").await;
    reads(browser, &format!("signed in as {user}")).await;
}
