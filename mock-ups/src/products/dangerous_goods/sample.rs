//! A sample of chemical reference data: a dozen substances out of some three thousand.
//!
//! Numbers, names and classes are those of the regulations. The limits are simplified, and nobody may ship by them.

/// What the regulations say of a substance.
#[derive(Debug)]
pub(super) struct Chemical {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) class: &'static str,
    pub(super) group: &'static str,
    /// Of the quantities: `L` or `KG`.
    pub(super) unit: &'static str,
    pub(super) needs_technical_name: bool,
    /// The transport category of ADR.
    pub(super) category: u8,
    pub(super) tunnel: &'static str,
    /// The limits of a package: limited quantity, passenger aircraft, cargo aircraft, ground. `None`: forbidden.
    limits: [Option<Limit>; 4],
}

/// A quantity and the packing instruction.
type Limit = (u32, &'static str);

/// The names of the limits, in the order of [`Chemical::limits`].
pub(super) const MODES: [&str; 4] = ["LTD QTY", "PAX", "CAO", "GND"];

/// The regulation sets.
pub(super) const REGULATIONS: [&str; 3] = ["ADR", "49CFR", "IATA"];

const fn chemical(
    id: &'static str,
    name: &'static str,
    [class, group, unit, tunnel]: [&'static str; 4],
    category: u8,
    limits: [Option<Limit>; 4],
) -> Chemical {
    Chemical {
        id,
        name,
        class,
        group,
        unit,
        needs_technical_name: false,
        category,
        tunnel,
        limits,
    }
}

impl Chemical {
    const fn with_technical_name(mut self) -> Self {
        self.needs_technical_name = true;
        self
    }

    pub(super) fn limit(&self, mode: &str) -> Option<Limit> {
        let index = MODES.iter().position(|known| *known == mode)?;
        self.limits[index]
    }

    /// What a quantity of it counts under ADR.
    pub(super) const fn multiplier(&self) -> u32 {
        match self.category {
            1 => 50,
            2 => 3,
            3 => 1,
            _ => 0,
        }
    }

    /// Whether it may go by this regulation set: IATA is air only.
    pub(super) fn limits_of(&self, regulation: &str) -> Vec<(&'static str, Limit)> {
        let is_air = regulation == "IATA";
        let modes = MODES.iter().zip(self.limits);
        let fits = |mode: &str| match mode {
            "PAX" | "CAO" => is_air,
            "GND" => !is_air,
            _ => true,
        };
        let limits = modes.filter(|(mode, _)| fits(mode));
        limits
            .filter_map(|(mode, limit)| Some((*mode, limit?)))
            .collect()
    }
}

const FLAMMABLE: [Option<Limit>; 4] = [
    Some((1, "Y341")),
    Some((5, "353")),
    Some((60, "364")),
    Some((450, "P001")),
];
const LESS_FLAMMABLE: [Option<Limit>; 4] = [
    Some((10, "Y344")),
    Some((60, "355")),
    Some((220, "366")),
    Some((450, "P001")),
];

pub(super) static CHEMICALS: [Chemical; 13] = [
    chemical("UN1090", "ACETONE", ["3", "II", "L", "(D/E)"], 2, FLAMMABLE),
    chemical(
        "UN1170",
        "ETHANOL SOLUTION",
        ["3", "II", "L", "(D/E)"],
        2,
        FLAMMABLE,
    ),
    chemical(
        "UN1203",
        "GASOLINE",
        ["3", "II", "L", "(D/E)"],
        2,
        FLAMMABLE,
    ),
    chemical(
        "UN1263",
        "PAINT",
        ["3", "III", "L", "(D/E)"],
        3,
        LESS_FLAMMABLE,
    ),
    chemical(
        "UN1266",
        "PERFUMERY PRODUCTS",
        ["3", "II", "L", "(D/E)"],
        2,
        FLAMMABLE,
    ),
    chemical(
        "UN1845",
        "CARBON DIOXIDE, SOLID",
        ["9", "", "KG", ""],
        4,
        [
            None,
            Some((200, "954")),
            Some((200, "954")),
            Some((450, "P003")),
        ],
    ),
    chemical(
        "UN1950",
        "AEROSOLS, FLAMMABLE",
        ["2.1", "", "KG", "(D)"],
        2,
        [
            Some((30, "Y203")),
            Some((75, "203")),
            Some((150, "203")),
            Some((450, "P207")),
        ],
    ),
    chemical(
        "UN1993",
        "FLAMMABLE LIQUID, N.O.S.",
        ["3", "II", "L", "(D/E)"],
        2,
        FLAMMABLE,
    )
    .with_technical_name(),
    chemical(
        "UN2621",
        "ACETYL METHYL CARBINOL",
        ["3", "III", "L", "(D/E)"],
        3,
        LESS_FLAMMABLE,
    ),
    chemical(
        "UN2794",
        "BATTERIES, WET, FILLED WITH ACID",
        ["8", "", "KG", "(E)"],
        3,
        [
            None,
            Some((30, "870")),
            Some((400, "870")),
            Some((450, "P801")),
        ],
    ),
    chemical(
        "UN3077",
        "ENVIRONMENTALLY HAZARDOUS SUBSTANCE, SOLID, N.O.S.",
        ["9", "III", "KG", "(-)"],
        3,
        [
            Some((30, "Y956")),
            Some((400, "956")),
            Some((400, "956")),
            Some((400, "P002")),
        ],
    )
    .with_technical_name(),
    chemical(
        "UN3480",
        "LITHIUM ION BATTERIES",
        ["9", "", "KG", "(E)"],
        2,
        [None, None, Some((35, "965")), Some((333, "P903"))],
    ),
    chemical(
        "UN3481",
        "LITHIUM ION BATTERIES PACKED WITH EQUIPMENT",
        ["9", "", "KG", "(E)"],
        2,
        [
            None,
            Some((5, "966")),
            Some((35, "966")),
            Some((333, "P903")),
        ],
    ),
];

/// The substance with a number.
pub(super) fn by_id(id: &str) -> Option<&'static Chemical> {
    CHEMICALS
        .iter()
        .find(|known| known.id.eq_ignore_ascii_case(id.trim()))
}
