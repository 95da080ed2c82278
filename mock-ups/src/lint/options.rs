//! Options of packages and shipments that UPS takes for something else than what was meant.

use memchr::memmem::{self, Finder};

use super::{Findings, Rule};

/// Looks at each `PackageServiceOptions` and `ShipmentServiceOptions`. A look, not a parse: most requests have none, and
/// cost one search.
pub(super) fn check(body: &[u8], service_options: &Finder<'_>, findings: &mut Findings) {
    for at in service_options.find_iter(body) {
        let is_of_package = body[..at].ends_with(b"\"Package");
        let Some(options) = object(&body[at + service_options.needle().len()..]) else {
            continue;
        };
        let signature = scalar(options, b"\"DCISType\"");
        // 1 is a signature at a shipment, and nothing at a package.
        let unsupported = is_of_package && signature == Some(b"1");
        findings.add_if(unsupported, Rule::PackageSignatureType);
        let amount = memmem::find(options, b"\"CODAmount\"");
        let amount = amount.and_then(|at| scalar(&options[at..], b"\"MonetaryValue\""));
        findings.add_if(amount.is_some_and(|text| !is_number(text)), Rule::CodAmount);
    }
}

/// The object after a member's name, up to its closing brace.
fn object(after_name: &[u8]) -> Option<&[u8]> {
    let value = after_name.trim_ascii_start().strip_prefix(b":")?;
    let object = value.trim_ascii_start();
    let mut depth = 0_u32;
    let mut is_text = false;
    let mut is_escaped = false;
    for (at, byte) in object.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_text,
            b'"' => is_text = !is_text,
            b'{' if !is_text => depth += 1,
            b'}' if !is_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        // At the first byte, too: a value that is no object has nothing to look at.
        if depth == 0 {
            return object.get(..at);
        }
    }
    None
}

/// The text or number of the first member with this name, without quotation marks.
fn scalar<'a>(json: &'a [u8], quoted_name: &[u8]) -> Option<&'a [u8]> {
    let after = memmem::find(json, quoted_name)? + quoted_name.len();
    let value = json.get(after..)?.trim_ascii_start().strip_prefix(b":")?;
    let value = value.trim_ascii_start();
    match value.strip_prefix(b"\"") {
        Some(text) => text.split(|byte| *byte == b'"').next(),
        None => {
            let end = |byte: &u8| matches!(byte, b',' | b'}' | b']');
            value.split(end).next().map(<[u8]>::trim_ascii)
        }
    }
}

fn is_number(text: &[u8]) -> bool {
    let number = std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.trim().parse().ok());
    number.is_some_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(body: &str) -> Vec<&'static str> {
        let mut findings = Findings::default();
        let finder = Finder::new(b"ServiceOptions\"");
        check(body.as_bytes(), &finder, &mut findings);
        findings.iter().map(Rule::name).collect()
    }

    #[test]
    fn signature_type_one_is_found_at_a_package_only() {
        let at = |of: &str, kind: &str| {
            findings(&format!(
                r#"{{"{of}ServiceOptions" : {{"DeliveryConfirmation": {{"DCISType": {kind}}}}}}}"#
            ))
        };
        assert_eq!(at("Package", "\"1\""), ["package-signature-type"]);
        assert_eq!(at("Package", "1"), ["package-signature-type"]);
        assert!(at("Package", "\"2\"").is_empty());
        assert!(at("Shipment", "\"1\"").is_empty());
    }

    #[test]
    fn options_of_a_package_end_where_they_end() {
        let body = r#"{"Package": {"PackageServiceOptions": {"Note": "}{\\\""}},
            "ShipmentServiceOptions": {"DeliveryConfirmation": {"DCISType": "1"}}}"#;
        assert!(findings(body).is_empty());
        for odd in [
            r#""PackageServiceOptions": "#,
            r#""PackageServiceOptions": {"a"#,
        ] {
            assert!(findings(odd).is_empty(), "{odd}");
        }
    }

    #[test]
    fn amount_to_collect_must_be_a_number() {
        let of = |amount: &str| {
            findings(&format!(
                r#"{{"ShipmentServiceOptions": {{"COD": {{"CODAmount": {{"MonetaryValue": {amount}}}}}}}}}"#
            ))
        };
        for wrong in ["\"None\"", "\"\"", "null", "\"NaN\"", "\"12 USD\""] {
            assert_eq!(of(wrong), ["cod-amount"], "{wrong}");
        }
        assert!(of("\"47.11\"").is_empty() && of("47.11").is_empty());
        assert!(findings(r#"{"ShipmentServiceOptions": {"COD": {}}}"#).is_empty());
    }
}
