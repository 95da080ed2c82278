//! The mock's part of the load: one Shop request priced and written, without HTTP.

use super::case::Case;
use crate::ask::Ask;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use mock_ups::{
    api::{AccountView, ApiRequest, Caller, Environment, Product as _},
    products::rating::{Rating, Tariff},
};
use std::{hint::black_box, sync::Arc};

const PATH: &str = "/api/rating/v2409/Shop";

pub(super) fn shop() -> Case {
    let tariff = Tariff::bundled("default").expect("the default tariff parses");
    let rating = Rating::new(Arc::new(tariff));
    let account = AccountView {
        number: "A1B2C3".into(),
        negotiated_rates: true,
        discount_per_mille: 250,
    };
    let caller = Caller {
        own_numbers_only: false,
        known_numbers: Arc::default(),
        client_id: "mock-client".into(),
        user: "merchant".into(),
        accounts: [account].into(),
    };
    let headers = HeaderMap::new();
    let now: Timestamp = "2024-03-04T12:00:00Z".parse().expect("a time");
    let body = Ask::shop().body();
    Case {
        name: "mock: rating of a Shop request".to_owned(),
        run: Box::new(move || {
            let segments: Vec<&str> = PATH.split('/').skip(2).collect();
            let request = ApiRequest {
                transaction: "ciewssoas0000000000000",
                method: &Method::POST,
                path: PATH,
                segments: &segments,
                query: None,
                headers: &headers,
                body: &body,
                caller: &caller,
                environment: Environment::Cie,
                now,
            };
            let answer = rating.answer(black_box(&request)).expect("rating's path");
            assert!(answer.error.is_none(), "a success is measured");
        }),
    }
}
