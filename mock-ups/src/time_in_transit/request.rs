//! The flat body of a time-in-transit request.

use serde::Deserialize;

use crate::liberal::Text;

/// The members that change the answer or are repeated in it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Request<'a> {
    #[serde(borrow)]
    pub(super) origin_country_code: Text<'a>,
    #[serde(borrow)]
    pub(super) origin_state_province: Text<'a>,
    #[serde(borrow)]
    pub(super) origin_city_name: Text<'a>,
    #[serde(borrow)]
    pub(super) origin_postal_code: Text<'a>,
    #[serde(borrow)]
    pub(super) destination_country_code: Text<'a>,
    #[serde(borrow)]
    pub(super) destination_state_province: Text<'a>,
    #[serde(borrow)]
    pub(super) destination_city_name: Text<'a>,
    #[serde(borrow)]
    pub(super) destination_postal_code: Text<'a>,
    #[serde(borrow)]
    pub(super) residential_indicator: Text<'a>,
    #[serde(borrow)]
    pub(super) ship_date: Text<'a>,
    #[serde(borrow)]
    pub(super) ship_time: Text<'a>,
    #[serde(borrow)]
    pub(super) weight: Text<'a>,
    #[serde(borrow)]
    pub(super) weight_unit_of_measure: Text<'a>,
    #[serde(borrow)]
    pub(super) shipment_contents_value: Text<'a>,
    #[serde(borrow)]
    pub(super) shipment_contents_currency_code: Text<'a>,
    #[serde(borrow)]
    pub(super) bill_type: Text<'a>,
}
