//! One received request and how it was answered.

use std::fmt;
use std::sync::Arc;

use crate::api::Environment;
use crate::clock;
use crate::lint::{Findings, Rule};

use super::{BODY_KEPT, Exchange, mask};

/// One received request and how it was answered. It holds no secret: credentials, tokens, codes and
/// passwords were left out when it was made.
#[derive(Debug, Clone)]
pub struct JournalEntry {
    /// Counts requests from 1.
    pub seq: u64,
    /// When, by the mock's clock, in milliseconds since 1970.
    pub at_ms: i64,
    /// The environment that was called.
    pub environment: Environment,
    /// The method.
    pub method: http::Method,
    /// Path and query.
    pub target: String,
    /// The header fields, one `name: value` per line.
    pub head: String,
    /// The body's first 4 KiB.
    pub body: String,
    /// The length of the whole body.
    pub body_bytes: u64,
    /// The oauth client; empty if the request named none.
    pub client: String,
    /// The serial of the access token that was used or minted; 0 for none.
    pub token: u64,
    /// Whether this request minted that token.
    pub minted: bool,
    /// The answer's status; 0 if there was none (a fault reset the connection).
    pub status: u16,
    /// UPS's error code; empty for none.
    pub code: String,
    /// The answer's body, its first 4 KiB.
    pub answer: String,
    /// The length of the answer's body.
    pub answer_bytes: u64,
    /// Why, where UPS's answer does not say it.
    pub note: Option<&'static str>,
    /// What the lint found.
    pub findings: Findings,
    /// The fault that was played.
    pub fault: Option<Arc<str>>,
    raw_head: Vec<u8>,
    raw_body: Vec<u8>,
    raw_answer: Vec<u8>,
}

impl Default for JournalEntry {
    fn default() -> Self {
        Self {
            seq: 0,
            at_ms: 0,
            environment: Environment::Cie,
            method: http::Method::GET,
            target: String::new(),
            head: String::new(),
            body: String::new(),
            body_bytes: 0,
            client: String::new(),
            token: 0,
            minted: false,
            status: 0,
            code: String::new(),
            answer: String::new(),
            answer_bytes: 0,
            note: None,
            findings: Findings::default(),
            fault: None,
            raw_head: Vec::new(),
            raw_body: Vec::new(),
            raw_answer: Vec::new(),
        }
    }
}

impl JournalEntry {
    /// Overwrites the entry, keeping its buffers.
    pub(super) fn fill(&mut self, seq: u64, exchange: &Exchange<'_>) {
        self.seq = seq;
        self.at_ms = exchange.at_ms;
        self.environment = exchange.environment;
        self.method.clone_from(exchange.method);
        self.target.clear();
        self.target.push_str(exchange.path);
        if let Some(query) = exchange.query {
            self.target.push('?');
            // Masked while it is copied: a secret never is in the journal.
            mask::push_form(&mut self.target, query);
        }
        self.raw_head.clear();
        mask::push_head(&mut self.raw_head, exchange.headers, exchange.facts.token);
        self.body.clear();
        self.raw_body.clear();
        if mask::holds_form_secrets(exchange.path) {
            // A form may hold anything, so it is read leniently.
            let text = String::from_utf8_lossy(exchange.body);
            let mut masked = String::new();
            mask::push_form(&mut masked, &text);
            // Masked before it is cut: a cut in the middle of a secret would leave half of it.
            self.raw_body.extend(masked.bytes().take(BODY_KEPT));
        } else {
            self.raw_body
                .extend_from_slice(&exchange.body[..exchange.body.len().min(BODY_KEPT)]);
        }
        self.body_bytes = exchange.body.len() as u64;
        self.client.clear();
        self.client.push_str(exchange.client.unwrap_or_default());
        self.token = exchange.facts.token;
        self.minted = exchange.facts.minted;
        self.status = exchange.status;
        self.code.clear();
        self.code.push_str(exchange.code.unwrap_or_default());
        self.answer.clear();
        self.raw_answer.clear();
        let answer = exchange.answer;
        // The login page and its forms hold tickets; only JSON can be masked.
        if !mask::holds_form_secrets(exchange.path) || answer.starts_with(b"{") {
            self.raw_answer
                .extend_from_slice(&answer[..answer.len().min(BODY_KEPT)]);
        }
        self.answer_bytes = answer.len() as u64;
        self.note = exchange.facts.note;
        self.findings = exchange.facts.findings;
        self.fault.clone_from(&exchange.facts.fault);
    }

    /// Turns the raw parts of a copy into text without secrets.
    pub(super) fn finish_copy(&mut self) {
        let raw = std::mem::take(&mut self.raw_head);
        self.head = String::from_utf8_lossy(&raw).into_owned();
        let raw = std::mem::take(&mut self.raw_body);
        // JSON is masked only when it is read, as most entries never are.
        self.body = mask::json_text(&String::from_utf8_lossy(&raw));
        let raw = std::mem::take(&mut self.raw_answer);
        self.answer = mask::json_text(&String::from_utf8_lossy(&raw));
    }

    /// The path without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The entry for the control API.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "seq": self.seq,
            "at": clock::timestamp(self.at_ms).to_string(),
            "environment": self.environment.name(),
            "method": self.method.as_str(),
            "target": self.target,
            "headers": self.head.lines().collect::<Vec<_>>(),
            "body": self.body,
            "body_bytes": self.body_bytes,
            "client_id": self.client,
            "token": self.token,
            "minted": self.minted,
            "status": self.status,
            "code": self.code,
            "answer": self.answer,
            "answer_bytes": self.answer_bytes,
            "note": self.note,
            "findings": self.findings.to_json(),
            "fault": self.fault.as_deref(),
        })
    }
}

impl JournalEntry {
    /// The entry on one line, without its number.
    pub(crate) fn line(&self) -> impl fmt::Display + '_ {
        fmt::from_fn(|f| self.write_line(f))
    }

    fn write_line(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {}",
            self.environment.name(),
            self.method,
            self.target
        )?;
        if !self.client.is_empty() {
            write!(f, " client={}", self.client)?;
        }
        match (self.token, self.minted) {
            (0, _) => {}
            (serial, true) => write!(f, " minted=token#{serial}")?,
            (serial, false) => write!(f, " bearer=token#{serial}")?,
        }
        write!(f, " -> {}", self.status)?;
        if !self.code.is_empty() {
            write!(f, " {}", self.code)?;
        }
        if let Some(fault) = &self.fault {
            write!(f, " fault={fault}")?;
        }
        if !self.findings.is_empty() {
            let rules: Vec<_> = self.findings.iter().map(Rule::name).collect();
            write!(f, " lint={}", rules.join(","))?;
        }
        if let Some(note) = self.note {
            write!(f, " ({note})")?;
        }
        Ok(())
    }
}

impl fmt::Display for JournalEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {}", self.seq, self.line())
    }
}
