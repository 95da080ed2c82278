//! A plugin's `tracing` events, forwarded to the gateway's log.
//!
//! A library has a `tracing` of its own: without this bridge its events would vanish.

use crate::services::Services;
use std::{
    fmt::{self, Write},
    sync::atomic::{AtomicU64, Ordering},
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// Longer lines are cut: a log line is no place for a body.
const MAX_LINE: usize = 2_048;

/// Forwards events; spans are accepted and not shown.
pub(crate) struct Bridge<S> {
    services: S,
    last_span: AtomicU64,
}

impl<S: Services> Bridge<S> {
    pub(crate) const fn new(services: S) -> Self {
        Self {
            services,
            last_span: AtomicU64::new(0),
        }
    }
}

impl<S: Services + 'static> Subscriber for Bridge<S> {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _span: &span::Attributes<'_>) -> span::Id {
        let id = self
            .last_span
            .fetch_add(1, Ordering::Relaxed)
            .wrapping_add(1);
        span::Id::from_u64(id.max(1))
    }

    fn record(&self, _span: &span::Id, _values: &span::Record<'_>) {}

    fn record_follows_from(&self, _span: &span::Id, _follows: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut line = Line(format!("{}:", metadata.target()));
        event.record(&mut line);
        self.services
            .log(level(*metadata.level()), cut(&line.0, MAX_LINE));
    }

    fn enter(&self, _span: &span::Id) {}

    fn exit(&self, _span: &span::Id) {}
}

fn level(level: Level) -> u32 {
    if level == Level::ERROR {
        1
    } else if level == Level::WARN {
        2
    } else if level == Level::INFO {
        3
    } else if level == Level::DEBUG {
        4
    } else {
        5
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing into a String fails only if the value's own Debug does; the line is kept as is.
        let _ = if field.name() == "message" {
            write!(self.0, " {value:?}")
        } else {
            write!(self.0, " {}={value:?}", field.name())
        };
    }
}

/// At most `max` bytes, on a character's edge.
pub(crate) fn cut(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}
