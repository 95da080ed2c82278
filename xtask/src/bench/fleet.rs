//! `cargo xtask bench fleet`: one renewal for each due time, however many gateways there are; how long a new token takes to
//! another one; what an idle fleet asks of its database; how long the accounts of a killed gateway wait.

use crate::{
    cargo::{self, Profile},
    demo::rates,
    fleet::{Fleet, Member, Setup},
    http, say,
};
use ::http::{Method, Request};
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use http_body_util::Full;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// How long the carrier lets a token live.
const LIFETIME: u64 = 60;
/// How long it lets the first tokens live: until all gateways have them, even if each of these has little of a processor.
const FIRST_LIFETIME: u64 = 180;
/// The latest time of an ordinary renewal: a lease and a heartbeat, 20 s, before a token is no longer used, which
/// is 5 s before its end.
const LATEST: Duration = Duration::from_secs(LIFETIME - 5 - 20);
/// Two requests for one account within this time are one too many: renewals are spread over a fifth of that time.
const TWICE: i64 = 25_000;
/// Statements of a gateway in a second, while nothing is renewed.
const IDLE_STATEMENTS: f64 = 2.0;
/// Tokens whose way to the other gateways is timed.
const TOKENS: usize = 300;
/// How long the idle fleet is watched.
const IDLE: Duration = Duration::from_secs(30);

#[derive(Args)]
pub(super) struct FleetBench {
    /// The quick profile instead of the release profile.
    #[arg(long)]
    quick: bool,
    /// How many gateways.
    #[arg(long, default_value_t = 8)]
    replicas: usize,
    /// How many accounts.
    #[arg(long, default_value_t = 10_000)]
    accounts: usize,
    /// For how many seconds tokens of a minute are renewed.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
}

impl FleetBench {
    pub(super) fn run(self) -> Result<()> {
        let profile = Profile::measured(self.quick);
        let built = cargo::build(profile)?;
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("mock.toml");
        fs::write(&data, clients(self.accounts))?;
        let requests = self.accounts * (usize::try_from(self.seconds / LIFETIME)? + 6) * 2;
        let mock = [
            "127.0.0.1:0",
            "--data",
            &data.display().to_string(),
            "--access-token-lifetime",
            &format!("{FIRST_LIFETIME}s"),
            "--journal",
            &requests.to_string(),
        ];
        let setup = Setup {
            built: &built,
            folder: folder.path(),
            lease: "15s",
            mock: mock.map(str::to_owned).to_vec(),
            tables: accounts(self.accounts),
        };
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut fleet = Fleet::start(&setup, &vec![(free, free); self.replicas])?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(self.measure(&mut fleet))
    }

    async fn measure(&self, fleet: &mut Fleet) -> Result<()> {
        let mut table = Table::new();
        table
            .load_style(UTF8_FULL_CONDENSED)
            .set_header(["what", "measured", "aim"]);
        let measured = self.rows(fleet, &mut table).await;
        // Also after an error: what was measured took a quarter of an hour.
        say::line(table);
        measured
    }

    async fn rows(&self, fleet: &mut Fleet, table: &mut Table) -> Result<()> {
        let first = self.warm_up(fleet).await?;
        table.add_row([
            "until all gateways had all first tokens",
            &format!("{:.1} s", first.as_secs_f64()),
            "",
        ]);
        say::step(format!(
            "{} accounts with tokens of {LIFETIME} s at {} gateways, for {} s",
            self.accounts, self.replicas, self.seconds
        ));
        let mut renewals = Renewals::default();
        renewals.read(fleet.mock).await?;
        renewals.times.clear();
        let failed = serve(fleet, Duration::from_secs(self.seconds)).await;
        renewals.read(fleet.mock).await?;
        let (twice, made) = (renewals.twice(), renewals.times.len());
        table.add_row(["token requests", &renewals.total().to_string(), ""]);
        table.add_row(["accounts that made any", &made.to_string(), ""]);
        table.add_row([
            "requests of an account within 25 s",
            &twice.to_string(),
            "0",
        ]);
        table.add_row(["requests of apps that failed", &failed.to_string(), "0"]);

        self.latencies(fleet, table).await?;

        say::step("kill the gateway that renews most");
        let (killed, failed) = self.kill(fleet, &mut renewals).await?;
        let seconds = format!("{:.1} s", killed.as_secs_f64());
        table.add_row([
            "until its accounts are renewed elsewhere",
            &seconds,
            "15 s, the lease",
        ]);
        table.add_row([
            "requests of apps that failed meanwhile",
            &failed.to_string(),
            "0",
        ]);

        say::step("tokens of a day, and nobody asks for anything");
        let idle = self.idle(fleet).await?;
        let aim = format!("{IDLE_STATEMENTS}");
        table.add_row([
            "statements a second for each gateway, idle",
            &format!("{idle:.2}"),
            &aim,
        ]);
        ensure!(twice == 0, "an account was renewed twice");
        ensure!(made == self.accounts, "some accounts were never renewed");
        ensure!(
            idle <= IDLE_STATEMENTS,
            "the idle fleet asks too much of its database"
        );
        Ok(())
    }

