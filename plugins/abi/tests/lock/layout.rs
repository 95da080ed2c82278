//! The layout as the Rust compiler sees it.

use plugins_abi as abi;
use std::{
    fmt::Write,
    mem::{offset_of, size_of},
};

/// One line for each size, offset and number, in the header's order.
pub(crate) fn describe() -> String {
    let mut out = format!("abi {}.{}\n", abi::ABI_MAJOR, abi::ABI_MINOR);
    constants(&mut out);
    structs(&mut out);
    out
}

/// Destructures the struct, so that a member missing here does not compile.
macro_rules! layout {
    ($out:ident, $c:literal, $rust:ident { $($field:ident),+ }) => {{
        fn _complete(value: &abi::$rust) {
            let abi::$rust { $($field: _),+ } = value;
        }
        writeln!($out, "size {} {}", $c, size_of::<abi::$rust>()).unwrap();
        $(writeln!($out, "offset {}.{} {}", $c, stringify!($field),
            offset_of!(abi::$rust, $field)).unwrap();)+
    }};
}

// Lists, not statements: one line for each struct reads better than one for each member.
#[rustfmt::skip]
fn structs(out: &mut String) {
    layout!(out, "waybill_bytes", Bytes { ptr, len });
    layout!(out, "waybill_header", Header { name, value, flags });
    layout!(out, "waybill_host", Host {
        struct_size, abi_major, abi_minor, reserved, log, now_unix_ms, random
    });
    layout!(out, "waybill_http_request", HttpRequest {
        struct_size, flags, req_id, method, url, headers, n_headers, body, timeout_ms,
        reserved
    });
    layout!(out, "waybill_credential", Credential {
        struct_size, flags, headers, n_headers, ttl_ms, refresh_after_ms, state, query,
        n_query, grant, reserved, grant_ttl_ms, facts, slots, n_slots
    });
    layout!(out, "waybill_slot", Slot { slot, reserved, ttl_ms, failure });
    layout!(out, "waybill_failure", Failure {
        struct_size, fail_class, code, message, retry_after_ms, grant, reserved
    });
    layout!(out, "waybill_sink", Sink {
        struct_size, reserved, ctx, http, timer, cancel, done, failed
    });
    layout!(out, "waybill_begin", Begin { struct_size, reason, slot, state, params, n_params });
    layout!(out, "waybill_event", Event {
        struct_size, kind, req_id, status, reserved, headers, n_headers, body
    });
    layout!(out, "waybill_sign_request", SignRequest {
        struct_size, flags, method, authority, path_and_query, headers, n_headers, body,
        n_body, body_sha256, unix_ms, state
    });
    layout!(out, "waybill_sign_sink", SignSink {
        struct_size, reserved, ctx, set_header, failed, set_query
    });
    layout!(out, "waybill_plugin", Plugin {
        struct_size, magic, abi_major, abi_minor, requires_minor, reserved, capabilities,
        manifest, instance_new, instance_free, op_begin, op_resume, op_free, sign,
        authorize_url
    });
}

fn constants(out: &mut String) {
    use abi::{CredentialFlags, EventKind, FailClass, GrantChange, GrantFate, RequestFlags};
    let numbers: [(&str, u64); 44] = [
        ("WAYBILL_MAGIC", abi::MAGIC.into()),
        ("WAYBILL_ABI_MAJOR", abi::ABI_MAJOR.into()),
        ("WAYBILL_OK", abi::Status::OK.0.into()),
        ("WAYBILL_FAILED", abi::Status::FAILED.0.into()),
        ("WAYBILL_PANIC", abi::Status::PANIC.0.into()),
        ("WAYBILL_UNSUPPORTED", abi::Status::UNSUPPORTED.0.into()),
        ("WAYBILL_CAP_TOKEN", abi::Capabilities::TOKEN),
        ("WAYBILL_CAP_SIGN", abi::Capabilities::SIGN),
        ("WAYBILL_CAP_AUTH_CODE", abi::Capabilities::AUTH_CODE),
        ("WAYBILL_CAP_REVOKE", abi::Capabilities::REVOKE),
        ("WAYBILL_HEADER_SENSITIVE", abi::HeaderFlags::SENSITIVE),
        (
            "WAYBILL_HEADER_SLOT_SHIFT",
            abi::HeaderFlags::SLOT_SHIFT.into(),
        ),
        ("WAYBILL_HEADER_SLOT_MASK", abi::HeaderFlags::SLOT_MASK),
        (
            "WAYBILL_REQUEST_SECRET_BODY",
            RequestFlags::SECRET_BODY.into(),
        ),
        ("WAYBILL_REQUEST_RETRYABLE", RequestFlags::RETRYABLE.into()),
        (
            "WAYBILL_CREDENTIAL_APPLY_QUERY",
            CredentialFlags::APPLY_QUERY.into(),
        ),
        (
            "WAYBILL_GRANT_NOT_SINGLE_USE",
            GrantChange::NOT_SINGLE_USE.into(),
        ),
        ("WAYBILL_GRANT_REPLACED", GrantChange::REPLACED.into()),
        ("WAYBILL_GRANT_KEPT", GrantChange::KEPT.into()),
        ("WAYBILL_GRANT_GONE", GrantChange::GONE.into()),
        ("WAYBILL_FATE_HOST_DECIDES", GrantFate::HOST_DECIDES.into()),
        ("WAYBILL_FATE_UNHARMED", GrantFate::UNHARMED.into()),
        ("WAYBILL_FATE_REFUSED", GrantFate::REFUSED.into()),
        ("WAYBILL_FAIL_TRANSIENT", FailClass::TRANSIENT.into()),
        ("WAYBILL_FAIL_REJECTED", FailClass::REJECTED.into()),
        ("WAYBILL_FAIL_CONFIG", FailClass::CONFIG.into()),
        ("WAYBILL_FAIL_PROTOCOL", FailClass::PROTOCOL.into()),
        ("WAYBILL_FAIL_BUG", FailClass::BUG.into()),
        ("WAYBILL_FAIL_INTERACTION", FailClass::INTERACTION.into()),
        ("WAYBILL_REASON_FETCH", abi::Reason::FETCH.into()),
        ("WAYBILL_REASON_REFRESH", abi::Reason::REFRESH.into()),
        (
            "WAYBILL_REASON_UPSTREAM_REJECTED",
            abi::Reason::UPSTREAM_REJECTED.into(),
        ),
        ("WAYBILL_REASON_AUTH_CODE", abi::Reason::AUTH_CODE.into()),
        ("WAYBILL_REASON_REVOKE", abi::Reason::REVOKE.into()),
        (
            "WAYBILL_EVENT_HTTP_RESPONSE",
            EventKind::HTTP_RESPONSE.into(),
        ),
        ("WAYBILL_EVENT_HTTP_ERROR", EventKind::HTTP_ERROR.into()),
        ("WAYBILL_EVENT_TIMER", EventKind::TIMER.into()),
        ("WAYBILL_NET_OTHER", abi::Network::OTHER.into()),
        ("WAYBILL_NET_DNS", abi::Network::DNS.into()),
        ("WAYBILL_NET_CONNECT", abi::Network::CONNECT.into()),
        ("WAYBILL_NET_TLS", abi::Network::TLS.into()),
        ("WAYBILL_NET_TIMEOUT", abi::Network::TIMEOUT.into()),
        ("WAYBILL_NET_TOO_LARGE", abi::Network::TOO_LARGE.into()),
        ("WAYBILL_NET_DENIED", abi::Network::DENIED.into()),
    ];
    for (name, number) in numbers {
        writeln!(out, "const {name} {number}").unwrap();
    }
}
