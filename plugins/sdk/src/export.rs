//! From a type to a plugin.

/// Makes a loadable plugin of a [`crate::CarrierAuth`] type: the entry point, the table and the
/// manifest section. Once per library, in a package of its own whose only crate type is `cdylib`:
/// the macro needs `unsafe`, which the logic's package can then forbid.
///
/// ```ignore
/// plugins_sdk::export_plugin!(plugins_ups::Ups, manifest: plugins_ups::MANIFEST);
/// ```
#[macro_export]
macro_rules! export_plugin {
    ($auth:ty, manifest: $manifest:expr) => {
        #[used]
        #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__waybill_man"))]
        #[cfg_attr(
            not(target_vendor = "apple"),
            unsafe(link_section = ".waybill.manifest")
        )]
        static WAYBILL_MANIFEST: $crate::ManifestSection<{ $manifest.len() }> =
            $crate::ManifestSection::new($manifest);

        static WAYBILL_PLUGIN: $crate::abi::Plugin =
            $crate::boundary::table::<$auth>(WAYBILL_MANIFEST.json());

        /// The one symbol that the library exports.
        ///
        /// # Safety
        /// `host` is null or a host table that lives until the process ends.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn waybill_entry_v1(
            host: *const $crate::abi::Host,
        ) -> *const $crate::abi::Plugin {
            // SAFETY: passed on from this function's caller.
            unsafe { $crate::boundary::enter_library(host, &WAYBILL_PLUGIN) }
        }
    };
}

/// The plugin's table without a library, as `&'static abi::Plugin`: for tests in one process and for
/// gateways that have plugins compiled in. Panics stay guarded; the process's panic hook and
/// `tracing` subscriber are left alone. [`crate::boundary::attach`] hands it the host table.
#[macro_export]
macro_rules! static_plugin {
    ($auth:ty, manifest: $manifest:expr) => {{
        static WAYBILL_PLUGIN: $crate::abi::Plugin =
            $crate::boundary::table::<$auth>($manifest.as_bytes());
        &WAYBILL_PLUGIN
    }};
}
