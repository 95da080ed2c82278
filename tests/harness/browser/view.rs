//! What a person sees and presses: theme and width of the window, keys, scripts of a test, screenshots.

use super::Browser;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::Method;
use serde_json::{Value, json};

/// The keys of WebDriver that are no letters.
const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

/// How a page is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The dark theme.
    pub dark: bool,
    /// The width of the window in CSS pixels.
    pub width: u32,
    /// Its height.
    pub height: u32,
}

impl Look {
    /// A desktop.
    pub const DESK: Self = Self {
        dark: false,
        width: 1280,
        height: 800,
    };
    /// The narrowest phone that is sold.
    pub const PHONE: Self = Self {
        dark: false,
        width: 360,
        height: 740,
    };

    /// The same in the dark theme.
    #[must_use]
    pub const fn dark(self) -> Self {
        Self { dark: true, ..self }
    }

    /// The same with another height.
    #[must_use]
    pub const fn high(self, height: u32) -> Self {
        Self { height, ..self }
    }
}

impl Browser {
    /// Looks at all pages like this from now on.
    ///
    /// # Panics
    /// When the browser refuses.
    pub async fn look(&self, look: Look) {
        let scheme = if look.dark { "dark" } else { "light" };
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        let media = json!({ "features": [feature] });
        self.develop("Emulation.setEmulatedMedia", media).await;
        let metrics = json!({
            "width": look.width, "height": look.height, "deviceScaleFactor": 1, "mobile": look.width < 600,
        });
        self.develop("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    /// What the body of a function returns.
    ///
    /// # Panics
    /// When the script fails.
    pub async fn run(&self, script: &str) -> Value {
        let body = json!({ "script": script, "args": [] });
        self.must(Method::POST, "execute/sync", &body).await
    }

    /// What the body of a function gives to its last argument, a function.
    ///
    /// # Panics
    /// When the script fails.
    pub async fn run_async(&self, script: &str) -> Value {
        let body = json!({ "script": script, "args": [] });
        self.must(Method::POST, "execute/async", &body).await
    }

    /// Presses Tab so many times.
    ///
    /// # Panics
    /// When the browser refuses.
    pub async fn tab(&self, times: usize) {
        self.press(&TAB.repeat(times)).await;
    }

    /// Presses Enter.
    ///
    /// # Panics
    /// When the browser refuses.
    pub async fn enter(&self) {
        self.press(ENTER).await;
    }

    /// Presses the keys of a text, one after another, whatever has the focus.
    ///
    /// # Panics
    /// When the browser refuses.
    pub async fn press(&self, text: &str) {
        let strokes = text.chars().flat_map(|key| {
            [
                json!({ "type": "keyDown", "value": key.to_string() }),
                json!({ "type": "keyUp", "value": key.to_string() }),
            ]
        });
        let strokes: Vec<Value> = strokes.collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        let body = json!({ "actions": [keyboard] });
        self.must(Method::POST, "actions", &body).await;
    }

    /// Forgets all cookies of the page's host.
    ///
    /// # Panics
    /// When the browser refuses.
    pub async fn forget_cookies(&self) {
        self.must(Method::DELETE, "cookie", &Value::Null).await;
    }

    /// The window as a PNG.
    ///
    /// # Panics
    /// When there is none.
    pub async fn screenshot(&self) -> Vec<u8> {
        let image = self.must(Method::GET, "screenshot", &Value::Null).await;
        let image = image.as_str().expect("text");
        STANDARD.decode(image).expect("base64")
    }

    async fn develop(&self, command: &str, parameters: Value) {
        let body = json!({ "cmd": command, "params": parameters });
        self.must(Method::POST, "goog/cdp/execute", &body).await;
    }
}
