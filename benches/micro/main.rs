//! The hot paths one by one: `cargo bench -p benches`. Figures are times; on a busy machine, trust the
//! instruction counts of `cargo xtask bench gate` instead.

use benches::cases;
use criterion::{Criterion, criterion_group, criterion_main};
use gateway_model::{CredentialState, CredentialView};
use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

fn hot_paths(criterion: &mut Criterion) {
    for make in cases::all() {
        let mut case = make();
        criterion.bench_function(&case.name, |bencher| bencher.iter(|| (case.run)()));
    }
}

/// One reader is measured while others read too, with and without a storm of publications.
fn credential_view(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("credential view");
    for readers in [1, 2, 4] {
        for storm in [false, true] {
            let name = format!(
                "{readers} readers{}",
                if storm {
                    ", 1,000 publications a second"
                } else {
                    ""
                }
            );
            group.bench_function(name, |bencher| {
                let cell = cases::cell();
                let stop = AtomicBool::new(false);
                thread::scope(|scope| {
                    for _ in 1..readers {
                        scope.spawn(|| {
                            let mut view = CredentialView::new(Arc::clone(&cell));
                            while !stop.load(Ordering::Relaxed) {
                                black_box(view.current());
                            }
                        });
                    }
                    if storm {
                        scope.spawn(|| {
                            while !stop.load(Ordering::Relaxed) {
                                cell.publish(CredentialState::Usable(cases::usable(2)));
                                thread::sleep(Duration::from_millis(1));
                            }
                        });
                    }
                    let mut view = CredentialView::new(Arc::clone(&cell));
                    bencher.iter(|| {
                        black_box(view.current());
                    });
                    stop.store(true, Ordering::Relaxed);
                });
            });
        }
    }
    group.finish();
}

fn short() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
}

criterion_group! { name = micro; config = short(); targets = hot_paths, credential_view }
criterion_main!(micro);
