//! What a page of the web interface costs: the gateway with 10,000 accounts, and each page in turns.

use super::process::{memory, processor_time};
use crate::{
    cargo::{self, Built, Profile},
    gateway_config, http, say,
    server::Server,
};
use ::http::{Request, Response};
use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use clap::Args;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use http_body_util::Full;
use serde_json::Value;
use std::{
    fmt::Write as _,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use tokio::time::sleep;

/// The most processor time of a page.
const LIMIT: Duration = Duration::from_millis(5);
/// Memory that the first page may add.
const FIRST_PAGE_KB: u64 = 4 * 1024;
/// Requests of apps that are there to be listed.
const REQUESTS: usize = 1_000;
/// Entries of the audit trail: more than the page of it searches at once.
const CHANGES: usize = 600;
/// A page is asked for in so many series, and the median counts.
const SERIES: usize = 5;
/// Every page with data of its own. A new page is one line.
const PAGES: &[&str] = &[
    "/ui/sign-in",
    "/ui",
    "/ui/accounts",
    "/ui/accounts?sort=token&page=60",
    "/ui/accounts?sort=name&q=0999",
    "/ui/accounts?sort=-token&q=ups+test+5",
    "/ui/accounts/account-05000",
    "/ui/apps",
    "/ui/apps?q=bench&sort=-used",
    "/ui/new-app",
    "/ui/requests",
    "/ui/requests?failed=true",
    "/ui/requests?q=nothing&sort=-time",
    "/ui/notices",
    "/ui/notices?q=account-05&sort=since",
    "/ui/notices?sort=account&page=1",
    "/ui/audit",
    "/ui/audit?q=nobody&sort=who",
    "/ui/session",
    "/ui/plugins",
    "/ui/plugins?sort=-state",
    "/ui/invitations",
    "/ui/migration",
    "/ui/new-migration",
    "/ui/backup",
    "/ui/admin-tokens",
    "/ui/configuration",
    "/ui/configuration?q=listen&sort=from",
    "/ui/doctor",
    "/ui/new-account",
    "/ui/accounts/account-05000/settings",
    "/ui/style.css",
    "/ui/live.js",
];

#[derive(Args)]
pub(super) struct Ui {
    /// The quick profile instead of the release profile.
    #[arg(long)]
    quick: bool,
    /// Accounts; one of a hundred is refused by the carrier.
    #[arg(long, default_value_t = 10_000)]
    accounts: usize,
    /// How often each page is asked for in a series.
    #[arg(long, default_value_t = 10)]
    asks: u32,
}

/// A page's costs.
struct Figure {
    page: &'static str,
    processor: Duration,
    bytes: usize,
}

impl Ui {
    pub(super) fn run(self) -> Result<()> {
        let profile = Profile::measured(self.quick);
        let built = cargo::build(profile)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let folder = tempfile::tempdir()?;
        runtime.block_on(async {
            let mut world = World::start(&built, folder.path(), self.accounts)?;
            world.settle(self.accounts).await?;
            world.sign_in().await?;
            let before = memory(&world.process)?;
            world.ask("/ui").await?;
            let first_page = memory(&world.process)?.saturating_sub(before);
            let mut figures = Vec::new();
            for page in PAGES {
                figures.push(world.measure(page, self.asks).await?);
            }
            report(&figures, first_page)
        })
    }
}

struct World {
    apps: SocketAddr,
    admin: SocketAddr,
    token: String,
    cookie: String,
    /// The gateway's folder in `/proc`.
    process: PathBuf,
    _gateway: Server,
    _mock: Server,
}

impl World {
    fn start(built: &Built, folder: &Path, accounts: usize) -> Result<Self> {
        say::step(format!("start a gateway with {accounts} accounts"));
        let any: SocketAddr = ([127, 0, 0, 1], 0).into();
        let mut mock = Server::start(
            Command::new(&built.mock_ups)
                .arg("--listen")
                .arg(any.to_string()),
        )?;
        let mock_addr = mock.address("listening on ")?;
        fs::create_dir(folder.join("plugins"))?;
        fs::copy(&built.ups_plugin, folder.join("plugins/ups.so"))
            .context("cannot install the plugin")?;
        let config = folder.join("waybill.toml");
        let store = "url = \"sqlite://waybill.db\"";
        gateway_config::write(&config, (any, any), mock_addr, store, &tables(accounts))?;
        let mut gateway = Server::start(
            Command::new(&built.waybill)
                .args(["serve", "--config"])
                .arg(&config)
                .current_dir(folder)
                .env("WAYBILL_LOG", "off"),
        )?;
        let (apps, admin) = (
            gateway.address("apps listening on ")?,
            gateway.address("admin listening on ")?,
        );
        let token = fs::read_to_string(folder.join("waybill-admin.token"))?;
        Ok(Self {
            apps,
            admin,
            token: token.trim().to_owned(),
            cookie: String::new(),
            process: PathBuf::from(format!("/proc/{}", gateway.id())),
            _gateway: gateway,
            _mock: mock,
        })
    }

    /// Waits until every account has its token, and makes requests that can be listed.
    async fn settle(&self, accounts: usize) -> Result<()> {
        say::step("wait for the tokens");
        loop {
            let request = Request::get("/api/v1/status")
                .header("host", self.admin.to_string())
                .header("authorization", format!("Bearer {}", self.token))
                .body(Full::default())?;
            let response = http::send(self.admin, request).await?;
            let status: Value = serde_json::from_slice(response.body())?;
            let usable = status["usable"].as_u64().unwrap_or_default();
            if usable >= u64::try_from(accounts - accounts / 100)? {
                break;
            }
            sleep(Duration::from_millis(500)).await;
        }
        self.fill_trail().await?;
        for _ in 0..REQUESTS {
            let request = Request::get("/api/rating/v2409/nothing")
                .header("host", self.apps.to_string())
                .body(Full::default())?;
            http::send(self.apps, request).await?;
        }
        Ok(())
    }

    /// Makes changes, which the audit trail has.
    async fn fill_trail(&self) -> Result<()> {
        let app = r#"{ "name": "bench", "accounts": ["account-00001"] }"#;
        self.change("POST", "/api/v1/apps", app).await?;
        for n in 1..CHANGES {
            let rate = format!(r#"{{ "rate": {{ "per_second": {n}, "burst": {n} }} }}"#);
            self.change("PATCH", "/api/v1/apps/bench", &rate).await?;
            // The listener takes a hundred requests a second of one token.
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    async fn change(&self, method: &str, path: &str, body: &str) -> Result<()> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.admin.to_string())
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body.to_owned())))?;
        let response = http::send(self.admin, request).await?;
        ensure!(
            response.status().is_success(),
            "{path} answered {}",
            response.status()
        );
        Ok(())
    }

    async fn sign_in(&mut self) -> Result<()> {
        let request = Request::post("/ui/sign-in")
            .header("host", self.admin.to_string())
            .header("origin", format!("http://{}", self.admin))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(format!("token={}", self.token))))?;
        let response = http::send(self.admin, request).await?;
        let cookie = response.headers().get("set-cookie");
        let cookie = cookie.context("the sign-in gave no cookie")?.to_str()?;
        let (pair, _) = cookie
            .split_once(';')
            .context("a cookie without attributes")?;
        pair.clone_into(&mut self.cookie);
        Ok(())
    }

    async fn ask(&self, page: &str) -> Result<Response<Bytes>> {
        let request = Request::get(page)
            .header("host", self.admin.to_string())
            .header("cookie", &self.cookie)
            .body(Full::default())?;
        let response = http::send(self.admin, request).await?;
        ensure!(
            response.status().is_success(),
            "{page} answered {}",
            response.status()
        );
        Ok(response)
    }

    /// The median of several series: what else the gateway does falls on one of them.
    async fn measure(&self, page: &'static str, asks: u32) -> Result<Figure> {
        let bytes = self.ask(page).await?.body().len();
        let mut series = Vec::new();
        for _ in 0..SERIES {
            let before = processor_time(&self.process)?;
            for _ in 0..asks {
                self.ask(page).await?;
            }
            series.push(processor_time(&self.process)?.saturating_sub(before) / asks);
            // The listener takes a hundred requests a second of one token.
            sleep(Duration::from_millis(20) * asks).await;
        }
        series.sort_unstable();
        Ok(Figure {
            page,
            processor: series.get(SERIES / 2).copied().unwrap_or_default(),
            bytes,
        })
    }
}

