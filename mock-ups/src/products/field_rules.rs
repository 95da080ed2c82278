//! What a member of a request must be, for all products in one table.
//!
//! A line says where the member is, what it must be and how UPS refuses it. A recording that shows another
//! length, code or text is a change of one line; a rule that holds on a condition names it.

use http::StatusCode;
use serde_json::Value;

use crate::api::UpsError;

mod european_union;
mod healthcare;
mod international;
mod landed_cost;
mod pickup;
mod pre_notification;
mod rule;
mod shipping;
mod smart_pickup;
mod usmca;

use rule::FieldRule;

/// The rules of creating a shipment.
pub(crate) const SHIPPING: &[FieldRule] = shipping::RULES;
/// The rules of a shipment's international forms.
pub(crate) const INTERNATIONAL_FORMS: &[FieldRule] = international::RULES;
/// What a shipment into the European Union may say.
pub(crate) const EUROPEAN_UNION: &[FieldRule] = european_union::RULES;
/// What UPS's file requires of a shipment into the European Union.
pub(crate) const EUROPEAN_UNION_REQUIRED: &[FieldRule] = european_union::REQUIRED;
/// What a USMCA certificate of origin may say.
pub(crate) const USMCA: &[FieldRule] = usmca::RULES;
/// What UPS's file requires of a USMCA certificate of origin.
pub(crate) const USMCA_REQUIRED: &[FieldRule] = usmca::REQUIRED;
/// The rules of a shipment of Home Healthcare.
pub(crate) const HEALTHCARE: &[FieldRule] = healthcare::RULES;
/// The rules of a pre-notification of dangerous goods.
pub(crate) const PRE_NOTIFICATION: &[FieldRule] = pre_notification::RULES;
/// The rules of creating a pickup.
pub(crate) const PICKUP: &[FieldRule] = pickup::RULES;
/// The rules of a Smart Pickup.
pub(crate) const SMART_PICKUP: &[FieldRule] = smart_pickup::RULES;
/// The rules of a quote of Landed Cost.
pub(crate) const LANDED_COST: &[FieldRule] = landed_cost::RULES;

/// Checks a body by rules, in their order: the first one that is broken is the answer.
pub(crate) fn check(rules: &[FieldRule], body: &Value) -> Result<(), UpsError> {
    let broken = rules.iter().find(|rule| rule.is_broken(body));
    match broken {
        Some(rule) => Err(UpsError::new(StatusCode::BAD_REQUEST, rule.code, rule.text)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::check;
    use super::rule::{FieldRule, Must, When, rule};

    fn broken(rule: FieldRule, body: &serde_json::Value) -> bool {
        check(&[rule], body).is_err()
    }

    #[test]
    fn lengths_count_characters_of_each_text() {
        let rule = || rule("A.Line", Must::BeAtMost(3), "1", "too long");
        assert!(!broken(rule(), &json!({"A": {"Line": ["äöü", ""]}})));
        assert!(broken(rule(), &json!({"A": {"Line": ["a", "abcd"]}})));
        assert!(broken(
            rule(),
            &json!({"A": [{"Line": "a"}, {"Line": "abcd"}]})
        ));
        assert!(broken(rule(), &json!({"A": {"Line": 1234}})));
        assert!(!broken(rule(), &json!({"B": {"Line": "abcd"}})));
    }

    #[test]
    fn presence_is_asked_of_parents_that_are_there() {
        let rule = || rule("A.B", Must::Exist, "1", "missing");
        assert!(broken(rule(), &json!({"A": {}})));
        assert!(broken(rule(), &json!({"A": {"B": " "}})));
        assert!(broken(rule(), &json!({"A": [{"B": 1}, {"B": []}]})));
        assert!(!broken(rule(), &json!({"A": ""})));
        assert!(!broken(rule(), &json!({})));
    }

    #[test]
    fn conditions_hold_rules_back() {
        let abroad =
            || rule("T.Phone", Must::Exist, "1", "missing").when(When::Abroad("F.C", "T.C"));
        assert!(!broken(
            abroad(),
            &json!({"F": {"C": "US"}, "T": {"C": "us"}})
        ));
        assert!(broken(
            abroad(),
            &json!({"F": {"C": "US"}, "T": {"C": "CA"}})
        ));
        let holds = || rule("F.P", Must::Exist, "1", "empty").when(When::Holds("A.B", "01"));
        assert!(broken(
            holds(),
            &json!({"F": {}, "A": [{"B": "02"}, {"B": "01"}]})
        ));
        assert!(!broken(holds(), &json!({"F": {}, "A": {"B": "02"}})));
        let no_item = || {
            let standard = When::NoItem("I", "T", "03");
            rule("F.P", Must::Exist, "1", "empty").when(standard)
        };
        assert!(broken(
            no_item(),
            &json!({"F": [{"P": 1}, {"I": [{"T": "01"}]}]})
        ));
        assert!(!broken(
            no_item(),
            &json!({"F": {"I": [{"T": "01"}, {"T": "03"}]}})
        ));
        let beside = || rule("F.P", Must::Exist, "1", "empty").when(When::Beside("Type", "01"));
        assert!(broken(beside(), &json!({"F": {"Type": "01", "P": []}})));
        assert!(!broken(beside(), &json!({"F": {"Type": "07"}})));
    }
}
