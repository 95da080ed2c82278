//! The links of the finished site, with their anchors.

use anyhow::{Result, ensure};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Fails with each link that leads nowhere within the site; says how many lead somewhere.
pub(super) fn check(site: &Path) -> Result<usize> {
    let mut pages = BTreeMap::new();
    read(site, &mut pages)?;
    let mut count = 0;
    let mut broken = Vec::new();
    for (page, html) in &pages {
        for target in targets(html) {
            let target = target.replace("&amp;", "&");
            if target.contains(':') || target.starts_with("//") {
                continue;
            }
            count += 1;
            if !leads_somewhere(page, &target, &pages) {
                broken.push(format!("{} links to {target}", page.display()));
            }
        }
    }
    ensure!(
        broken.is_empty(),
        "broken links:\n  {}",
        broken.join("\n  ")
    );
    Ok(count)
}

fn read(folder: &Path, pages: &mut BTreeMap<PathBuf, String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read(&path, pages)?;
        } else if path.extension().is_some_and(|end| end == "html") {
            let html = fs::read_to_string(&path)?;
            pages.insert(path, html);
        }
    }
    Ok(())
}

fn targets(html: &str) -> impl Iterator<Item = &str> {
    let after = [" href=\"", " src=\""].map(|name| html.split(name).skip(1));
    let after = after.into_iter().flatten();
    after.filter_map(|rest| rest.split('"').next())
}

fn leads_somewhere(page: &Path, target: &str, pages: &BTreeMap<PathBuf, String>) -> bool {
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let folder = page.parent().unwrap_or(page);
    let file = match path {
        "" => Ok(page.to_owned()),
        path => folder.join(path).canonicalize(),
    };
    let Ok(file) = file else { return false };
    anchor.is_empty()
        || pages
            .get(&file)
            .is_some_and(|html| html.contains(&format!(" id=\"{anchor}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_without_page_or_anchor_is_told() {
        let site = tempfile::tempdir().unwrap();
        let site = site.path().canonicalize().unwrap();
        let put = |name: &str, text: &str| fs::write(site.join(name), text).unwrap();
        put(
            "a.html",
            r##"<h1 id="top"><a href="b.html#part"></a><a href="#top"></a></h1>"##,
        );
        put(
            "b.html",
            r#"<h2 id="part"></h2><img src="https://x/y.png">"#,
        );
        assert_eq!(check(&site).unwrap(), 2);
        put("b.html", r#"<h2 id="other"></h2><a href="c.html"></a>"#);
        let told = check(&site).unwrap_err().to_string();
        assert!(
            told.contains("b.html#part") && told.contains("c.html"),
            "{told}"
        );
    }
}
