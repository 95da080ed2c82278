//! Who has signed in at one gateway is signed in at all of them.

use super::world::Fleet;
use bytes::Bytes;
use http::Request;
use std::fs;
use tests::{Answer, Client};

/// A browser behind a load balancer: each request may go to another gateway.
struct Browser<'f> {
    fleet: &'f Fleet,
    cookie: String,
}

impl<'f> Browser<'f> {
    async fn sign_in(fleet: &'f Fleet, index: usize) -> Self {
        let file = fleet.gateway(index).process.folder();
        let token = fs::read_to_string(file.join("waybill-admin.token")).expect("it has one");
        let mut browser = Self {
            fleet,
            cookie: String::new(),
        };
        let form = format!("token={}", token.trim());
        let answer = browser.post(index, "/ui/sign-in", &form).await;
        let (pair, _) = (answer.field("set-cookie").split_once(';')).expect("a cookie");
        // The cookie's name has the port that a browser sees, and that is the load balancer's.
        let (_, value) = pair.split_once('=').expect("a value");
        value.clone_into(&mut browser.cookie);
        browser
    }

    async fn send(&self, index: usize, request: http::request::Builder, body: String) -> Answer {
        let port = self.fleet.gateway(index).admin.port();
        let request = request
            .header("cookie", format!("__Host-waybill-{port}={}", self.cookie))
            .body(Bytes::from(body));
        let client = Client::new(self.fleet.gateway(index).admin);
        client.send(request.expect("a request")).await
    }

    async fn get(&self, index: usize, path: &str) -> Answer {
        self.send(index, Request::get(path), String::new()).await
    }

    async fn post(&self, index: usize, path: &str, form: &str) -> Answer {
        let request = Request::post(path)
            .header(
                "origin",
                format!("http://{}", self.fleet.gateway(index).admin),
            )
            .header("content-type", "application/x-www-form-urlencoded");
        self.send(index, request, form.to_owned()).await
    }

    /// Opens a page at one gateway, and sends a form at another.
    async fn change(&self, opened: usize, sent: usize, path: &str, typed: &str) -> Answer {
        let page = self.get(opened, "/ui/session").await;
        let value = |name: &str| {
            let parts = page.text().split_once(&format!("name=\"{name}\" value=\""));
            let (_, rest) = parts.expect("a form has it");
            rest.split('"').next().expect("an end").to_owned()
        };
        let form = format!("csrf={}&seen={}&{typed}", value("csrf"), value("seen"));
        self.post(sent, path, &form).await
    }
}

/// Pages, a form's own text, what a page says once, a planned migration, and signing out.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn session_is_good_at_all_gateways_and_ends_at_all_of_them_at_once() {
    let Some(fleet) = Fleet::start("sessions in a fleet", 2).await else {
        return;
    };
    let browser = Browser::sign_in(&fleet, 0).await;
    for index in [1, 0] {
        let page = browser.get(index, "/ui/accounts").await;
        assert_eq!(page.status(), 200, "{}", page.text());
    }
    // The page comes from the first gateway, the form goes to the second, and the first tells the result.
    let sent = browser.change(0, 1, "/ui/accounts/main/change", "what=switch-off");
    assert_eq!(sent.await.field("location"), "/ui/accounts/main");
    let told = browser.get(0, "/ui/accounts/main").await;
    assert!(
        told.text().contains("The account is off"),
        "{}",
        told.text()
    );
    let again = browser.get(1, "/ui/accounts/main").await;
    assert!(
        !again.text().contains("The account is off"),
        "it is said once"
    );
    let list = "carrier=ups&client_id=mock-client&secret=mock-secret&list=name,account_number%0AShop,A1B2C3";
    let planned = browser.change(0, 0, "/ui/new-migration", list).await;
    assert_eq!(
        planned.field("location"),
        "/ui/migration/plan",
        "{}",
        planned.text()
    );
    let plan = browser.get(1, "/ui/migration/plan").await;
    assert_eq!(plan.status(), 200);
    assert!(!plan.text().contains("mock-secret"));
    // Of two sessions one signs out everywhere, at the other gateway than the one that made the first.
    let second = Browser::sign_in(&fleet, 1).await;
    let count = second.get(0, "/ui/session").await;
    assert!(count.text().contains("<dd>2</dd>"), "{}", count.text());
    let out = second.change(1, 1, "/ui/session/end-all", "").await;
    assert_eq!(out.field("location"), "/ui/sign-in");
    for (browser, index) in [(&browser, 0), (&browser, 1), (&second, 0), (&second, 1)] {
        let page = browser.get(index, "/ui").await;
        assert!(
            page.field("location").starts_with("/ui/sign-in"),
            "gateway {index}"
        );
    }
}

/// A gateway that died had no session of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn session_outlives_the_gateway_that_began_it_and_a_restart() {
    let Some(mut fleet) = Fleet::start("a session of a gateway that died", 2).await else {
        return;
    };
    let browser = Browser::sign_in(&fleet, 0).await;
    let cookie = browser.cookie.clone();
    let folder = fleet.kill(0);
    let there = async |fleet: &Fleet, index: usize| {
        let browser = Browser {
            fleet,
            cookie: cookie.clone(),
        };
        browser.get(index, "/ui/accounts").await.status() == 200
    };
    assert!(there(&fleet, 1).await);
    fleet.resume(0, folder).await;
    assert!(there(&fleet, 0).await);
}