    /// Waits until every gateway has all first tokens, and then until none of these is left. Returns how long the first
    /// wait took.
    async fn warm_up(&self, fleet: &Fleet) -> Result<Duration> {
        say::step(format!("the first tokens of {} accounts", self.accounts));
        let first = self.first_tokens(fleet).await?;
        set_lifetime(fleet, LIFETIME).await?;
        let left = Duration::from_secs(FIRST_LIFETIME).saturating_sub(first);
        serve(fleet, left).await;
        Ok(first)
    }

    /// Waits until every gateway has a token for every account.
    async fn first_tokens(&self, fleet: &Fleet) -> Result<Duration> {
        let begun = now();
        let first = fleet.members.first().context("there are gateways")?;
        loop {
            let replicas = first.call(Method::GET, "replicas").await?;
            let mut usable = replicas.as_array().into_iter().flatten();
            let has_all = |replica: &Value| replica["usable"].as_u64() > Some(self.accounts as u64);
            // The demo's own account comes on top.
            if usable.all(has_all) {
                return Ok(begun.elapsed());
            }
            ensure!(
                begun.elapsed() < Duration::from_secs(FIRST_LIFETIME / 2),
                "the first tokens took too long: {replicas}"
            );
            sleep(Duration::from_millis(500)).await;
        }
    }

    async fn latencies(&self, fleet: &Fleet, table: &mut Table) -> Result<()> {
        say::step("a new token reaches the others");
        let bare = bare_notify(fleet)?;
        let (latency, asking) = self.latency(fleet).await?;
        let aim = bare * 10;
        table.add_row([
            "until a new token is at another gateway, p99",
            &millis(latency),
            &format!("{}: ten times a bare NOTIFY, p99", millis(aim)),
        ]);
        table.add_row(["of that, asking that gateway, p99", &millis(asking), ""]);
        Ok(())
    }

    /// The time from the answer to a renewal at one gateway until another one has the token, and the time that asking
    /// it takes; the 99th percentiles. Each pair of gateways has its turn: eight that are asked at once would wait for each
    /// other.
    async fn latency(&self, fleet: &Fleet) -> Result<(Duration, Duration)> {
        let (mut times, mut asking) = (Vec::with_capacity(TOKENS), Vec::with_capacity(TOKENS));
        for index in 0..TOKENS.min(self.accounts) {
            let count = fleet.members.len();
            let (at, round) = (index % count, index / count);
            let other = &fleet.members[(at + 1 + round % (count - 1).max(1)) % count];
            let path = format!("accounts/{}/token", client_id(index));
            let renew = format!("{path}/renew");
            let renewed = fleet.members[at].call(Method::POST, &renew).await?;
            let token = renewed["fingerprint"].clone();
            ensure!(token.is_string(), "a renewal names its token");
            let (time, calls) = until_it_has(other, &path, &token).await?;
            times.push(time);
            asking.push(until_it_has(other, &path, &token).await?.0);
            // The admin API answers a hundred calls a second for long: these, the renewal, and the second asking.
            sleep(Duration::from_millis(10) * (calls + 3)).await;
        }
        Ok((p99(times)?, p99(asking)?))
    }