/// The accounts. All have one client, which may request all tokens at once; one of a hundred has a wrong
/// secret, and a client of its own for it.
fn tables(accounts: usize) -> String {
    let mut text = "[tokens]\nmint_budget = 10000\nmint_refill = \"1ms\"\n".to_owned();
    // Beside the one that the configuration has already.
    for n in 1..accounts {
        let (client, secret) = if n % 100 == 0 {
            (format!("unknown-{n}"), "wrong")
        } else {
            ("mock-client".to_owned(), "mock-secret")
        };
        // Writing to a `String` does not fail.
        let _ = write!(
            text,
            "[[account]]\nname = \"account-{n:05}\"\ncarrier = \"ups\"\nenvironment = \"test\"\n\
             account_number = \"{:06X}\"\nclient_id = \"{client}\"\n\
             client_secret = {{ value = \"{secret}\" }}\n",
            0xA0_0000 + n
        );
    }
    text
}

fn report(figures: &[Figure], first_page: u64) -> Result<()> {
    let milliseconds = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1000.0);
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_header(["page", "processor time", "bytes"]);
    for figure in figures {
        table.add_row([
            figure.page.to_owned(),
            milliseconds(figure.processor),
            figure.bytes.to_string(),
        ]);
    }
    say::line(table);
    say::line(format!("the first page added {first_page} KB of memory"));
    let over = (figures.iter()).filter(|it| it.processor > LIMIT);
    let over: Vec<&str> = over.map(|figure| figure.page).collect();
    ensure!(
        over.is_empty(),
        "above {}: {}",
        milliseconds(LIMIT),
        over.join(", ")
    );
    ensure!(
        first_page <= FIRST_PAGE_KB,
        "the first page adds more than {FIRST_PAGE_KB} KB of memory"
    );
    Ok(())
}
