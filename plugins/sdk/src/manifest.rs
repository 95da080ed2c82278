//! The manifest's JSON, completed at compile time.

/// `.waybill.manifest`: magic, length, JSON. Read by the gateway without running code of the file.
#[repr(C)]
pub struct ManifestSection<const N: usize> {
    magic: [u8; 8],
    len: u32,
    json: [u8; N],
}

impl<const N: usize> ManifestSection<N> {
    /// The section of that text, which has to be `N` bytes long.
    pub const fn new(text: &str) -> Self {
        assert!(text.len() == N, "N is the manifest's length");
        assert!(
            N <= plugins_abi::MAX_MANIFEST_LEN,
            "the gateway reads no manifest that long"
        );
        let mut json = [0; N];
        json.copy_from_slice(text.as_bytes());
        Self {
            magic: plugins_abi::MANIFEST_MAGIC,
            #[expect(clippy::cast_possible_truncation, reason = "at most MAX_MANIFEST_LEN")]
            len: N as u32,
            json,
        }
    }

    /// The JSON, for the plugin's table: the very bytes of the section.
    pub const fn json(&'static self) -> &'static [u8] {
        &self.json
    }
}

/// A plugin's manifest: the author's JSON object with what only the build knows put in front: the
/// ABI, the plugin's version (its package's), the SDK and the compiler. A constant `&'static str`.
///
/// ```
/// const MANIFEST: &str = plugins_sdk::manifest!(r#"{"name": "acme", "hosts": []}"#);
/// assert!(MANIFEST.starts_with(r#"{"abi":"1.1","requires":0,"version":"#));
/// ```
///
/// A plugin with slots beside its first one needs a gateway that knows them:
///
/// ```
/// const MANIFEST: &str = plugins_sdk::manifest!(
///     r#"{"name": "acme", "slots": [{"name": "access"}, {"name": "payment"}]}"#,
///     needs: slots
/// );
/// assert!(MANIFEST.starts_with(r#"{"abi":"1.1","requires":1,"version":"#));
/// ```
#[macro_export]
macro_rules! manifest {
    ($json:expr, needs: slots) => {
        $crate::manifest!(@ $crate::private::OPENING_WITH_SLOTS, $json)
    };
    ($json:expr) => {
        $crate::manifest!(@ $crate::private::OPENING, $json)
    };
    (@ $opening:expr, $json:expr) => {{
        const PARTS: [&str; 4] = $crate::private::parts($opening, $json, env!("CARGO_PKG_VERSION"));
        const LEN: usize = $crate::private::joined_len(&PARTS);
        const BYTES: [u8; LEN] = $crate::private::write_joined(&PARTS);
        match ::core::str::from_utf8(&BYTES) {
            ::core::result::Result::Ok(text) => text,
            ::core::result::Result::Err(_) => ::core::panic!("pieces of UTF-8 join to UTF-8"),
        }
    }};
}

const _: () = assert!(
    plugins_abi::ABI_MAJOR == 1 && plugins_abi::ABI_MINOR == 1,
    "as in OPENING"
);
/// The beginning of a manifest that any gateway of this major can serve.
pub const OPENING: &str = r#"{"abi":"1.1","requires":0,"version":""#;
/// The beginning of a manifest whose further slots only a gateway of minor 1 knows.
pub const OPENING_WITH_SLOTS: &str = r#"{"abi":"1.1","requires":1,"version":""#;
const SDK: &str = concat!(
    r#"","sdk":"rust/"#,
    env!("CARGO_PKG_VERSION"),
    r#"","rustc":""#,
    env!("WAYBILL_SDK_RUSTC"),
    r#"","#
);

/// The pieces of a complete manifest.
pub const fn parts(
    opening: &'static str,
    json: &'static str,
    version: &'static str,
) -> [&'static str; 4] {
    [opening, version, SDK, after_brace(json)]
}

/// The minor that a manifest of [`manifest!`](crate::manifest!) requires, for the plugin's table: the two
/// must agree. A manifest that was written otherwise requires none.
pub(crate) const fn required_minor(manifest: &[u8]) -> u32 {
    if starts_with(manifest, OPENING_WITH_SLOTS.as_bytes()) {
        1
    } else {
        0
    }
}

const fn starts_with(text: &[u8], beginning: &[u8]) -> bool {
    let mut at = 0;
    while at < beginning.len() {
        if at >= text.len() || text[at] != beginning[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// The text after the first `{`, which must come before anything but white space.
const fn after_brace(json: &str) -> &str {
    let bytes = json.as_bytes();
    let mut at = 0;
    while at < bytes.len() && bytes[at].is_ascii_whitespace() {
        at += 1;
    }
    assert!(
        at < bytes.len() && bytes[at] == b'{',
        "a manifest is a JSON object"
    );
    json.split_at(at + 1).1
}

/// The length of the pieces together.
pub const fn joined_len(parts: &[&str]) -> usize {
    let mut len = 0;
    let mut part = 0;
    while part < parts.len() {
        len += parts[part].len();
        part += 1;
    }
    len
}

/// The pieces one after another.
pub const fn write_joined<const N: usize>(parts: &[&str]) -> [u8; N] {
    let mut out = [0; N];
    let mut at = 0;
    let mut part = 0;
    while part < parts.len() {
        let bytes = parts[part].as_bytes();
        let mut index = 0;
        while index < bytes.len() {
            out[at] = bytes[index];
            at += 1;
            index += 1;
        }
        part += 1;
    }
    // The length was computed in another function; this ties the two together at compile time.
    assert!(at == N, "N is the joined length");
    out
}
