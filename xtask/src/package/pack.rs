//! Trees as bytes. Nothing of the machine or the moment is in them.

use super::tree::Tree;
use anyhow::Result;
use flate2::{Compression, GzBuilder};
use std::io::{Cursor, Write as _};
use tar::{EntryType, Header};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

/// An archive in the format of GNU tar; owners are numbers, as names depend on the machine.
pub(super) fn tar(tree: &Tree, prefix: &str, time: u64) -> Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, entry) in tree.entries() {
        let mut header = Header::new_gnu();
        header.set_mode(entry.mode);
        header.set_mtime(time);
        header.set_uid(entry.owner.into());
        header.set_gid(entry.owner.into());
        let content = entry.content.as_deref();
        header.set_entry_type(match content {
            Some(_) => EntryType::Regular,
            None => EntryType::Directory,
        });
        let content = content.unwrap_or_default();
        header.set_size(content.len() as u64);
        let slash = if entry.content.is_none() { "/" } else { "" };
        builder.append_data(&mut header, format!("{prefix}{path}{slash}"), content)?;
    }
    Ok(builder.into_inner()?)
}

/// Compressed by gzip, without a name or a time.
pub(super) fn gzip(bytes: &[u8], compression: Compression) -> Result<Vec<u8>> {
    let mut packer = GzBuilder::new().write(Vec::new(), compression);
    packer.write_all(bytes)?;
    Ok(packer.finish()?)
}

/// A tree as a compressed archive.
pub(super) fn tar_gz(
    tree: &Tree,
    prefix: &str,
    time: u64,
    compression: Compression,
) -> Result<Vec<u8>> {
    gzip(&tar(tree, prefix, time)?, compression)
}

/// A ZIP archive in this order of the files.
pub(super) fn zip<'a>(
    files: impl Iterator<Item = (&'a str, u32, &'a [u8])>,
    compression: Compression,
) -> Result<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, mode, content) in files {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(compression.level().into()))
            // The first time that the format knows: its times depend on a time zone.
            .last_modified_time(DateTime::default())
            .unix_permissions(mode);
        writer.start_file(path, options)?;
        writer.write_all(content)?;
    }
    Ok(writer.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_files_in_another_order_give_the_same_bytes() {
        let files: [(&str, &[u8]); 2] = [("usr/bin/a", b"one"), ("usr/bin/b", b"two")];
        let pack = |files: &[(&str, &[u8])]| {
            let mut tree = Tree::default();
            for (path, content) in files {
                tree.file(path, 0o755, *content);
            }
            tar_gz(&tree, "./", 1_700_000_000, Compression::fast()).unwrap()
        };
        let there = pack(&files);
        assert_eq!(there, pack(&[files[1], files[0]]));
        assert_ne!(there, pack(&files[..1]));
    }

    #[test]
    fn zip_has_the_same_bytes_each_time_and_keeps_the_mode() {
        let files = [("mock_ups/bin/mock-ups", 0o755, &b"program"[..])];
        let pack = || zip(files.into_iter(), Compression::fast()).unwrap();
        let bytes = pack();
        assert_eq!(bytes, pack());
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mode = archive.by_index(0).unwrap().unix_mode().unwrap();
        assert_eq!(mode & 0o777, 0o755);
    }
}
