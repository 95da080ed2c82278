//! A sample of the fields that customs want.

use serde_json::{Value, json};

/// Fields that belong to one regulation of a country.
pub(super) struct Group {
    pub(super) key: &'static str,
    pub(super) country: &'static str,
    country_name: &'static str,
    /// `Import` or `Export`.
    pub(super) movement: &'static str,
    pub(super) regulation: &'static str,
    details: &'static str,
    /// How the codes of the goods begin.
    pub(super) chapters: &'static [&'static str],
    pub(super) fields: &'static [Field],
}

/// One field.
pub(super) struct Field {
    pub(super) key: &'static str,
    label: &'static str,
    pub(super) is_required: bool,
    /// Characters at most.
    longest: usize,
    data_type: &'static str,
    pub(super) message: &'static str,
}

const fn field(
    key: &'static str,
    label: &'static str,
    is_required: bool,
    longest: usize,
    data_type: &'static str,
) -> Field {
    Field {
        key,
        label,
        is_required,
        longest,
        data_type,
        message: match data_type.as_bytes()[0] {
            b'N' => "Enter a number.",
            _ => "Enter a valid value.",
        },
    }
}

pub(super) const GROUPS: &[Group] = &[
    Group {
        key: "US-IMP-FDA",
        country: "US",
        country_name: "UNITED STATES OF AMERICA",
        movement: "Import",
        regulation: "FDA",
        details: "Food, medicine and cosmetics into the United States",
        chapters: &["04", "16", "20", "21", "22", "30", "33"],
        fields: &[
            field("ManNam", "Manufacturer Name", true, 50, "Text"),
            field("ManCou", "Manufacturer Country", true, 2, "Alphanumeric"),
            field("ProCod", "FDA Product Code", false, 7, "Alphanumeric"),
        ],
    },
    Group {
        key: "US-IMP-232",
        country: "US",
        country_name: "UNITED STATES OF AMERICA",
        movement: "Import",
        regulation: "232",
        details: "Steel and aluminium into the United States",
        chapters: &["72", "73", "76"],
        fields: &[
            field("SteCon", "Steel Content in Percent", true, 3, "Number"),
            field(
                "CouMel",
                "Country of Melt and Pour",
                true,
                2,
                "Alphanumeric",
            ),
        ],
    },
];

impl Field {
    pub(super) fn accepts(&self, value: &str) -> bool {
        let length = value.chars().count();
        let fits = match self.data_type {
            "Number" => value.bytes().all(|byte| byte.is_ascii_digit()),
            "Alphanumeric" => value.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            _ => true,
        };
        (1..=self.longest).contains(&length) && fits
    }

    fn shown(&self, order: usize) -> Value {
        json!({
            "sectionKey": self.key,
            "label": self.label,
            "order": order.to_string(),
            "tooltip": format!("Enter the {}.", self.label.to_lowercase()),
            "isRequired": if self.is_required { "Y" } else { "N" },
            "fieldType": "textbox",
            "allowedValueCount": 1,
            "validation": {
                "minLength": 1,
                "maxLength": self.longest,
                "errorMessage": self.message,
                "dataType": self.data_type,
            },
            "level": "Product",
            "includeOnInvoice": false,
        })
    }
}

impl Group {
    pub(super) fn shown(&self) -> Value {
        let fields = self.fields.iter().enumerate();
        let fields: Vec<Value> = fields
            .map(|(index, field)| field.shown(index + 1))
            .collect();
        json!({
            "countryCode": self.country,
            "countryName": self.country_name,
            "shipmentType": self.movement,
            "groupKey": self.key,
            "details": self.details,
            "regulation": self.regulation,
            "fields": fields,
        })
    }
}
