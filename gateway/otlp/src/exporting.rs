//! Which lines of the log are about an export.

tokio::task_local! {
    static EXPORTING: ();
}

/// Whether the caller is the task of an exporter. A line of the log that is written there is not exported: the export
/// would write the next one.
pub fn is_exporting() -> bool {
    EXPORTING.try_with(|()| ()).is_ok()
}

/// Runs a task of an exporter. It makes its requests itself, so their lines are written in it, too.
pub(crate) async fn exporting(task: impl Future<Output = ()>) {
    EXPORTING.scope((), task).await;
}
