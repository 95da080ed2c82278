//! What the forms of all signals share.

use crate::target::Resource;
use gateway_model::{Attribute, AttributeValue};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    resource::v1,
};
use std::time::{SystemTime, UNIX_EPOCH};

pub(super) fn resource(resource: &Resource) -> v1::Resource {
    let attributes = resource.iter();
    let attributes =
        attributes.map(|(name, value)| key_value(name, Value::StringValue(value.clone())));
    v1::Resource {
        attributes: attributes.collect(),
        ..v1::Resource::default()
    }
}

pub(super) fn scope(name: &str) -> InstrumentationScope {
    InstrumentationScope {
        name: name.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}

pub(super) fn attributes(attributes: &[Attribute]) -> Vec<KeyValue> {
    let attributes = attributes.iter().map(|(name, value)| {
        let value = match value {
            AttributeValue::Text(text) => Value::StringValue(text.clone().into_owned()),
            AttributeValue::Integer(number) => Value::IntValue(*number),
            AttributeValue::Bool(fact) => Value::BoolValue(*fact),
        };
        key_value(name, value)
    });
    attributes.collect()
}

pub(super) fn key_value(name: &str, value: Value) -> KeyValue {
    KeyValue {
        key: name.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

/// Nanoseconds since 1970. A time before that, or after the year 2554, is the epoch.
pub(super) fn nanos(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or_default()
}
