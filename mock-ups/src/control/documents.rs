//! What the mock serves beside its JSON: the certificate of its authority.

use http::Method;

use super::{Control, Document};

pub(super) fn find(control: &Control<'_>, method: &Method, path: &str) -> Option<Document> {
    match (method.as_str(), path) {
        ("GET", "/__mock/ca.pem") => {
            let pem = control.world.ca_pem()?;
            Some(Document("application/x-pem-file", pem.to_owned()))
        }
        _ => None,
    }
}
