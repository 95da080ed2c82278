//! Every carrier: the real gateway with the carrier's real plugin, in front of the carrier's stand-in.
//!
//! A carrier is a row of `rows.rs`. The checks are the same for all of them, so a new carrier adds a row and
//! one line here.

mod checks;
mod karrio;
mod names;
mod rows;
mod slots;
mod world;

/// One test for each carrier, so that a failure names it.
macro_rules! carriers {
    ($($test:ident: $row:ident),* $(,)?) => {$(
        mod $test {
            use super::{checks, rows::$row};

            #[tokio::test]
            async fn call_arrives_with_a_fresh_credential() {
                checks::call_arrives_with_a_fresh_credential(&$row).await;
            }

            #[tokio::test]
            async fn rejected_credential_is_renewed_once() {
                checks::rejected_credential_is_renewed_once(&$row).await;
            }

            #[tokio::test]
            async fn foreign_account_number_starts_no_storm() {
                checks::foreign_account_number_starts_no_storm(&$row).await;
            }

            #[tokio::test]
            async fn wrong_secret_is_told_and_not_repeated() {
                checks::wrong_secret_is_told_and_not_repeated(&$row).await;
            }

            #[tokio::test]
            async fn odd_token_answer_does_not_replace_a_good_token() {
                checks::odd_token_answer_does_not_replace_a_good_token(&$row).await;
            }

            #[tokio::test]
            async fn odd_but_readable_token_answer_is_read() {
                checks::odd_but_readable_token_answer_is_read(&$row).await;
            }

            #[tokio::test]
            async fn doctor_makes_its_harmless_call() {
                checks::doctor_makes_its_harmless_call(&$row).await;
            }

            #[tokio::test]
            async fn app_gets_a_token_in_the_carriers_form() {
                checks::app_gets_a_token_in_the_carriers_form(&$row).await;
            }

            #[tokio::test]
            async fn app_calls_with_basic_authentication() {
                checks::app_calls_with_basic_authentication(&$row).await;
            }

            #[tokio::test]
            async fn mistake_names_the_line_and_the_carriers_word() {
                checks::mistake_names_the_line_and_the_carriers_word(&$row).await;
            }
        }
    )*};
}

carriers! {
    canada_post: CANADA_POST,
    dhl_ecommerce: DHL_ECOMMERCE,
    dhl_express: DHL_EXPRESS,
    dhl_parcel_de: DHL_PARCEL_DE,
    dpd: DPD,
    fedex: FEDEX,
    gls: GLS,
    usps: USPS,
    amazon_shipping: AMAZON_SHIPPING,
    hmac: HMAC,
    purolator: PUROLATOR,
    royal_mail: ROYAL_MAIL,
    static_header: STATIC_HEADER,
}
