//! Messages of plugins in the gateway's log.

/// Writes one message. The level is the ABI's; the text was cleaned.
pub(crate) fn write(plugin: &str, level: u32, text: &str) {
    match level {
        0 | 1 => tracing::error!(target: "waybill::plugin", plugin, "{text}"),
        2 => tracing::warn!(target: "waybill::plugin", plugin, "{text}"),
        3 => tracing::info!(target: "waybill::plugin", plugin, "{text}"),
        4 => tracing::debug!(target: "waybill::plugin", plugin, "{text}"),
        _ => tracing::trace!(target: "waybill::plugin", plugin, "{text}"),
    }
}
