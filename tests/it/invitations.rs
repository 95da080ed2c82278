//! Somebody outside signs in with an invitation, and sees nothing else of the gateway.

use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};
use tests::{Answer, Client, MERCHANT, OTHER, Operator, World, approve, local};

const STORE: &str = "[store]\nurl = \"sqlite://waybill.db\"\n";

/// A world with an account `branch` that nobody has signed in for, and the code of an invitation.
async fn world() -> (World, String) {
    let world = World::builder().more(STORE).start().await;
    let callback = format!("http://{}/oauth/callback", world.gateway.admin);
    assert!(world.mock.add_redirect_uri("mock-client", callback));
    let operator = Operator::of(&world.gateway);
    operator.add_consent_account("branch", "A1B2C3").await;
    let code = invite(&operator).await;
    (world, code)
}

async fn invite(operator: &Operator) -> String {
    let made = operator
        .post("invitations", json!({ "account": "branch", "days": 2 }))
        .await;
    let link = made["link"].as_str().expect("a link");
    assert!(local(link).starts_with("/ui/invitation#"), "{link}");
    let warning = made["warning"].as_str().expect("a warning");
    assert!(warning.contains("own machine only"), "{warning}");
    link.split_once('#').expect("a code").1.to_owned()
}

/// A browser of somebody who has the link.
struct Person {
    client: Client,
    origin: String,
    cookie: String,
}

impl Person {
    fn new(world: &World) -> Self {
        Self {
            client: Client::new(world.gateway.admin),
            origin: format!("http://{}", world.gateway.admin),
            cookie: String::new(),
        }
    }

    async fn send(&mut self, method: Method, path: &str, form: &str) -> Answer {
        let mut request = Request::builder().method(&method).uri(path);
        if method == Method::POST {
            request = request
                .header("origin", &self.origin)
                .header("content-type", "application/x-www-form-urlencoded");
        }
        if !self.cookie.is_empty() {
            request = request.header("cookie", &self.cookie);
        }
        let body = Bytes::from(form.to_owned());
        let answer = self
            .client
            .send(request.body(body).expect("a request"))
            .await;
        if let Some((cookie, attributes)) = answer.field("set-cookie").split_once(';') {
            assert!(
                attributes.contains("HttpOnly")
                    && attributes.contains("SameSite=Lax")
                    && attributes.contains("Max-Age=3600"),
                "{attributes}"
            );
            cookie.clone_into(&mut self.cookie);
        }
        // No page of this person leads to another one of the gateway. A refused form leads to the sign-in.
        let refused = answer.status() == 403;
        for other in [
            "<nav",
            "/ui/accounts",
            "/ui/session",
            "/ui/sign-in",
            "href=\"/ui\"",
        ] {
            assert!(
                refused || !answer.text().contains(other),
                "{other} on\n{}",
                answer.text()
            );
        }
        answer
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, "").await
    }

    async fn post(&mut self, path: &str, form: &str) -> Answer {
        self.send(Method::POST, path, form).await
    }

    async fn enter(&mut self, code: &str) -> Answer {
        self.post("/ui/invitation", &format!("secret={code}")).await
    }

    /// Begins a sign-in, signs in at the carrier, and comes back.
    async fn sign_in(&mut self, world: &World, user: (&str, &str)) -> Answer {
        let page = self.post("/ui/invitation/begin", "").await;
        assert_eq!(page.status(), 200, "{}", page.text());
        let (_, rest) = page
            .text()
            .split_once("class=\"button primary\" href=\"")
            .expect("a link");
        let url = rest
            .split('"')
            .next()
            .expect("an end")
            .replace("&#38;", "&");
        let back = approve(&world.mock, &url, user).await;
        self.get(&local(&back)).await
    }
}

/// A browser of an administrator.
struct Administrator {
    client: Client,
    origin: String,
    cookie: String,
}

impl Administrator {
    async fn sign_in(world: &World, token: &str) -> Self {
        let mut ada = Self {
            client: Client::new(world.gateway.admin),
            origin: format!("http://{}", world.gateway.admin),
            cookie: String::new(),
        };
        let answer = ada.send("/ui/sign-in", &format!("token={token}")).await;
        let (cookie, _) = answer
            .field("set-cookie")
            .split_once(';')
            .expect("a cookie");
        cookie.clone_into(&mut ada.cookie);
        ada
    }

