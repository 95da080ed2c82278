//! The carrier itself in the gateway's place: whether one processor of it is enough behind one of the gateway.

use super::candidate::Candidate;
use crate::{
    options::Options,
    world::{Carrier, Mock, World},
};
use anyhow::Result;
use benches::client::Target;

pub(super) fn start(options: &Options, world: &World) -> Result<Candidate> {
    let (processors, folder) = (&world.plan.proxy, world.folder.path());
    let carrier = Carrier::of_the_form(
        options,
        "carrier-alone",
        processors,
        folder,
        &Mock::default(),
    )?;
    let bearer = format!("Bearer {}", carrier.token()?);
    Ok(Candidate {
        target: Target::plain(carrier.addr),
        ask: world.ask.clone().with("authorization", &bearer),
        server: carrier.into_server(),
        admin: None,
    })
}
