//! What a package and a shipment cost by one service.

use super::job::{Parcel, RatingJob, Signature};
use super::service::{Class, Service};
use super::tariff::{Cents, DeliveryArea, QuotedLane, RateModifier, Tariff, Zone};

/// How services are priced on the lane of the job, looked up once for all of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LanePrices<'t> {
    zone: Zone,
    quoted: Option<&'t QuotedLane>,
    tariff: &'t Tariff,
    area: Option<&'t DeliveryArea>,
    /// Units of the currency for one dollar, in thousandths.
    factor: i64,
    /// Per mille off the base, for negotiated rates.
    discount: Option<i64>,
    modifier: Option<&'t RateModifier>,
}

/// How a service is priced on the lane of the job.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServicePrices<'t> {
    pub(crate) service: Service,
    pub(crate) class: Class,
    lane: LanePrices<'t>,
}

/// The charges of one package.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PackageCharges {
    pub(crate) base: Cents,
    pub(crate) area: Cents,
    pub(crate) residential: Cents,
    pub(crate) fuel: Cents,
    pub(crate) handling: Cents,
    pub(crate) large: Cents,
    pub(crate) declared: Cents,
    pub(crate) signature: Cents,
    pub(crate) cash_on_delivery: Cents,
    /// The negotiated base and the fuel on it.
    pub(crate) net_base: Cents,
    pub(crate) net_fuel: Cents,
}

impl PackageCharges {
    pub(crate) const fn transportation(&self) -> Cents {
        self.base + self.area + self.residential + self.fuel
    }

    pub(crate) const fn net_transportation(&self) -> Cents {
        self.net_base + self.area + self.residential + self.net_fuel
    }

    pub(crate) const fn options(&self) -> Cents {
        self.handling + self.large + self.declared + self.signature + self.cash_on_delivery
    }

    pub(crate) const fn total(&self) -> Cents {
        self.transportation() + self.options()
    }

    pub(crate) const fn net_total(&self) -> Cents {
        self.net_transportation() + self.options()
    }

    fn add(&mut self, other: &Self) {
        self.base += other.base;
        self.area += other.area;
        self.residential += other.residential;
        self.fuel += other.fuel;
        self.handling += other.handling;
        self.large += other.large;
        self.declared += other.declared;
        self.signature += other.signature;
        self.cash_on_delivery += other.cash_on_delivery;
        self.net_base += other.net_base;
        self.net_fuel += other.net_fuel;
    }
}

/// The charges of a shipment: those of its packages and its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ShipmentCharges {
    pub(crate) packages: PackageCharges,
    pub(crate) saturday_delivery: Cents,
    pub(crate) saturday_pickup: Cents,
    pub(crate) carbon_neutral: Cents,
    pub(crate) signature: Cents,
    pub(crate) return_label: Cents,
}

impl ShipmentCharges {
    pub(crate) const fn options(&self) -> Cents {
        self.packages.options()
            + self.saturday_delivery
            + self.saturday_pickup
            + self.carbon_neutral
            + self.signature
            + self.return_label
    }

    pub(crate) const fn total(&self) -> Cents {
        self.packages.transportation() + self.options()
    }

    pub(crate) const fn net_total(&self) -> Cents {
        self.packages.net_transportation() + self.options()
    }
}

/// What a return label costs that the shipper prints, in dollars and cents. A guess.
const RETURN_LABEL: Cents = 175;

impl<'t> LanePrices<'t> {
    pub(crate) fn of(
        job: &RatingJob<'_>,
        zone: Zone,
        tariff: &'t Tariff,
        discount: Option<i64>,
        factor: i64,
    ) -> Self {
        // A quoted lane wins over the tables: it is how a tariff reproduces a recorded answer to the cent.
        let quoted = tariff.quoted(job.from_prefix, job.to_prefix);
        // A lane's own delivery area stands for the ZIP tables, which need not know that destination.
        let area = match quoted.and_then(|lane| lane.area.as_ref()) {
            Some(area) => Some(area),
            None => job.to_zip.and_then(|zip| tariff.area(zip)),
        };
        let modifier = quoted
            .and_then(|lane| lane.modifier.as_ref())
            .or(tariff.rules.lane_balance.as_ref());
        Self {
            zone,
            quoted,
            tariff,
            area,
            factor,
            discount,
            // Modifiers change negotiated totals only.
            modifier: modifier.filter(|_| discount.is_some()),
        }
    }

