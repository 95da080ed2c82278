//! A program on a terminal, as a person sees it.

use crate::{soon, wait::PATIENCE};
use std::{
    fmt,
    process::{Command, ExitStatus},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::Child,
    time::timeout,
};

/// Until a key is pressed once more.
const AGAIN: Duration = Duration::from_millis(200);

/// A program on a pseudo terminal; dropping it kills it.
#[must_use = "the program ends when this is dropped"]
pub struct Terminal {
    child: Child,
    pty: pty_process::Pty,
    seen: String,
    /// What was waited for already ends here.
    read: usize,
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Terminal({:?})", self.seen)
    }
}

impl Terminal {
    /// Starts a command; the terminal is its standard streams and controls it.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(command: Command) -> Self {
        let (pty, pts) = pty_process::open().expect("a pseudo terminal");
        let size = pty_process::Size::new(50, 400);
        pty.resize(size).expect("a terminal has a size");
        let command = tokio::process::Command::from(command);
        let command = pty_process::Command::from(command).kill_on_drop(true);
        Self {
            child: command.spawn(pts).expect("the program starts"),
            pty,
            seen: String::new(),
            read: 0,
        }
    }

    /// Everything on the screen so far, and what a person typed if it was shown.
    pub fn seen(&self) -> &str {
        &self.seen
    }

    /// Waits until the text appears after what was waited for before; gives what came before it.
    ///
    /// # Panics
    /// When it does not.
    pub async fn until(&mut self, text: &str) -> String {
        let found = timeout(PATIENCE, self.find(text)).await.ok().flatten();
        assert!(found.is_some(), "never: {text:?} in\n{}", self.seen);
        found.unwrap_or_default()
    }

    /// `None`: the program ended without it.
    async fn find(&mut self, text: &str) -> Option<String> {
        loop {
            let new = &self.seen[self.read..];
            if let Some(at) = new.find(text) {
                let before = new[..at].to_owned();
                self.read += at + text.len();
                return Some(before);
            }
            if !self.more().await {
                return None;
            }
        }
    }

    /// Types the text; `\x03` is Ctrl-C.
    ///
    /// # Panics
    /// When the program has gone.
    pub async fn types(&mut self, text: &str) {
        let typed = self.pty.write_all(text.as_bytes());
        soon("the terminal", typed).await.expect("it reads");
    }

    /// Waits for the program's end.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn ended(&mut self) -> ExitStatus {
        soon("the end of what it writes", self.rest()).await;
        self.exit().await
    }

    /// Types Ctrl-C until the program ends. The first may come before a prompt reads: then the terminal
    /// turns it into a signal, which a program ignores whose shell started it in the background.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn interrupted(&mut self) -> ExitStatus {
        soon("the end of what it writes", async {
            let mut ended = false;
            while !ended {
                // It has gone if it takes no more.
                let _ = self.pty.write_all(b"\x03").await;
                ended = timeout(AGAIN, self.rest()).await.is_ok();
            }
        })
        .await;
        self.exit().await
    }

    async fn exit(&mut self) -> ExitStatus {
        let ended = soon("its end", self.child.wait()).await;
        ended.expect("a child of this process")
    }

    async fn rest(&mut self) {
        while self.more().await {}
    }

    /// Whether there was more to read.
    async fn more(&mut self) -> bool {
        let mut bytes = [0; 4096];
        // After the end a terminal answers with an error.
        let length = self.pty.read(&mut bytes).await.unwrap_or(0);
        self.seen
            .push_str(&String::from_utf8_lossy(&bytes[..length]));
        length > 0
    }
}
