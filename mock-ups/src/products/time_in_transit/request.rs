//! The flat body of a time-in-transit request.

use crate::lenient::{Text, members};

/// The members that change the answer or are repeated in it.
#[derive(Debug, Default)]
pub(super) struct Request<'a> {
    pub(super) origin_country_code: Text<'a>,
    pub(super) origin_state_province: Text<'a>,
    pub(super) origin_city_name: Text<'a>,
    pub(super) origin_postal_code: Text<'a>,
    pub(super) destination_country_code: Text<'a>,
    pub(super) destination_state_province: Text<'a>,
    pub(super) destination_city_name: Text<'a>,
    pub(super) destination_postal_code: Text<'a>,
    pub(super) residential_indicator: Text<'a>,
    pub(super) ship_date: Text<'a>,
    pub(super) ship_time: Text<'a>,
    pub(super) weight: Text<'a>,
    pub(super) weight_unit_of_measure: Text<'a>,
    pub(super) shipment_contents_value: Text<'a>,
    pub(super) shipment_contents_currency_code: Text<'a>,
    pub(super) bill_type: Text<'a>,
    pub(super) number_of_packages: Text<'a>,
}

members!('a, Request<'a> {
    "originCountryCode" => origin_country_code,
    "originStateProvince" => origin_state_province,
    "originCityName" => origin_city_name,
    "originPostalCode" => origin_postal_code,
    "destinationCountryCode" => destination_country_code,
    "destinationStateProvince" => destination_state_province,
    "destinationCityName" => destination_city_name,
    "destinationPostalCode" => destination_postal_code,
    "residentialIndicator" => residential_indicator,
    "shipDate" => ship_date,
    "shipTime" => ship_time,
    "weight" => weight,
    "weightUnitOfMeasure" => weight_unit_of_measure,
    "shipmentContentsValue" => shipment_contents_value,
    "shipmentContentsCurrencyCode" => shipment_contents_currency_code,
    "billType" => bill_type,
    "numberOfPackages" => number_of_packages,
});
