//! `waybill replicas`: the gateways that share the store.

use crate::{
    error::{CliError, CommandOutcome},
    remote::Session,
    terminal::{Output, clean, when, yes},
};
use gateway_api::ReplicaView;

pub(crate) fn run(session: &Session, output: &mut Output) -> Result<CommandOutcome, CliError> {
    let replicas = session.ask(session.client.replicas())?;
    if output.is_json() {
        output.json(&replicas)?;
        return Ok(CommandOutcome::Done);
    }
    let header = [
        "Name",
        "This one",
        "Live",
        "Heartbeat",
        "Version",
        "Since",
        "Usable accounts",
        "Renews",
    ];
    output.table(&header, replicas.iter().map(row).collect())?;
    Ok(CommandOutcome::Done)
}

fn row(replica: &ReplicaView) -> Vec<String> {
    vec![
        clean(&replica.name),
        yes(replica.this).to_owned(),
        yes(replica.live).to_owned(),
        format!("{} ms ago", replica.last_heartbeat_ms),
        clean(&replica.version),
        when(replica.started_at),
        replica.usable.to_string(),
        replica.renews.to_string(),
    ]
}
