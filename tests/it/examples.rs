//! The examples run, as their readers would run them.

use std::process::Command;
use tests::{Done, World, examples, programs, root, run_command, skipped};

async fn run_against(world: &World, mut command: Command) -> Done {
    command.env("WAYBILL_URL", format!("http://{}", world.gateway.apps));
    run_command(command).await
}

#[track_caller]
fn assert_success(name: &str, done: &Done) {
    let Done {
        code,
        stdout,
        stderr,
    } = done;
    assert_eq!(*code, Some(0), "{name}:\n{stdout}{stderr}");
}

#[tokio::test]
async fn quickstart_prints_prices_and_the_account() {
    let world = World::start().await;
    let done = run_against(&world, Command::new(examples().join("quickstart"))).await;
    assert_success("quickstart", &done);
    assert!(done.stdout.contains("service 03: "), "{}", done.stdout);
    assert!(
        done.stdout.contains("served by account main"),
        "{}",
        done.stdout
    );
}

#[tokio::test]
async fn examples_with_their_own_world_succeed() {
    for name in ["mock-only", "embedded-gateway"] {
        let mut command = Command::new(examples().join(name));
        command.env("WAYBILL_UPS_PLUGIN", &programs().ups_plugin);
        let done = run_command(command).await;
        assert_success(name, &done);
        assert_ne!(done.stdout, "");
    }
}

#[tokio::test]
async fn quickstarts_of_other_languages_get_rates() {
    let world = World::start().await;
    let folder = root().join("examples/quickstart");
    for (program, script) in [
        ("sh", "quickstart.sh"),
        ("python3", "quickstart.py"),
        ("node", "quickstart.mjs"),
    ] {
        let present = Command::new(program).arg("-c").arg("").output().is_ok();
        if !present {
            skipped(script, &format!("there is no {program}"));
            continue;
        }
        let mut command = Command::new(program);
        command.arg(folder.join(script));
        let done = run_against(&world, command).await;
        assert_success(script, &done);
        let has_rates = ["RatedShipment", "service 03: "]
            .iter()
            .any(|text| done.stdout.contains(text));
        assert!(has_rates, "{script}: {}", done.stdout);
    }
}
