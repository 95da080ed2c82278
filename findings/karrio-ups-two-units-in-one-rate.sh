#!/usr/bin/env bash
# karrio-ups names two units of weight in one rate request: pounds for the package, kilograms for the shipment.
#
# Package: karrio and karrio-ups 2026.1.32 (PyPI).
# Guess before the run: a parcel of 2.5 KG and 10 x 8 x 6 CM from a shipper in the US is sent in one system of units.
# Seen: the package is converted to LBS and IN, and ShipmentTotalWeight stays in KGS; its unit is described as "Dimension".
#   PackageWeight       LBS 5.51
#   ShipmentTotalWeight KGS 2.5
# Both figures are the same weight, so the request is valid. A check that compares the total with the sum of the packages
# (in a gateway, a mock or a log) must convert first, or it reports a difference of 3 for every metric parcel.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check karrio==2026.1.32 karrio-ups==2026.1.32
cat > "$work/rate.py" <<'PY'
import json, sys
import karrio.sdk as karrio
from karrio.core.models import RateRequest

gateway = karrio.gateway["ups"].create(
    {"client_id": "id", "client_secret": "secret", "account_number": "A1B2C3", "test_mode": True}
)

def place(city, state, postal):
    return {"person_name": "A", "address_line1": "1 Main St", "city": city, "state_code": state,
            "postal_code": postal, "country_code": "US"}

request = RateRequest(
    shipper=place("New York", "NY", "10001"), recipient=place("Los Angeles", "CA", "90012"),
    parcels=[{"weight": 2.5, "weight_unit": "KG", "length": 10, "width": 8, "height": 6,
              "dimension_unit": "CM", "packaging_type": "your_packaging"}],
)
body = gateway.mapper.create_rate_request(request).serialize()
body = json.loads(body) if isinstance(body, str) else body
shipment = body["RateRequest"]["Shipment"]
packages = shipment["Package"]
package = (packages[0] if isinstance(packages, list) else packages)["PackageWeight"]
total = shipment["ShipmentTotalWeight"]
for name, weight in (("PackageWeight", package), ("ShipmentTotalWeight", total)):
    print(f'{name:20}{weight["UnitOfMeasurement"]["Code"]} {weight["Weight"]}')
as_seen = ((package["UnitOfMeasurement"]["Code"], package["Weight"]) == ("LBS", "5.51")
           and (total["UnitOfMeasurement"]["Code"], total["Weight"]) == ("KGS", "2.5"))
sys.exit(0 if as_seen else "the behaviour has changed")
PY
"$work/venv/bin/python" -W ignore "$work/rate.py" 2> "$work/log" || { tail -n 3 "$work/log" >&2; exit 1; }
