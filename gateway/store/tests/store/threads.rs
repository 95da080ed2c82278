//! Every call can be made from a task that moves between threads.

fn is_send<T: Send>(_: T) {}
#[test]
fn futures_can_cross_threads() {
    let _ = |s: gateway_store::Store,
             p: gateway_model::Protection,
             a: gateway_store::AccountRecord,
             m: gateway_store::MasterKeySource,
             o: gateway_store::StoreOptions| {
        is_send(async move {
            let _ = gateway_store::Store::open(&o, gateway_store::Access::Gateway).await;
        });
        let t = s.clone();
        let p2 = p.clone();
        is_send(async move {
            let mut v: &[u8] = &[];
            let _ = t
                .restore(&mut v, &p2, gateway_store::Overwrite::Refuse)
                .await;
        });
        let t = s.clone();
        is_send(async move {
            let mut v = Vec::new();
            let _ = t
                .backup(&mut v, &p, gateway_store::Timestamp(0), &mut |_, _| {})
                .await;
        });
        let t = s.clone();
        is_send(async move {
            let _ = t.rotate_key(&m).await;
            let _ = t.update_account(&a).await;
            let _ = t.quarantined().await;
        });
    };
}