    async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header("cookie", &self.cookie);
        self.client
            .send(request.body(Bytes::new()).expect("a request"))
            .await
    }

    async fn post(&self, path: &str, form: &str) -> Answer {
        let page = self.get("/ui/session").await;
        let value = |name: &str| {
            let (_, rest) = page
                .text()
                .split_once(&format!("name=\"{name}\" value=\""))
                .expect("a form");
            rest.split('"').next().expect("an end").to_owned()
        };
        let own = format!("csrf={}&seen={}", value("csrf"), value("seen"));
        self.send(path, &format!("{own}&{form}")).await
    }

    async fn send(&self, path: &str, form: &str) -> Answer {
        let request = Request::post(path)
            .header("origin", &self.origin)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", &self.cookie);
        let body = Bytes::from(form.to_owned());
        self.client
            .send(request.body(body).expect("a request"))
            .await
    }
}

#[tokio::test]
async fn invited_person_signs_in_and_sees_nothing_else() {
    let (world, code) = world().await;
    let mut person = Person::new(&world);
    let first = person.get("/ui/invitation").await;
    assert_eq!(first.status(), 200);
    assert!(
        first
            .field("content-security-policy")
            .contains("script-src 'self';")
    );
    let entered = person.enter(&code).await;
    assert_eq!(
        (entered.status().as_u16(), entered.field("location")),
        (303, "/ui/invitation/account"),
        "{}",
        entered.text()
    );
    let page = person.get("/ui/invitation/account").await;
    for part in ["branch", "A1B2C3", "ups, test"] {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
    assert!(!page.text().contains(&code));
    // The wrong login first: the page says so, and the invitation is still good.
    let wrong = person.sign_in(&world, OTHER).await;
    assert_eq!(wrong.status(), 422, "{}", wrong.text());
    for part in [
        "wrong_login",
        "open your invitation again",
        "/ui/invitation/account",
    ] {
        assert!(wrong.text().contains(part), "{part}: {}", wrong.text());
    }
    let right = person.sign_in(&world, MERCHANT).await;
    assert_eq!(right.status(), 200, "{}", right.text());
    assert!(right.text().contains("close this page"), "{}", right.text());
    // What is left to this browser: no session, and an invitation that is used up.
    assert_eq!(person.get("/ui/invitation/account").await.status(), 400);
    let elsewhere = person.client.get("/ui/accounts").await;
    assert_eq!(elsewhere.status(), 303);
    let listed = Operator::of(&world.gateway).get("invitations").await;
    assert_eq!(listed[0]["state"], "used");
    assert!(!world.gateway.process.output().contains(&code));
    let mut request = tests::rate_request();
    let account = http::HeaderValue::from_static("branch");
    request.headers_mut().insert("waybill-account", account);
    world.app.send(request).await.assert_rates();
}

/// One link for two accounts of a login, made and listed by the command line.
#[tokio::test]
async fn one_link_signs_in_for_all_accounts_of_a_login() {
    let (world, _) = world().await;
    let operator = Operator::of(&world.gateway);
    operator.add_consent_account("depot", "A1B2C3").await;
    let waybill = async |args: &[&str]| world.gateway.waybill("", args).await.stdout;
    let made = waybill(&["invitation", "add", "branch", "--login", "--json"]).await;
    let made: Value = serde_json::from_str(&made).expect("JSON");
    let link = made["link"].as_str().expect("a link");
    let (_, code) = link.split_once('#').expect("a code");
    let mut person = Person::new(&world);
    person.enter(code).await;
    let page = person.get("/ui/invitation/account").await;
    for part in ["branch", "depot", "for 0 of 2 accounts"] {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
    let first = person.sign_in(&world, MERCHANT).await;
    for part in ["branch", "1 account of the same login still waits"] {
        assert!(first.text().contains(part), "{part}: {}", first.text());
    }
    let list = waybill(&["invitation", "list"]).await;
    assert!(list.contains("branch, depot (1 of 2 signed in)"), "{list}");
    let last = person.sign_in(&world, MERCHANT).await;
    for part in ["depot", "close this page"] {
        assert!(last.text().contains(part), "{part}: {}", last.text());
    }
    assert_eq!(person.get("/ui/invitation/account").await.status(), 400);
    let listed = operator.get("invitations").await;
    assert_eq!(listed[0]["state"], "used", "{listed}");
    assert_eq!(listed[0]["accounts"][1]["state"], "used", "{listed}");
}

#[tokio::test]
async fn used_revoked_and_guessed_invitations_open_nothing() {
    let (world, code) = world().await;
    let operator = Operator::of(&world.gateway);
    let mut person = Person::new(&world);
    person.enter(&code).await;
    let id = operator.get("invitations").await[0]["id"].clone();
    let id = id.as_str().expect("an id");
    let revoked = world
        .gateway
        .waybill("", &["invitation", "revoke", id])
        .await;
    assert_eq!(revoked.stdout, format!("invitation {id} revoked\n"));
    for page in [
        person.get("/ui/invitation/account").await,
        person.post("/ui/invitation/begin", "").await,
        person.post("/ui/invitation/paste", "redirected=x").await,
        person.enter(&code).await,
    ] {
        assert_eq!(page.status(), 400, "{}", page.text());
        assert!(page.text().contains("took it back"), "{}", page.text());
    }
    // Another invitation is not hurt by it, and a page of another site cannot use it.
    let good = invite(&operator).await;
    assert_eq!(person.enter(&good).await.status(), 303);
    person.origin = "https://evil.example".to_owned();
    let foreign = person.post("/ui/invitation/begin", "").await;
    assert_eq!(foreign.status(), 403, "{}", foreign.text());

    // Guesses are counted as those of admin tokens, and the right code comes through after them.
    let mut guesser = Person::new(&world);
    let mut statuses = Vec::new();
    for n in 0..30 {
        let wrong = guesser.enter(&format!("{}{n}", "x".repeat(41))).await;
        statuses.push(wrong.status().as_u16());
    }
    assert!(statuses.starts_with(&[404, 404, 404]), "{statuses:?}");
    assert!(statuses.ends_with(&[429]), "{statuses:?}");
    assert_eq!(guesser.enter(&good).await.status(), 303);
}

#[tokio::test]
async fn administrator_makes_and_takes_back_an_invitation_in_the_pages() {
    let (world, _) = world().await;
    let operator = Operator::of(&world.gateway);
    let made = operator
        .post("admin-tokens", json!({ "name": "ada", "role": "admin" }))
        .await;
    let token = made["token"].as_str().expect("a token");
    let ada = Administrator::sign_in(&world, token).await;
    let page = ada.get("/ui/accounts/branch").await;
    assert!(
        page.text().contains("Make an invitation"),
        "{}",
        page.text()
    );
    let links = ada
        .post(
            "/ui/invitations/add",
            "account=branch&account=nobody&days=1",
        )
        .await;
    assert_eq!(links.status(), 200, "{}", links.text());
    let text = links.text();
    assert!(
        text.contains("/ui/invitation#") && text.contains("own machine only"),
        "{text}"
    );
    assert!(
        text.contains("nobody:"),
        "the other account is unknown: {text}"
    );
    let list = ada.get("/ui/invitations").await.text().to_owned();
    assert!(
        list.contains("ada") && !list.contains("/ui/invitation#"),
        "{list}"
    );
    let all: Value = operator.get("invitations").await;
    let id = all[0]["id"].as_str().expect("an id").to_owned();
    let revoked = ada.post(&format!("/ui/invitations/{id}/revoke"), "").await;
    assert_eq!(revoked.status(), 303);
    assert!(
        ada.get("/ui/invitations")
            .await
            .text()
            .contains("taken back")
    );
    let states = operator.get("invitations").await;
    assert_eq!(
        (&states[0]["state"], &states[1]["state"]),
        (&json!("revoked"), &json!("open"))
    );
}
