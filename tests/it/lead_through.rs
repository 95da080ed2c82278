//! `waybill migrate run` on a terminal: a person is led from one sign-in to the next.

use std::{fs, process::Command};
use tests::{MERCHANT, OTHER, Terminal, World, approve, command_line, local};

const STORE: &str = "[store]\nurl = \"sqlite://waybill.db\"\n";
const LIST: &str = "name,account_number,access_key,user_id,environment\n\
                    Web shop,A1B2C3,,,test\n\
                    Branch,D4E5F6,7C1D5A9E3B2F4860,merchant,test\n\
                    Depot,D4E5F6,,,test\n\
                    Outlet,X9Y8Z7,,,test\n";

async fn world() -> World {
    let world = World::builder().more(STORE).start().await;
    let callback = format!("http://{}/oauth/callback", world.gateway.admin);
    assert!(world.mock.add_redirect_uri("mock-client", callback));
    let list = world.gateway.process.folder().join("list.csv");
    fs::write(list, LIST).expect("the test owns the folder");
    world
}

fn migrate(world: &World) -> Terminal {
    let mut command: Command = command_line(&world.gateway.process.folder());
    command
        .env("TERM", "xterm")
        .env("NO_COLOR", "1")
        .env(
            "WAYBILL_ADMIN_URL",
            format!("http://{}", world.gateway.admin),
        )
        .args(["migrate", "run", "list.csv", "--client-id", "mock-client"]);
    Terminal::start(command)
}

/// Types the client's secret, which the terminal does not show.
async fn secret(terminal: &mut Terminal) {
    terminal.until("client secret: ").await;
    terminal.types("mock-secret\n").await;
}

/// Reads the invitation for an account and gives the address in it.
async fn invited(terminal: &mut Terminal, account: &str) -> String {
    let skipped = terminal.until(account).await;
    assert!(!skipped.contains("Sign in at the carrier"), "{skipped}");
    terminal.until("Sign in at the carrier").await;
    terminal.until("\r\n  ").await;
    let address = terminal.until("\r\n").await;
    terminal.until("letter by letter").await;
    address
}

/// The person at the browser signs in, and ends at the gateway's page.
async fn sign_in(world: &World, address: &str, user: (&str, &str)) {
    let redirected = approve(&world.mock, address, user).await;
    world.admin.get(&local(&redirected)).await;
}

/// One who signs in as somebody else is told so, and the others go on; who stops can go on later.
#[tokio::test]
async fn migration_leads_from_one_sign_in_to_the_next_and_goes_on_where_it_stopped() {
    let world = world().await;
    let branch = "Branch (D4E5F6), for Branch, Depot:";
    let outlet = "Outlet (X9Y8Z7), for Outlet:";
    // The first of the list has a login already, so nobody is asked for it.
    let mut terminal = migrate(&world);
    secret(&mut terminal).await;
    let address = invited(&mut terminal, branch).await;
    sign_in(&world, &address, OTHER).await;
    terminal
        .until("the sign-in for Branch failed (wrong_login)")
        .await;
    invited(&mut terminal, outlet).await;
    terminal.until("Ctrl-C stops waiting").await;
    terminal.types("\x03").await;
    terminal.until("can still be finished until").await;
    assert_eq!(terminal.ended().await.code(), Some(130));
    let seen = terminal.seen();
    assert!(!seen.contains("mock-secret"), "{seen}");

    let mut terminal = migrate(&world);
    secret(&mut terminal).await;
    for (account, user) in [(branch, MERCHANT), (outlet, OTHER)] {
        let address = invited(&mut terminal, account).await;
        sign_in(&world, &address, user).await;
        terminal.until("signed in, and proven by a call").await;
    }
    let ended = terminal.ended().await;
    assert_eq!(ended.code(), Some(0), "{}", terminal.seen());

    // Nobody is left to be asked.
    let mut terminal = migrate(&world);
    secret(&mut terminal).await;
    let ended = terminal.ended().await;
    let seen = terminal.seen();
    assert_eq!(ended.code(), Some(0), "{seen}");
    assert!(!seen.contains("Sign in at the carrier"), "{seen}");
    assert!(!seen.contains("needs consent"), "{seen}");
}

/// Nothing was asked for and nothing is done when the person leaves at the first question.
#[tokio::test]
async fn migration_that_is_left_at_the_first_question_changed_nothing() {
    let world = world().await;
    let mut terminal = migrate(&world);
    terminal.until("client secret: ").await;
    let ended = terminal.interrupted().await;
    assert!(!ended.success(), "{}", terminal.seen());
    let accounts = world.gateway.waybill("", &["account", "list"]).await;
    assert!(!accounts.stdout.contains("Branch"), "{}", accounts.stdout);
}