    /// Kills the gateway that renews most, and waits until every account has been renewed by another one. The time
    /// that is over is from the first moment at which one of its accounts was due.
    async fn kill(&self, fleet: &mut Fleet, renewals: &mut Renewals) -> Result<(Duration, usize)> {
        let first = fleet.members.first().context("there are gateways")?;
        let replicas = first.call(Method::GET, "replicas").await?;
        let most = replicas.as_array().into_iter().flatten();
        let most = most.max_by_key(|replica| replica["renews"].as_u64());
        let name = most
            .and_then(|most| most["name"].as_str())
            .context("a gateway")?;
        let at = fleet.members.iter().position(|member| member.name == name);
        drop(fleet.members.remove(at.context("it is one of ours")?));
        renewals.read(fleet.mock).await?;
        let before = renewals.clone();
        // Every account is due within a token's life, and then its renewal may wait for the lease.
        let failed = serve(fleet, Duration::from_secs(LIFETIME + 20)).await;
        renewals.read(fleet.mock).await?;
        let gap = renewals.longest_gap_since(&before);
        Ok((gap.saturating_sub(LATEST), failed))
    }

    /// Statements of each gateway in a second.
    async fn idle(&self, fleet: &Fleet) -> Result<f64> {
        set_lifetime(fleet, 24 * 3_600).await?;
        // Until every token is one of a day.
        serve(fleet, Duration::from_secs(LIFETIME + 20)).await;
        fleet
            .postgres
            .query("ALTER SYSTEM SET log_statement = 'all'")?;
        fleet.postgres.query("SELECT pg_reload_conf()")?;
        sleep(Duration::from_secs(1)).await;
        let before = statements(&fleet.postgres.log()?);
        sleep(IDLE).await;
        let after = statements(&fleet.postgres.log()?);
        let gateways = fleet.members.len().max(1) as f64;
        Ok(after.saturating_sub(before) as f64 / IDLE.as_secs_f64() / gateways)
    }
}

/// Asks a gateway until it has that token; the time, and how often it was asked.
async fn until_it_has(member: &Member, path: &str, token: &Value) -> Result<(Duration, u32)> {
    let (since, mut calls) = (now(), 1);
    while member.call(Method::GET, path).await?["fingerprint"] != *token {
        let waited = since.elapsed();
        ensure!(waited < Duration::from_secs(30), "the token is not there");
        // A sixteenth of the time is exact enough, and stays below the 200 calls that the admin API answers at once.
        sleep(waited / 16).await;
        calls += 1;
    }
    Ok((since.elapsed(), calls))
}

/// The 99th percentile of what a session waits that listens to its own message.
fn bare_notify(fleet: &Fleet) -> Result<Duration> {
    let script = format!(
        "LISTEN bare;\n\\timing on\n{}",
        "NOTIFY bare;\n".repeat(1_000)
    );
    let printed = fleet.postgres.script(&script)?;
    let times = printed.lines().filter_map(|line| {
        let millis = line.strip_prefix("Time: ")?.split(' ').next()?;
        Some(Duration::from_secs_f64(millis.parse::<f64>().ok()? / 1e3))
    });
    p99(times.collect())
}

