use super::*;
use axum::response::IntoResponse as _;
use http::StatusCode;
use tokio::sync::oneshot;

/// A change that is half done is worse than one that nobody heard the end of.
#[tokio::test]
async fn work_goes_on_when_the_caller_hangs_up() {
    let tasks = TaskTracker::new();
    let (go, gone) = oneshot::channel::<()>();
    let (done, ended) = oneshot::channel();
    let call = finish(&tasks, async {
        let _ = gone.await;
        done.send(()).expect("somebody waits");
        StatusCode::OK.into_response()
    });
    assert!(timeout(Duration::ZERO, call).await.is_err());
    go.send(()).expect("it waits");
    assert_eq!(ended.await, Ok(()));
    tasks.close();
    tasks.wait().await;
}

#[tokio::test(start_paused = true)]
async fn work_that_takes_too_long_is_answered_for() {
    let tasks = TaskTracker::new();
    let late = finish(&tasks, std::future::pending()).await;
    let late = late.expect_err("it never ends");
    assert_eq!(late.status(), StatusCode::GATEWAY_TIMEOUT);
}

#[tokio::test]
async fn defect_of_a_handler_is_an_answer() {
    let defect = finish(&TaskTracker::new(), async { panic!("planted") }).await;
    let response = defect.expect_err("it panics").into_response();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let body = to_bytes(response.into_body(), 1000).await.expect("a body");
    assert!(!String::from_utf8_lossy(&body).contains("planted"));
}

#[tokio::test(start_paused = true)]
async fn content_that_does_not_arrive_is_not_waited_for() {
    let stalled = stalled_body();
    let request = Request::builder().body(stalled).expect("a request");
    let error = buffer(request, MAX_BODY).await.expect_err("it never ends");
    assert_eq!(error.detail().code, "slow_content");
}

/// A content of which nothing ever comes.
fn stalled_body() -> Body {
    struct Stalled;
    impl hyper::body::Body for Stalled {
        type Data = axum::body::Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
            std::task::Poll::Pending
        }
    }
    Body::new(Stalled)
}
