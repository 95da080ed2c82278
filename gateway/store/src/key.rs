//! Where the master key comes from.

use crate::seal::{Keyring, MasterKey};
use crate::{KeyError, OpenError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gateway_model::{MasterKeySource, StoreOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use zeroize::Zeroizing;

/// How long a key command may take.
// Long enough for a password manager on the network, short enough for a start that hangs.
const COMMAND_DEADLINE: Duration = Duration::from_secs(10);
/// A key is 44 or 64 characters; more than this is not read.
const MAX_TEXT: u64 = 4096;

/// Reads the key. A missing file is created if `create`.
pub(crate) async fn read_key(
    source: &MasterKeySource,
    create: bool,
) -> Result<MasterKey, KeyError> {
    KeyReader(source).read(create).await
}

/// The keys of a store: the first seals, the others only open. A missing file of the first is made if
/// `create`.
pub(crate) async fn keyring(options: &StoreOptions, create: bool) -> Result<Keyring, OpenError> {
    let first = read_key(&options.master_key, create).await?;
    let mut others: Vec<MasterKey> = Vec::new();
    for source in &options.old_keys {
        others.push(read_key(source, false).await?);
    }
    Ok(Keyring::new(&first, &others)?)
}

/// The place that a key comes from, in words for people.
pub(crate) fn describe(source: &MasterKeySource) -> String {
    KeyReader(source).describe()
}

/// Whether there is a key, as far as that can be said without running a command.
pub(crate) fn is_there(source: &MasterKeySource) -> bool {
    match source {
        MasterKeySource::File(path) => path.exists(),
        MasterKeySource::Env(name) => std::env::var_os(name).is_some(),
        MasterKeySource::Command(_) => true,
        MasterKeySource::Ephemeral => false,
    }
}

struct KeyReader<'s>(&'s MasterKeySource);

impl KeyReader<'_> {
    /// Words for people.
    fn describe(&self) -> String {
        match self.0 {
            MasterKeySource::File(path) => name(path),
            MasterKeySource::Env(name) => format!("the environment variable {name}"),
            MasterKeySource::Command(words) => {
                format!("the command `{}`", words.first().map_or("", String::as_str))
            }
            MasterKeySource::Ephemeral => "memory".to_owned(),
        }
    }

    async fn read(&self, create: bool) -> Result<MasterKey, KeyError> {
        let text = match self.0 {
            MasterKeySource::Ephemeral => return fresh(),
            MasterKeySource::File(path) => {
                let found = read_file(path)?;
                match found {
                    Some(text) => text,
                    None if create => return create_file(path),
                    None => Err(self.missing("does not exist"))?,
                }
            }
            MasterKeySource::Env(name) => match std::env::var(name) {
                Ok(text) => Zeroizing::new(text),
                Err(_) => Err(self.missing("is not set"))?,
            },
            MasterKeySource::Command(words) => self.run(words).await?,
        };
        let key = parse(text.trim()).ok_or_else(|| KeyError::Malformed {
            from: self.describe(),
        })?;
        Ok(key)
    }

    fn missing(&self, why: impl Into<String>) -> KeyError {
        KeyError::Missing {
            from: self.describe(),
            why: why.into(),
        }
    }

    async fn run(&self, words: &[String]) -> Result<Zeroizing<String>, KeyError> {
        let Some((program, arguments)) = words.split_first() else {
            return Err(self.missing("is empty"));
        };
        let mut child = tokio::process::Command::new(program)
            .args(arguments)
            // No input: a command that asks for a passphrase must fail and not wait for ever.
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // Its own messages go to the log of the gateway, where the operator looks.
            .stderr(Stdio::inherit())
            // A command that is given up must not go on with the key in its hands.
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| self.missing(format!("does not start: {error}")))?;
        let output = child.stdout.take();
        let finish = async {
            // Large enough at once: growing would leave copies of the key in freed memory.
            let mut text = Zeroizing::new(String::with_capacity(256));
            if let Some(output) = output {
                // Limited: a command that prints without end must not fill the memory.
                let mut output = output.take(MAX_TEXT);
                output.read_to_string(&mut text).await?;
            }
            Ok::<_, std::io::Error>((child.wait().await?, text))
        };
        match tokio::time::timeout(COMMAND_DEADLINE, finish).await {
            Ok(Ok((status, text))) if status.success() => Ok(text),
            Ok(Ok((status, _))) => Err(self.missing(format!("failed: {status}"))),
            Ok(Err(error)) => Err(self.missing(format!("failed: {error}"))),
            Err(_) => Err(self.missing("did not finish within 10 seconds")),
        }
    }
}

fn fresh() -> Result<MasterKey, KeyError> {
    MasterKey::random().map_err(|error| KeyError::Unreadable {
        from: "a new one".to_owned(),
        why: format!("cannot be made: {error}"),
    })
}

fn unreadable(path: &Path, error: &std::io::Error) -> KeyError {
    KeyError::Unreadable {
        from: name(path),
        why: format!("cannot be used: {error}"),
    }
}

fn name(path: &Path) -> String {
    format!("the file {}", path.display())
}

fn read_file(path: &Path) -> Result<Option<Zeroizing<String>>, KeyError> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(path, &error)),
    };
    let from = name(path);
    let meta = file.metadata().map_err(|e| unreadable(path, &e))?;
    let mode = meta.permissions().mode() & 0o777;
    // A group may read it, because a mounted secret is often readable by one. Other users may not, and
    // no one but the owner may write.
    if mode & 0o027 != 0 {
        return Err(KeyError::Exposed { from, mode });
    }
    let mut text = Zeroizing::new(String::with_capacity(256));
    file.take(MAX_TEXT)
        .read_to_string(&mut text)
        .map_err(|_| KeyError::Malformed { from })?;
    Ok(Some(text))
}

/// Creates a key file that survives a crash: the file is synced, and its folder too.
fn create_file(path: &Path) -> Result<MasterKey, KeyError> {
    let key = fresh()?;
    let text = Zeroizing::new(STANDARD.encode(key.expose()));
    let write = || {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            // Never over an existing file: it could be the only copy of another store's key.
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        crate::file::sync_folder(path)
    };
    write().map_err(|error| unreadable(path, &error))?;
    Ok(key)
}

/// 32 bytes as base64 or hexadecimal digits.
pub(crate) fn parse(text: &str) -> Option<MasterKey> {
    // By the length: 64 characters are digits, 44 are base64, and neither can be the other.
    let bytes = if text.len() == 64 {
        let digits = (0..64).step_by(2);
        let bytes = digits.map(|at| {
            let pair = text.get(at..at + 2)?;
            u8::from_str_radix(pair, 16).ok()
        });
        bytes.collect::<Option<Vec<u8>>>()?
    } else {
        STANDARD.decode(text).ok()?
    };
    let bytes = Zeroizing::new(bytes);
    Some(MasterKey::new(bytes.as_slice().try_into().ok()?))
}
