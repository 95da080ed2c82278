//! The format of the file: a header in clear, then sealed chunks. Numbers are big-endian.
//!
//! * The header is `magic (7) | version (1) | protection (1) | memory (4) | passes (4) | salt (16)`.
//! * A backup for a recipient has a public key (32) behind the header. The chunks' key depends on it.
//! * A chunk is `last (1) | length (4) | ciphertext and tag`. Its nonce is its number, and its associated
//!   data is the header and `last`.
//!
//! So the file does not open if a chunk is missing, moved or cut, or if the file ends before its last
//! chunk.

use super::error::{BackupError, damaged};
use super::protection::{self, BY_RECIPIENT, Derivation};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use gateway_model::Protection;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use zeroize::Zeroizing;

/// The version of the format that this program writes, and the newest that it reads.
pub(super) const VERSION: u8 = 1;

const MAGIC: &[u8; 7] = b"WAYBILL";
const HEADER: usize = 7 + 1 + 1 + 4 + 4 + 16;
// One chunk is all that is in memory in clear beside the records.
const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;
/// The maximum size of the content. No real store comes near it, and a file without an end must not fill
/// the memory.
const MAX_CLEAR: usize = 1 << 30;

struct Chunks {
    key: LessSafeKey,
    header: [u8; HEADER],
    number: u64,
}

impl Chunks {
    fn new(key: &[u8; 32], header: [u8; HEADER]) -> Result<Self, BackupError> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| damaged("its key is no key"))?;
        Ok(Self {
            key: LessSafeKey::new(key),
            header,
            number: 0,
        })
    }

    fn next(&mut self, last: bool) -> (Nonce, Aad<[u8; HEADER + 1]>) {
        // The number is the nonce: a key is for one file only, so no nonce repeats.
        let mut nonce = [0; NONCE_LEN];
        nonce[NONCE_LEN - 8..].copy_from_slice(&self.number.to_be_bytes());
        self.number += 1;
        let mut data = [0; HEADER + 1];
        data[..HEADER].copy_from_slice(&self.header);
        // Sealed with each chunk, so that a cut file cannot pass for a whole one.
        data[HEADER] = u8::from(last);
        (Nonce::assume_unique_for_key(nonce), Aad::from(data))
    }
}

/// Writes a backup.
pub(super) struct Writer<'a, W> {
    to: &'a mut W,
    chunks: Chunks,
    buffer: Zeroizing<Vec<u8>>,
}

impl<'a, W: AsyncWrite + Unpin> Writer<'a, W> {
    pub(super) async fn new(to: &'a mut W, protection: &Protection) -> Result<Self, BackupError> {
        let (how, key) = protection::fresh_key(protection).await?;
        let header = encode(how);
        to.write_all(&header).await?;
        to.write_all(how.share.as_ref().map_or(&[], |share| &share[..]))
            .await?;
        Ok(Self {
            to,
            chunks: Chunks::new(&key, header)?,
            buffer: Zeroizing::new(Vec::with_capacity(CHUNK)),
        })
    }

    pub(super) async fn write(&mut self, mut bytes: &[u8]) -> Result<(), BackupError> {
        while !bytes.is_empty() {
            // A full chunk waits for the next byte: only then is it known not to be the last.
            if self.buffer.len() == CHUNK {
                self.flush(false).await?;
            }
            let room = bytes.len().min(CHUNK - self.buffer.len());
            let (now, later) = bytes.split_at(room);
            self.buffer.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<(), BackupError> {
        // Also when it is empty: the mark of the last chunk is what ends the file.
        self.flush(true).await?;
        Ok(self.to.flush().await?)
    }

    async fn flush(&mut self, last: bool) -> Result<(), BackupError> {
        let (nonce, data) = self.chunks.next(last);
        let sealed = self
            .chunks
            .key
            .seal_in_place_separate_tag(nonce, data, &mut self.buffer);
        let tag = sealed.map_err(|_| damaged("a chunk cannot be sealed"))?;
        let length = u32::try_from(self.buffer.len() + TAG).unwrap_or(u32::MAX);
        self.to.write_all(&[u8::from(last)]).await?;
        self.to.write_all(&length.to_be_bytes()).await?;
        self.to.write_all(&self.buffer).await?;
        self.to.write_all(tag.as_ref()).await?;
        self.buffer.clear();
        Ok(())
    }
}

/// Reads a backup.
pub(super) struct Reader<'a, R> {
    from: &'a mut R,
    chunks: Chunks,
}

impl<'a, R: AsyncRead + Unpin> Reader<'a, R> {
    pub(super) async fn new(from: &'a mut R, protection: &Protection) -> Result<Self, BackupError> {
        let mut header = [0; HEADER];
        let mut have = 0;
        while have < HEADER {
            match from.read(&mut header[have..]).await? {
                // Too short, but it begins like a backup: then it was cut and is no other file.
                0 if header[..have.min(7)] == MAGIC[..have.min(7)] && have > 0 => {
                    return Err(damaged("it ends within its header"));
                }
                0 => return Err(BackupError::NotABackup),
                count => have += count,
            }
        }
        let mut how = decode(&header)?;
        if how.kind == BY_RECIPIENT {
            let mut share = [0; 32];
            exactly(from, &mut share).await?;
            how.share = Some(share);
        }
        let key = protection::derive_key(protection, how).await?;
        Ok(Self {
            from,
            chunks: Chunks::new(&key, header)?,
        })
    }

