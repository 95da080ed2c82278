//! The `Response` member that most products' answers begin with.

use crate::json::Json;

/// `Response` with a success and, when there was one, the client's own context.
pub(crate) fn success(json: &mut Json, context: Option<&str>, transaction: &str) {
    json.object("Response", |json| {
        status(json);
        reference(json, context, transaction);
    });
}

/// `ResponseStatus` of a success.
pub(crate) fn status(json: &mut Json) {
    json.prepared(r#""ResponseStatus":{"Code":"1", "Description":"Success"}"#);
}

/// `TransactionReference`: an empty string when the request had no context.
pub(crate) fn reference(json: &mut Json, context: Option<&str>, transaction: &str) {
    match context {
        Some(context) => json.object("TransactionReference", |json| {
            json.text("CustomerContext", context);
            json.text("TransactionIdentifier", transaction);
        }),
        None => json.text("TransactionReference", ""),
    }
}
