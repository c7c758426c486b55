use std::net::Ipv4Addr;

use http::StatusCode;

use super::*;

async fn serving(function: Function) -> Server {
    // reqwest is built without a provider of cryptography.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let route =
        Route { method: "GET".to_owned(), path: "/".to_owned(), streams: false, authorized: false, timeout: None };
    let routes = vec![(route, Arc::new(function))];
    Server::start(listener, address, Parts { api: Api::default(), routes, limit: None, origin: None }).unwrap()
}

/// Of a function that Lambda ends before it has answered, API Gateway says that it failed.
#[tokio::test]
async fn lambda_ends_what_takes_too_long() {
    let server = serving(Function::doing(Duration::from_millis(20), |_| std::future::pending())).await;
    let response = reqwest::get(format!("http://{}", server.address())).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    server.stop().await;
}

/// What a function has spawned is nobody's to wait for, and must not outlive the sandbox either.
#[tokio::test]
async fn nothing_that_a_function_started_outlives_a_stop() {
    struct Ends(Option<oneshot::Sender<()>>);
    impl Drop for Ends {
        fn drop(&mut self) {
            let _ = self.0.take().map(|sender| sender.send(()));
        }
    }

    let (ended, mut on_end) = oneshot::channel();
    let ends = std::sync::Mutex::new(Some(Ends(Some(ended))));
    let server = serving(Function::doing(Duration::from_secs(60), move |_| {
        let ends = ends.lock().unwrap().take();
        tokio::spawn(async {
            let _ends = ends;
            std::future::pending::<()>().await;
        });
        async { lambda_runtime::FunctionResponse::BufferedResponse(Default::default()) }
    }))
    .await;
    let _ = reqwest::get(format!("http://{}", server.address())).await.unwrap();
    assert!(on_end.try_recv().is_err());
    server.stop().await;
    timeout(Duration::from_secs(10), on_end).await.unwrap().unwrap();
}
