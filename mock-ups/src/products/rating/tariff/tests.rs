use super::{Tariff, TariffError, Zone};
use crate::products::rating::service::Service;

const DEFAULT: &str = include_str!("../../../../tariffs/default.toml");

#[test]
fn bundled_tariffs_parse_and_never_fall_with_weight() {
    for name in ["default", "cie-2024-01"] {
        let tariff = Tariff::bundled(name).expect("bundled");
        assert_eq!(tariff.name(), name);
        for column in tariff.columns.iter().flatten() {
            assert!(column.windows(2).all(|pair| pair[0] <= pair[1]), "{name}");
        }
        let ground = Service::parse("03").expect("known");
        let near = tariff.base(ground, Zone(0), 1).expect("sold");
        let far = tariff.base(ground, Zone(6), 1).expect("sold");
        assert!(near < far, "{name}: {near} {far}");
    }
    assert!(matches!(Tariff::bundled("x"), Err(TariffError::Unknown(_))));
}

#[test]
fn points_are_joined_by_straight_lines() {
    let text = DEFAULT.replace("name = \"default\"", "name = \"mine\"")
        + "\n[[rates]]\nservice = \"M2\"\nzone = \"home\"\npoints = [[10, 10.00], [20, 20.01]]\n";
    let tariff = Tariff::from_toml(&text).expect("a tariff");
    let price = |pounds| {
        let service = Service::parse("M2").expect("known");
        tariff.base(service, Zone::named("home").expect("known"), pounds)
    };
    assert_eq!(price(0), Some(1000));
    assert_eq!(price(15), Some(1501));
    assert_eq!(price(150), Some(2001));
}

#[test]
fn broken_tariffs_are_refused_with_the_place() {
    let refuse = |from: &str, to: &str| {
        let text = DEFAULT.replacen(from, to, 1);
        assert_ne!(text, DEFAULT, "{from} is in the default tariff");
        Tariff::from_toml(&text).expect_err("refused").to_string()
    };
    assert!(refuse("name = ", "name ").contains("not TOML"));
    assert!(refuse("[fuel]", "[fuels]").contains("fuels"));
    assert!(refuse("rounding = \"up\"", "rounding = \"down\"").contains("nearest"));
    assert!(refuse("service = \"03\"", "service = \"99\"").contains("99"));
    assert!(refuse("zone = \"2\"", "zone = \"22\"").contains("no such zone"));
    assert!(refuse("miles = [150", "miles = [9000").contains("ascend"));
    assert!(refuse("points = [[0, ", "points = [[0, 99999.0], [0, ").contains("ascend"));
    assert!(refuse("[fuel]\nground = ", "[fuel]\nground = -").contains("out of range"));
}

#[test]
fn the_documented_example_is_a_tariff() {
    let guide = include_str!("../../../../../docs/mock-rating.md");
    let example = guide
        .split("```toml")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let tariff = Tariff::from_toml(example.expect("an example")).expect("it parses");
    assert_eq!(tariff.name(), "mine");
    let lane = tariff.quoted(Some(277), Some(328)).expect("quoted");
    assert_eq!(
        lane.modifier.as_ref().map(|modifier| modifier.amount),
        Some(-400)
    );
    assert_eq!(lane.prices[0].negotiated, Some(1200));
    assert_eq!(tariff.area(94110).map(|area| area.residential), Some(585));
    assert!(tariff.area(94111).is_none());
}
