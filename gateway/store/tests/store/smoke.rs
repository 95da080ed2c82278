//! smoke
use crate::records::*;
use gateway_store::*;

#[tokio::test]
async fn smoke() {
    let dir = tempfile::tempdir().unwrap();
    for url in [
        StoreUrl::Memory,
        StoreUrl::Sqlite(dir.path().join("a b%.db")),
    ] {
        let key = match &url {
            StoreUrl::Memory => MasterKeySource::Ephemeral,
            _ => MasterKeySource::File(dir.path().join("key")),
        };
        let o = StoreOptions {
            url,
            master_key: key,
            old_keys: vec![],
        };
        let s = Store::open(&o, Access::Exclusive).await.unwrap();
        s.add_account(&account("main")).await.unwrap();
        let v = s
            .replace_grant(&id("main"), &completion(GrantStatus::Held, "1"), NOW)
            .await
            .unwrap();
        s.record_intent(&id("main"), v, Presentation::Ordinary, &intent("i"))
            .await
            .unwrap();
        let v = s
            .complete(
                &id("main"),
                v,
                Some("i"),
                &completion(GrantStatus::Held, "2"),
                &entry("main", "issued"),
            )
            .await
            .unwrap();
        assert_eq!(v, 2);
        s.put_app(&app("shop", &["main"])).await.unwrap();
        s.add_consent(&consent(1, "main")).await.unwrap();
        assert!(matches!(
            s.take_consent(&SecretDigest([1; 32]), NOW).await.unwrap(),
            TakenConsent::Fresh(_)
        ));
        assert!(matches!(
            s.take_consent(&SecretDigest([1; 32]), NOW).await.unwrap(),
            TakenConsent::Used
        ));
        let a = s.audit_begin(NOW, "a", "b", "c", "{}").await.unwrap();
        s.audit_end(a, "ok").await.unwrap();
        assert_eq!(s.accounts().await.unwrap().len(), 1);
        assert!(s.remove_account(&id("main")).await.unwrap());
        if s.kind() == "sqlite" {
            for e in std::fs::read_dir(dir.path()).unwrap() {
                let e = e.unwrap();
                println!("{:?} {:?}", e.path(), e.metadata().unwrap());
            }
        }
        s.close().await;
    }
}