fn p99(mut times: Vec<Duration>) -> Result<Duration> {
    times.sort_unstable();
    let at = (times.len() * 99).div_ceil(100).saturating_sub(1);
    times.get(at).copied().context("nothing was measured")
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

/// Sets for how many seconds the carrier lets further tokens live.
async fn set_lifetime(fleet: &Fleet, lifetime: u64) -> Result<()> {
    let settings = serde_json::json!({ "access_token_lifetime": lifetime }).to_string();
    let request = Request::patch("/__mock/settings").header("content-type", "application/json");
    let request = request.body(Full::new(settings.into()))?;
    let changed = http::send(fleet.mock, request).await?;
    ensure!(
        changed.status().is_success(),
        "the mock: {}",
        String::from_utf8_lossy(changed.body())
    );
    Ok(())
}

/// Has apps ask for rates at every gateway for this long, and counts what failed.
async fn serve(fleet: &Fleet, time: Duration) -> usize {
    let end = now() + time;
    let mut failed = 0;
    while now() < end {
        for member in &fleet.members {
            let answer = member.send(rates::PATH, rates::request()).await;
            if let Err(error) = answer {
                failed += 1;
                say::line(format!("{error:#}"));
            }
        }
        sleep(Duration::from_millis(200)).await;
    }
    failed
}

/// Token requests, as the carrier saw them.
#[derive(Clone, Default)]
struct Renewals {
    /// The number of the newest one that was read.
    newest: u64,
    /// By account, in milliseconds since 1970.
    times: BTreeMap<String, Vec<i64>>,
}

impl Renewals {
    /// Reads what is new in the mock's journal.
    async fn read(&mut self, mock: SocketAddr) -> Result<()> {
        let path = format!(
            "/__mock/journal?endpoint=token&limit={}&after={}",
            u32::MAX,
            self.newest
        );
        let answer = http::send(mock, Request::get(path).body(Full::default())?).await?;
        let journal: Value = serde_json::from_slice(answer.body()).context("the journal")?;
        ensure!(journal["lost"] == 0, "the mock's journal was too small");
        let entries = journal["entries"].as_array();
        for entry in entries.context("the journal has no entries")? {
            self.newest = self.newest.max(entry["seq"].as_u64().unwrap_or(0));
            let client = entry["client_id"].as_str().unwrap_or_default();
            // The mock's own account is not one of those that are counted.
            if client != "mock-client" {
                let at = entry["at"].as_str().context("an entry has its time")?;
                let at: jiff::Timestamp = at.parse()?;
                let times = self.times.entry(client.to_owned()).or_default();
                times.push(at.as_millisecond());
            }
        }
        for times in self.times.values_mut() {
            times.sort_unstable();
        }
        Ok(())
    }

    fn total(&self) -> usize {
        self.times.values().map(Vec::len).sum()
    }

    /// Requests that came too soon after another one for the same account.
    fn twice(&self) -> usize {
        let gaps = self.times.values().flat_map(|times| times.windows(2));
        gaps.filter(|pair| pair[1] - pair[0] < TWICE).count()
    }

    /// The longest time between two requests of an account of which the second is new.
    fn longest_gap_since(&self, before: &Self) -> Duration {
        let gaps = self.times.iter().flat_map(|(client, times)| {
            let known = before.times.get(client).map_or(0, Vec::len);
            times
                .windows(2)
                .skip(known.saturating_sub(1))
                .map(|pair| pair[1] - pair[0])
        });
        Duration::from_millis(gaps.max().and_then(|gap| gap.try_into().ok()).unwrap_or(0))
    }
}

/// How many statements a server's log has.
fn statements(log: &str) -> usize {
    let is_one = |line: &&str| line.contains("LOG:  statement:") || line.contains("LOG:  execute ");
    log.lines().filter(is_one).count()
}

fn client_id(at: usize) -> String {
    format!("client-{at:05}")
}

/// The mock's data: one merchant, and a client for each account.
fn clients(count: usize) -> String {
    let mut text = "[[user]]\nname = \"merchant\"\npassword = \"parcel-1\"\n\
                    [[user.account]]\nnumber = \"A1B2C3\"\nnegotiated_rates = true\n"
        .to_owned();
    for id in ["mock-client".to_owned()]
        .into_iter()
        .chain((0..count).map(client_id))
    {
        // A string takes text.
        let _ = write!(
            text,
            "[[app]]\nclient_id = \"{id}\"\nclient_secret = \"mock-secret\"\nname = \"Fleet\"\n\
             owner = \"merchant\"\n"
        );
    }
    text
}

/// The same accounts in a gateway's configuration.
fn accounts(count: usize) -> String {
    let mut text = String::new();
    for id in (0..count).map(client_id) {
        let _ = write!(
            text,
            "[[account]]\nname = \"{id}\"\ncarrier = \"ups\"\nenvironment = \"test\"\nclient_id = \"{id}\"\n\
             client_secret = {{ value = \"mock-secret\" }}\n"
        );
    }
    text
}

#[expect(clippy::disallowed_methods, reason = "a measurement takes real time")]
fn now() -> Instant {
    Instant::now()
}
