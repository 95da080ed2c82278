//! The pages for migration, backup and admin tokens, as a browser sees them.

use crate::{
    harness::{PATIENCE, Reply},
    plane::{Managed, managed},
    ui::{Browser, hidden},
};
use gateway_model::{Protection, Secret};
use gateway_store::inspect_backup;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

const KEYS: &str =
    "name,account_number,access_key\nShop,A1B2C3,planted-key\nDepot,D4E5F6\n,X9Y8Z7,\n";
const NO_KEYS: &str = "name,account_number,user_id\nShop,A1B2C3,merchant\n<b>,,\n";

/// Sends a form with a file, as a browser does.
async fn upload(
    browser: &mut Browser<'_>,
    path: &str,
    fields: &[(&str, &str)],
    file: &str,
) -> Reply {
    let csrf = browser.csrf().await;
    let mut body = String::new();
    for (name, value) in [("csrf", csrf.as_str())].iter().chain(fields) {
        body.push_str(&format!(
            "--mark\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    // A browser sends a file without a name and content if none was chosen.
    let name = if file.is_empty() { "" } else { "list.csv" };
    body.push_str(&format!(
        "--mark\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: text/csv\r\n\r\n{file}\r\n--mark--\r\n"
    ));
    send_parts(browser, path, &body).await
}

async fn send_parts(browser: &mut Browser<'_>, path: &str, body: &str) -> Reply {
    browser
        .managed
        .server
        .clock
        .advance(Duration::from_secs(10));
    let cookie = browser.cookie.clone().unwrap_or_default();
    let fields = [
        ("Host", "localhost:8081"),
        ("Origin", "http://localhost:8081"),
        ("Content-Type", "multipart/form-data; boundary=mark"),
        ("Cookie", &cookie),
    ];
    let server = &browser.managed.server;
    server.exchange("POST", path, &fields, body).await
}

async fn admin(managed: &Managed) -> Browser<'_> {
    Browser::signed_in(managed, &managed.admin).await
}

#[tokio::test]
async fn broken_list_is_shown_with_all_its_lines_and_no_key() {
    let managed = managed().await;
    let mut browser = admin(&managed).await;
    let fields = [
        ("carrier", "ups"),
        ("client_id", "my-client"),
        ("secret", "planted-secret"),
    ];
    let reply = upload(&mut browser, "/ui/new-migration", &fields, KEYS).await;
    assert_eq!(reply.status, 400, "{}", reply.body);
    for part in [
        "the list has 2 problems",
        ">3</td>",
        "2 fields where the first line names 3",
        ">4</td>",
        "name is empty",
    ] {
        assert!(reply.body.contains(part), "{part}: {}", reply.body);
    }
    assert!(
        reply.body.contains("value=\"my-client\""),
        "what was typed stays"
    );
    assert!(!reply.body.contains("planted"), "{}", reply.body);

    // A pasted list comes back for correction, but for one with keys.
    for (list, comes_back) in [(NO_KEYS, true), (KEYS, false)] {
        let mut both = fields.to_vec();
        both.push(("list", list));
        let reply = upload(&mut browser, "/ui/new-migration", &both, "").await;
        assert!(
            reply.body.contains("Problems of the list"),
            "{}",
            reply.body
        );
        assert_eq!(
            reply.body.contains("merchant"),
            comes_back,
            "{}",
            reply.body
        );
        assert_eq!(reply.body.contains("paste it again"), !comes_back);
        assert!(!reply.body.contains("planted") && !reply.body.contains("<b>"));
    }
}

#[tokio::test]
async fn upload_that_is_no_list_gets_a_page_that_says_so() {
    let managed = managed().await;
    let mut browser = admin(&managed).await;
    let pasted = [("list", NO_KEYS)];
    for (fields, file, words) in [
        (&[][..], "", "there is no list"),
        (&pasted, KEYS, "a file and a pasted list"),
        (&[], "PK\u{3}\u{4}", "a spreadsheet or an archive"),
        (&[], "name,account_number\nShop,A1B2C3\n", "name is invalid"),
    ] {
        let reply = upload(&mut browser, "/ui/new-migration", fields, file).await;
        assert_eq!(reply.status, 400, "{words}");
        assert!(reply.body.contains(words), "{words}: {}", reply.body);
        assert!(
            reply.body.contains("action=\"/ui/new-migration\""),
            "the form is there"
        );
    }
    let cut = "--mark\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nx";
    let reply = send_parts(&mut browser, "/ui/new-migration", cut).await;
    assert_eq!(reply.status, 400);
    assert!(reply.body.contains("arrived damaged"), "{}", reply.body);
    assert_eq!(managed.audited().await, 2, "the two tokens of this test");
}

/// A browser shows the page only if the listener takes everything that it sends.
#[tokio::test]
async fn huge_upload_is_read_to_its_end_and_gets_a_page() {
    let managed = managed().await;
    let browser = admin(&managed).await;
    let length = 9_000_000;
    let head = format!(
        "POST /ui/new-migration HTTP/1.1\r\nHost: localhost:8081\r\nOrigin: http://localhost:8081\r\n\
         Cookie: {}\r\nContent-Type: multipart/form-data; boundary=mark\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n",
        browser.cookie.clone().unwrap_or_default()
    );
    let mut stream = TcpStream::connect(managed.server.addr)
        .await
        .expect("it listens");
    let exchange = async {
        stream.write_all(head.as_bytes()).await.expect("taken");
        stream.write_all(&vec![b'x'; length]).await.expect("taken");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("answered");
        answer
    };
    let answer = timeout(PATIENCE, exchange).await.expect("in time");
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(
        answer.contains("<h1>") && answer.contains("longer than 1 MiB"),
        "{answer}"
    );
}

#[tokio::test]
async fn pasted_list_survives_a_lost_session_with_its_lines_but_for_keys() {
    let managed = managed().await;
    for (list, survives) in [(NO_KEYS, true), (KEYS, false)] {
        let mut browser = Browser::new(&managed);
        let body = format!(
            "--mark\r\nContent-Disposition: form-data; name=\"list\"\r\n\r\n{list}\r\n--mark--\r\n"
        );
        let lost = send_parts(&mut browser, "/ui/new-migration", &body).await;
        assert_eq!(lost.status, 403);
        assert!(!lost.body.contains("planted"), "{}", lost.body);
        let carry = |text: String| {
            text.replace('%', "%25")
                .replace('&', "%26")
                .replace('+', "%2B")
        };
        let form = format!(
            "token={}&kept-path=%2Fui%2Fnew-migration&kept-secrets={}&kept-fields={}",
            managed.admin.expose(),
            carry(hidden(&lost.body, "kept-secrets")),
            carry(hidden(&lost.body, "kept-fields")),
        );
        let resumed = browser.post("/ui/sign-in", &form).await;
        assert!(resumed.body.contains("<textarea"), "{}", resumed.body);
        assert_eq!(
            resumed.body.contains("Shop,A1B2C3,merchant\n&#60;b&#62;"),
            survives,
            "{}",
            resumed.body
        );
    }
    let mut browser = Browser::new(&managed);
    let long = format!("list={}", "x".repeat(100_000));
    let lost = browser.post("/ui/new-migration", &long).await;
    assert_eq!(lost.status, 403);
    assert!(lost.body.contains("too long to be kept"), "{}", lost.body);
}

#[tokio::test]
async fn migration_that_was_not_planned_is_not_begun() {
    let managed = managed().await;
    let mut browser = admin(&managed).await;
    let begun = browser.change("/ui/migration/apply", "plan=old").await;
    assert_eq!(
        (begun.status, begun.field("location")),
        (303, Some("/ui/new-migration"))
    );
    let form = browser.get("/ui/new-migration").await.body;
    assert!(form.contains("send it again"), "{form}");
    let plan = browser.get("/ui/migration/plan").await;
    assert_eq!(plan.field("location"), Some("/ui/new-migration"));
    let undone = browser.change("/ui/migration/undo", "confirm=x").await;
    assert_eq!(undone.field("location"), Some("/ui/migration"));
    let page = browser.get("/ui/migration").await.body;
    assert!(page.contains("there is no migration yet") && page.contains("Plan a migration"));
}

/// The head and the content of an answer that is no text.
async fn download(browser: &mut Browser<'_>, path: &str, fields: &str) -> (String, Vec<u8>) {
    let body = format!("csrf={}&{fields}", browser.csrf().await);
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost:8081\r\nOrigin: http://localhost:8081\r\nCookie: {}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        browser.cookie.clone().unwrap_or_default(),
        body.len()
    );
    let mut stream = TcpStream::connect(browser.managed.server.addr)
        .await
        .expect("it listens");
    stream.write_all(request.as_bytes()).await.expect("taken");
    let mut answer = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    read.expect("in time").expect("answered");
    let end = answer
        .windows(4)
        .position(|at| at == b"\r\n\r\n")
        .expect("a head");
    let content = answer.split_off(end + 4);
    (String::from_utf8(answer).expect("text"), content)
}

#[tokio::test]
async fn backup_is_downloaded_and_opens_with_the_passphrase() {
    let managed = managed().await;
    let mut browser = admin(&managed).await;
    let words = "a%20planted%20passphrase%20";
    let form = format!("passphrase={words}&passphrase_again={words}");
    let (head, content) = download(&mut browser, "/ui/backup", &form).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let head = head.to_lowercase();
    assert!(
        head.contains("attachment; filename=\"waybill-1970-01-01.wb\""),
        "{head}"
    );
    assert!(head.contains("cache-control: no-store"), "{head}");
    let protection = Protection::Passphrase(Secret::new("a planted passphrase ".to_owned()));
    inspect_backup(&mut content.as_slice(), &protection)
        .await
        .expect("it opens");

    for (form, words) in [
        (
            "passphrase=planted-words&passphrase_again=planted-word",
            "the two passphrases differ",
        ),
        ("passphrase=planted&passphrase_again=planted", "twelve"),
        ("recipient=nobody", "a recipient is"),
    ] {
        let reply = browser.change("/ui/backup", form).await;
        assert_eq!(reply.status, 400, "{form}");
        assert!(reply.body.contains(words), "{words}: {}", reply.body);
        assert!(!reply.body.contains("planted"), "{}", reply.body);
    }
    let page = browser.get("/ui/backup").await.body;
    assert!(
        page.contains("on demand") && page.contains("root"),
        "{page}"
    );
    let trail = browser.get("/ui/audit").await.body;
    assert!(
        trail.contains("store.backup") && !trail.contains("planted"),
        "{trail}"
    );
}

#[tokio::test]
async fn admin_token_is_shown_once_signs_in_and_is_removed() {
    let managed = managed().await;
    let mut browser = admin(&managed).await;
    let made = browser
        .change("/ui/admin-tokens", "name=ada&role=admin")
        .await;
    assert_eq!(made.status, 200, "{}", made.body);
    let (_, rest) = made.body.split_once("<dd><code>").expect("the token");
    let token = Secret::new(rest.split('<').next().expect("its end").to_owned());
    let page = browser.get("/ui/admin-tokens").await.body;
    assert!(
        page.contains("ada") && !page.contains(token.expose()),
        "{page}"
    );
    assert!(
        page.contains("not since this gateway started"),
        "nobody has used it yet"
    );
    let taken = browser
        .change("/ui/admin-tokens", "name=ada&role=admin")
        .await;
    assert_eq!(taken.status, 409);
    assert!(taken.body.contains("value=\"ada\""), "{}", taken.body);

    let mut ada = Browser::signed_in(&managed, &token).await;
    assert_eq!(ada.get("/ui").await.status, 200);
    // The three who have used a token: root, ada, and the viewer who has not.
    let page = browser.get("/ui/admin-tokens").await.body;
    assert_eq!(
        page.matches("not since this gateway started").count(),
        1,
        "{page}"
    );

    let path = "/ui/admin-tokens/ada/remove";
    browser.change(path, "confirm=Ada").await;
    assert!(
        browser
            .get("/ui/admin-tokens")
            .await
            .body
            .contains("nothing was removed")
    );
    browser.change(path, "confirm=ada").await;
    let page = browser.get("/ui/admin-tokens").await.body;
    assert!(page.contains("The admin token ada is removed"), "{page}");
    assert_eq!(ada.get("/ui").await.status, 303, "its session is over");
}

#[tokio::test]
async fn own_admin_token_is_not_removed_by_surprise_and_the_last_one_never() {
    let managed = managed().await;
    let mut browser = admin(&managed).await;
    let path = &format!("/ui/admin-tokens/{}/remove", "root");
    browser.change(path, "confirm=root").await;
    let page = browser.get("/ui/admin-tokens").await.body;
    assert!(page.contains("tick the box"), "{page}");
    browser.change(path, "confirm=root&own=on").await;
    let page = browser.get("/ui/admin-tokens").await.body;
    assert!(page.contains("the last admin token"), "{page}");
    browser
        .change("/ui/admin-tokens", "name=second&role=admin")
        .await;
    let gone = browser.change(path, "confirm=root&own=on").await;
    assert_eq!(gone.field("location"), Some("/ui"));
    assert_eq!(browser.get("/ui").await.status, 303, "signed out");
    // A token of the weaker role, unless the stronger one is asked for.
    let tokens = managed.control.admin_tokens().await.expect("a store");
    assert!(tokens.iter().all(|token| token.name != "root"));
}
