//! What the mock serves beside JSON: the page, its script and style, the authority's certificate.

use http::Method;

use super::request::{ControlRequest, Document};

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

pub(super) fn find(control: &ControlRequest<'_>, method: &Method, path: &str) -> Option<Document> {
    // Other methods on these paths are refused by the dispatcher, with its reason.
    if method != Method::GET && method != Method::HEAD {
        return None;
    }
    match path {
        "/" => Some(Document(HTML, include_str!("page/index.html").to_owned())),
        // Browsers ask for it unasked; it belongs to the page, not to UPS.
        "/favicon.ico" => Some(Document("image/x-icon", String::new())),
        "/__mock/page.js" => Some(Document(SCRIPT, include_str!("page/page.js").to_owned())),
        "/__mock/page.css" => Some(Document(STYLE, include_str!("page/page.css").to_owned())),
        "/__mock/ca.pem" => {
            // Without TLS there is no authority, and the path does not exist.
            let pem = control.mock.ca_pem()?;
            Some(Document("application/x-pem-file", pem.to_owned()))
        }
        _ => None,
    }
}