    /// Returns the whole content in clear, after every chunk was checked.
    pub(super) async fn read_all(mut self) -> Result<Zeroizing<Vec<u8>>, BackupError> {
        let mut clear = Zeroizing::new(Vec::new());
        loop {
            let mut head = [0; 5];
            exactly(self.from, &mut head).await?;
            let [last, length @ ..] = head;
            let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
            // Checked before memory is given for it: the length is not sealed by itself.
            if last > 1 || !(TAG..=CHUNK + TAG).contains(&length) {
                return Err(self.wrong());
            }
            let mut chunk = Zeroizing::new(vec![0; length]);
            exactly(self.from, &mut chunk).await?;
            let is_first = self.chunks.number == 0;
            let (nonce, data) = self.chunks.next(last == 1);
            let opened = self.chunks.key.open_in_place(nonce, data, &mut chunk);
            // The first chunk tells a wrong key from later damage; both fail in the same way.
            let opened = opened.map_err(|_| match is_first {
                true => BackupError::WrongKey,
                false => damaged("a part of it was changed"),
            })?;
            // Checked while reading, as a hostile file may go on for ever.
            if clear.len() + opened.len() > MAX_CLEAR {
                return Err(damaged("it is larger than 1 GiB"));
            }
            append(&mut clear, opened);
            if last == 1 {
                break;
            }
        }
        // Nothing may follow the last chunk: bytes that are not sealed must not pass for a part of the backup.
        match self.from.read(&mut [0]).await? {
            0 => Ok(clear),
            _ => Err(damaged("something follows its end")),
        }
    }

    fn wrong(&self) -> BackupError {
        damaged(format!("chunk {} is malformed", self.chunks.number))
    }
}

async fn exactly(from: &mut (impl AsyncRead + Unpin), bytes: &mut [u8]) -> Result<(), BackupError> {
    match from.read_exact(bytes).await {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Err(damaged("it was cut short"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Appends `more`. A buffer that has to grow is overwritten before its memory is freed.
fn append(clear: &mut Zeroizing<Vec<u8>>, more: &[u8]) {
    if clear.capacity() - clear.len() < more.len() {
        let size = (clear.len() + more.len()).max(2 * clear.capacity());
        let mut larger = Zeroizing::new(Vec::with_capacity(size));
        larger.extend_from_slice(clear);
        *clear = larger;
    }
    clear.extend_from_slice(more);
}

fn encode(how: Derivation) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..7].copy_from_slice(MAGIC);
    header[7] = VERSION;
    header[8] = how.kind;
    header[9..13].copy_from_slice(&how.memory_kib.to_be_bytes());
    header[13..17].copy_from_slice(&how.passes.to_be_bytes());
    header[17..].copy_from_slice(&how.salt);
    header
}

fn decode(header: &[u8; HEADER]) -> Result<Derivation, BackupError> {
    let (magic, rest) = header.split_at(7);
    if magic != MAGIC {
        return Err(BackupError::NotABackup);
    }
    // Older formats stay readable; a newer one may mean anything.
    if rest[0] > VERSION {
        return Err(BackupError::Newer {
            found: rest[0],
            known: VERSION,
        });
    }
    let number =
        |at: usize| u32::from_be_bytes([rest[at], rest[at + 1], rest[at + 2], rest[at + 3]]);
    let mut salt = [0; 16];
    salt.copy_from_slice(&rest[10..]);
    Ok(Derivation {
        kind: rest[1],
        memory_kib: number(2),
        passes: number(6),
        salt,
        share: None,
    })
}
