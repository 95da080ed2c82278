//! Debian packages. A `.deb` is an `ar` archive of two tar archives, so they are written here, by the code that also
//! writes the other packages: on any distribution, and with the same bytes everywhere.

use super::{checksums::hex, pack, release::Release, tree::Tree};
use anyhow::{Context as _, Result};
use flate2::Compression;
use md5::{Digest as _, Md5};
use std::{fmt::Write as _, fs};

const COMPLETIONS: [(&str, &str); 3] = [
    (
        "waybill.bash",
        "usr/share/bash-completion/completions/waybill",
    ),
    ("_waybill", "usr/share/zsh/vendor-completions/_waybill"),
    (
        "waybill.fish",
        "usr/share/fish/vendor_completions.d/waybill.fish",
    ),
];

pub(super) fn make(release: &Release) -> Result<Vec<(String, Vec<u8>)>> {
    let packages = [
        ("waybill", waybill(release)?),
        ("mock-ups", mock_ups(release)?),
    ];
    packages
        .into_iter()
        .map(|(name, tree)| deb(name, tree, release))
        .collect()
}

fn waybill(release: &Release) -> Result<Tree> {
    let mut tree = Tree::default();
    tree.copy("usr/bin/waybill", 0o755, &release.laid_out("bin/waybill"))?;
    tree.copy_all("usr/lib/waybill/plugins", &release.laid_out("plugins"))?;
    tree.copy_all("usr/share/waybill", &release.laid_out("share/waybill"))?;
    tree.copy_all("usr/lib/systemd/system", &release.laid_out("share/systemd"))?;
    for file in ["waybill.schema.json", "waybill.example.toml"] {
        let from = release.laid_out(&format!("share/{file}"));
        tree.copy(&format!("usr/share/waybill/{file}"), 0o644, &from)?;
    }
    for (file, to) in COMPLETIONS {
        let from = release.laid_out(&format!("share/completions/{file}"));
        tree.copy(to, 0o644, &from)?;
    }
    manual(&mut tree, release, "waybill")?;
    let sysusers = release.text("deb/waybill/sysusers.conf")?;
    tree.file("usr/lib/sysusers.d/waybill.conf", 0o644, sysusers);
    let config = release.text("deb/waybill/waybill.toml")?;
    tree.file("etc/waybill/waybill.toml", 0o644, config);
    // For root alone: systemd hands each secret to the service.
    tree.folder("etc/waybill/secrets", 0o700);
    Ok(tree)
}

fn mock_ups(release: &Release) -> Result<Tree> {
    let mut tree = Tree::default();
    for program in ["mock-ups", "mock-carrier"] {
        let from = release.laid_out(&format!("bin/{program}"));
        tree.copy(&format!("usr/bin/{program}"), 0o755, &from)?;
        manual(&mut tree, release, program)?;
    }
    tree.copy_all("usr/share/mock-ups", &release.laid_out("share/mock-ups"))?;
    Ok(tree)
}

/// Adds the manual pages of a program and of its commands.
fn manual(tree: &mut Tree, release: &Release, program: &str) -> Result<()> {
    for entry in fs::read_dir(release.laid_out("share/man")).context("no manual pages")? {
        let path = entry?.path();
        let name = path
            .file_name()
            .context("a page has a name")?
            .to_string_lossy();
        if name
            .strip_prefix(program)
            .is_some_and(|rest| rest.starts_with(['.', '-']))
        {
            let page = pack::gzip(&fs::read(&path)?, Compression::best())?;
            tree.file(&format!("usr/share/man/man1/{name}.gz"), 0o644, page);
        }
    }
    Ok(())
}

fn deb(name: &str, mut tree: Tree, release: &Release) -> Result<(String, Vec<u8>)> {
    let folder = format!("deb/{name}");
    let doc = format!("usr/share/doc/{name}");
    tree.file(
        &format!("{doc}/copyright"),
        0o644,
        release.text("deb/copyright")?,
    );
    let changes = pack::gzip(changelog(name, release)?.as_bytes(), Compression::best())?;
    tree.file(&format!("{doc}/changelog.gz"), 0o644, changes);
    let overrides = release.text(&format!("{folder}/lintian-overrides"))?;
    tree.file(
        &format!("usr/share/lintian/overrides/{name}"),
        0o644,
        overrides,
    );

    let kilobytes: usize = tree
        .files()
        .map(|(_, content)| content.len().div_ceil(1024))
        .sum();
    let control = release.text(&format!("{folder}/control"))?;
    let mut parts = Tree::default();
    parts.file(
        "control",
        0o644,
        control.replace("@SIZE@", &kilobytes.to_string()),
    );
    parts.file("md5sums", 0o644, md5sums(&tree)?);
    for (script, mode) in [
        ("conffiles", 0o644),
        ("postinst", 0o755),
        ("prerm", 0o755),
        ("postrm", 0o755),
    ] {
        if Release::packaging(&folder).join(script).exists() {
            parts.file(script, mode, release.text(&format!("{folder}/{script}"))?);
        }
    }
    let archive = |tree: &Tree| pack::tar_gz(tree, "./", release.time, release.compression);
    let members = [
        ("debian-binary", b"2.0\n".to_vec()),
        ("control.tar.gz", archive(&parts)?),
        ("data.tar.gz", archive(&tree)?),
    ];
    let machine = release.needs.machine.debian;
    let name = format!("{name}_{}_{machine}.deb", release.version);
    Ok((name, ar(&members, release.time)))
}

/// The release as an entry of a changelog; what changed is in the project's own.
fn changelog(name: &str, release: &Release) -> Result<String> {
    let time = jiff::Timestamp::from_second(release.time.try_into()?)?;
    let date = time.strftime("%a, %d %b %Y %H:%M:%S +0000");
    let text = release.text("deb/changelog")?;
    Ok(text
        .replace("@NAME@", name)
        .replace("@DATE@", &date.to_string()))
}

fn md5sums(tree: &Tree) -> Result<String> {
    let mut sums = String::new();
    for (path, content) in tree.files().filter(|(path, _)| !path.starts_with("etc/")) {
        writeln!(sums, "{}  {path}", hex(&Md5::digest(content)))?;
    }
    Ok(sums)
}

/// The common format of `ar`: a header of 60 bytes for each member, padded to an even length.
fn ar(members: &[(&str, Vec<u8>)], time: u64) -> Vec<u8> {
    let mut bytes = b"!<arch>\n".to_vec();
    for (name, content) in members {
        let size = content.len();
        let header = format!(
            "{name:<16}{time:<12}{0:<6}{0:<6}{mode:<8}{size:<10}`\n",
            0,
            mode = "100644"
        );
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(content);
        if size % 2 == 1 {
            bytes.push(b'\n');
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::ar;

    #[test]
    fn member_of_an_odd_length_is_padded() {
        let bytes = ar(&[("a", b"odd".to_vec()), ("b", b"even".to_vec())], 7);
        assert_eq!(bytes.len(), 8 + 60 + 4 + 60 + 4);
        let text = String::from_utf8(bytes).unwrap();
        assert!(
            text.contains("a               7           0     0     100644  3         `\nodd\nb "),
            "{text}"
        );
    }
}