    /// Whether negotiated rates are shown.
    pub(crate) const fn is_negotiated(&self) -> bool {
        self.discount.is_some()
    }

    /// The prices of a service; `None` when the tariff does not sell it there.
    pub(crate) fn service(
        &self,
        job: &RatingJob<'_>,
        service: Service,
    ) -> Option<ServicePrices<'t>> {
        let lane = *self;
        let mut prices = lane.quoted.into_iter().flat_map(|lane| &lane.prices);
        // A service that only the lane quotes has no column, and is sold all the same.
        let is_sold =
            prices.any(|price| price.service == service) || lane.tariff.sells(service, lane.zone);
        is_sold.then(|| ServicePrices {
            service,
            class: service.class(job.lane),
            lane,
        })
    }
}

impl<'t> ServicePrices<'t> {
    pub(crate) const fn zone(&self) -> Zone {
        self.lane.zone
    }

    pub(crate) const fn area(&self) -> Option<&'t DeliveryArea> {
        self.lane.area
    }

    pub(crate) const fn modifier(&self) -> Option<&'t RateModifier> {
        self.lane.modifier
    }

    /// Whether the answer shows negotiated rates.
    pub(crate) const fn is_negotiated(&self) -> bool {
        self.lane.is_negotiated()
    }

    /// The charges of one package.
    pub(crate) fn package(&self, job: &RatingJob<'_>, parcel: &Parcel<'_>) -> PackageCharges {
        let rules = &self.lane.tariff.rules;
        let residential = job.lane.residential;
        let options = PackageCharges {
            handling: self.convert(if parcel.additional_handling {
                rules.additional_handling.charge
            } else {
                0
            }),
            large: self.convert(match (parcel.large, residential) {
                (true, true) => rules.large_package.residential,
                (true, false) => rules.large_package.commercial,
                (false, _) => 0,
            }),
            declared: self.declared(parcel),
            signature: self.convert(self.signature(parcel.signature)),
            cash_on_delivery: self.convert(if parcel.cash_on_delivery {
                rules.cash_on_delivery
            } else {
                0
            }),
            ..PackageCharges::default()
        };
        // Simple rate is one price with everything in it: no fuel, no residential surcharge, no area.
        if let Some(size) = parcel.simple_rate.filter(|_| job.service.is_some()) {
            let base = rules.simple_rate.get(size).copied().unwrap_or_default();
            return PackageCharges {
                // Simple rates are published prices, so an account's discount does not touch them.
                base,
                net_base: base,
                ..options
            };
        }
        let quoted = self.quoted_price(parcel.pounds);
        // Rounded before the fuel is taken from it, as the answer shows the rounded base.
        let base = self.convert(match quoted {
            Some((price, _, _)) => price,
            None => self
                .lane
                .tariff
                .base(self.service, self.lane.zone, parcel.pounds)
                .unwrap_or_default(),
        });
        let fuel_percent = quoted.map_or_else(|| self.fuel_percent(), |(_, _, percent)| percent);
        let net_base = match (quoted.and_then(|(_, net, _)| net), self.lane.discount) {
            // A recorded net price is exact, a discount only approximates it.
            (Some(net), Some(_)) => self.convert(net),
            (_, Some(discount)) => base - per(base, discount, 1000),
            // Without a discount both totals must come out the same.
            (_, None) => base,
        };
        // Delivery area and residential surcharge are not discounted: in the recordings they are the same in both
        // totals.
        let area = self.lane.area.map_or(0, |area| {
            self.convert(if residential {
                area.residential
            } else {
                area.commercial
            })
        });
        let residential = if residential {
            self.convert(self.residential())
        } else {
            0
        };
        PackageCharges {
            base,
            area,
            residential,
            // Fuel is a share of base, area and residential surcharge together; options are free of it.
            fuel: per(base + area + residential, fuel_percent, 10_000),
            net_base,
            net_fuel: per(net_base + area + residential, fuel_percent, 10_000),
            ..options
        }
    }

    /// The charges of the shipment, given those of its packages.
    pub(crate) fn shipment(
        &self,
        job: &RatingJob<'_>,
        packages: &[PackageCharges],
    ) -> ShipmentCharges {
        let rules = &self.lane.tariff.rules;
        let when = |wanted: bool, charge: Cents| if wanted { self.convert(charge) } else { 0 };
        // Options are converted one by one, as each is a line of its own in the answer.
        let mut charges = ShipmentCharges {
            saturday_delivery: when(job.options.saturday_delivery, rules.saturday_delivery),
            saturday_pickup: when(job.options.saturday_pickup, rules.saturday_pickup),
            carbon_neutral: when(
                job.options.carbon_neutral,
                // Carbon neutrality is charged per package but listed at the shipment.
                rules.carbon_neutral[self.class.index()] * count(packages),
            ),
            signature: self.convert(self.signature(job.options.signature)),
            return_label: self.convert(if job.return_label { RETURN_LABEL } else { 0 }),
            ..ShipmentCharges::default()
        };
        for package in packages {
            charges.packages.add(package);
        }
        charges
    }

    /// Base, negotiated base and fuel percentage of a quoted lane.
    fn quoted_price(&self, pounds: usize) -> Option<(Cents, Option<Cents>, i64)> {
        let prices = &self.lane.quoted?.prices;
        let price = prices
            .iter()
            .find(|price| price.service == self.service && price.pounds == pounds)?;
        let fuel = price.fuel.unwrap_or_else(|| self.fuel_percent());
        Some((price.base, price.negotiated, fuel))
    }

    fn fuel_percent(&self) -> i64 {
        let quoted = self.lane.quoted.and_then(|lane| lane.fuel);
        quoted.unwrap_or(self.lane.tariff.rules.fuel)[self.class.index()]
    }

    fn residential(&self) -> Cents {
        let quoted = self.lane.quoted.and_then(|lane| lane.residential);
        quoted.unwrap_or(self.lane.tariff.rules.residential)[self.class.index()]
    }

    const fn signature(&self, wanted: Option<Signature>) -> Cents {
        match wanted {
            Some(Signature::Any) => self.lane.tariff.rules.signature,
            Some(Signature::Adult) => self.lane.tariff.rules.adult_signature,
            None => 0,
        }
    }

    /// The first dollars are free; then it goes by started hundreds.
    fn declared(&self, parcel: &Parcel<'_>) -> Cents {
        // The table is in dollars and the declared value in the shipment's currency.
        let rule = &self.lane.tariff.rules.declared_value;
        let dollars = parcel.declared_value * 1000 / self.lane.factor;
        if dollars <= rule.free_dollars * 100 {
            return 0;
        }
        // Every started hundred counts whole.
        let hundreds = (dollars + 9_999) / 10_000;
        self.convert((hundreds * rule.per_hundred).max(rule.minimum))
    }

    /// Dollars to the currency of the shipment.
    const fn convert(&self, dollars: Cents) -> Cents {
        // Most shipments are in dollars: no rounding step for them.
        if self.lane.factor == 1000 {
            dollars
        } else {
            per(dollars, self.lane.factor, 1000)
        }
    }
}

/// `amount * part / whole`, halves up.
const fn per(amount: Cents, part: i64, whole: i64) -> Cents {
    // Adding half before the division rounds halves up without floating point.
    (amount * part + whole / 2) / whole
}

/// The number of packages, which the checks keep small.
fn count(packages: &[PackageCharges]) -> i64 {
    i64::try_from(packages.len()).unwrap_or(i64::MAX)
}
