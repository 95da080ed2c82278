//! What holds for every page.

use super::axe::{Axe, Rules};
use tests::{Browser, Look};

/// The elements that stick out on the right.
const TOO_WIDE: &str = "const most = document.documentElement.clientWidth;\n\
    if (document.documentElement.scrollWidth <= most) return [];\n\
    return [...document.querySelectorAll('body *')]\n\
    .filter((it) => it.getBoundingClientRect().right > most + 0.5 && !it.closest('.skip'))\n\
    .map((it) => it.outerHTML.slice(0, 120));";

/// What came from another origin than the page.
const FOREIGN: &str = "return performance.getEntriesByType('resource').map((it) => it.name)\n\
    .filter((it) => !it.startsWith(location.origin + '/'));";

/// The controls that Tab does not reach, and those that never show that they have the focus. The
/// listener is set first, then Tab is pressed. The window may get the focus back by itself, which shows nothing, so each
/// control is reached twice.
const LISTEN: &str = "window.reached = new Set(); window.seen = new Set();\n\
    document.addEventListener('focusin', ({ target }) => { reached.add(target);\n\
      const { outlineStyle, outlineWidth } = getComputedStyle(target);\n\
      if (outlineStyle !== 'none' && outlineWidth !== '0px') seen.add(target); });\n\
    window.controls = [...document.querySelectorAll('a[href],button,input,select,textarea,summary')]\n\
      .filter((it) => it.type !== 'hidden' && !it.disabled && it.checkVisibility({ visibilityProperty: true }));\n\
    if (document.activeElement) document.activeElement.blur();\n\
    return controls.length;";
const MISSED: &str = "return controls.filter((it) => !reached.has(it)).map((it) => it.outerHTML.slice(0, 120))\n\
    .concat([...reached].filter((it) => !seen.has(it)).map((it) => `no visible focus: ${it.outerHTML.slice(0, 120)}`));";

/// Looks at the page that is open, and says what is wrong with it.
pub(super) async fn page(browser: &Browser, look: Look, axe: &Axe, what: &str) {
    by(browser, look, axe, Rules::All, what).await;
}

/// Looks at the page that is open, by some of the rules.
pub(super) async fn by(browser: &Browser, look: Look, axe: &Axe, rules: Rules, what: &str) {
    browser.look(look).await;
    let what = format!("{what} ({look:?})");
    for (script, problem) in [
        (TOO_WIDE, "scrolls sideways"),
        (FOREIGN, "loads from elsewhere"),
    ] {
        let found = browser.run(script).await;
        assert_eq!(found, serde_json::json!([]), "{what} {problem}");
    }
    let findings = axe.findings(browser, rules).await;
    assert!(findings.is_empty(), "{what}:\n{}", findings.join("\n"));
}

/// Every control of the page that is open is reached with Tab, and shows it.
pub(super) async fn keyboard(browser: &Browser, what: &str) {
    let count = browser.run(LISTEN).await;
    let count = usize::try_from(count.as_u64().expect("a number")).expect("a small one");
    // One more in each round: the first press may leave the address bar.
    browser.tab((count + 2) * 2).await;
    let missed = browser.run(MISSED).await;
    assert_eq!(
        missed,
        serde_json::json!([]),
        "{what}: not reached with Tab"
    );
}
