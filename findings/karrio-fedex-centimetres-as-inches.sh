#!/usr/bin/env bash
# karrio-fedex sends centimetres to FedEx under the label "IN".
#
# Package: karrio and karrio-fedex 2026.1.32 (PyPI).
# Guess before the run: a parcel of 2.5 KG and 10 x 8 x 6 CM either stays metric or is converted as a whole.
# Seen: the weight stays in KG, the numbers of the dimensions stay as they are, and their unit becomes IN.
#   dimensions {"height": 6.0, "length": 10.0, "units": "IN", "width": 8.0}
#   weight     {"units": "KG", "value": 2.5}
# The volume that FedEx rates is therefore 16.4 times the parcel's volume. The same size sent with a weight in grams
# is converted properly (3.94 IN). A shop that compares carriers sees FedEx as too expensive, and no error is raised.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check karrio==2026.1.32 karrio-fedex==2026.1.32
cat > "$work/rate.py" <<'PY'
import json, sys
import karrio.sdk as karrio
from karrio.core.models import RateRequest

gateway = karrio.gateway["fedex"].create(
    {"api_key": "key", "secret_key": "secret", "account_number": "123456789", "test_mode": True}
)

def place(city, state, postal):
    return {"person_name": "A", "address_line1": "1 Main St", "city": city, "state_code": state,
            "postal_code": postal, "country_code": "US"}

def line(weight, unit):
    parcel = {"weight": weight, "weight_unit": unit, "length": 10, "width": 8, "height": 6,
              "dimension_unit": "CM", "packaging_type": "your_packaging"}
    request = RateRequest(shipper=place("New York", "NY", "10001"),
                          recipient=place("Los Angeles", "CA", "90012"), parcels=[parcel])
    body = gateway.mapper.create_rate_request(request).serialize()
    body = json.loads(body) if isinstance(body, str) else body
    return body["requestedShipment"]["requestedPackageLineItems"][0]

kilograms, grams = line(2.5, "KG"), line(2500, "G")
for name, item in (("2.5 KG, 10 x 8 x 6 CM", kilograms), ("2500 G, 10 x 8 x 6 CM", grams)):
    print(name, "->", json.dumps(item["weight"], sort_keys=True), json.dumps(item["dimensions"], sort_keys=True))
as_seen = (kilograms["weight"] == {"units": "KG", "value": 2.5}
           and kilograms["dimensions"] == {"length": 10.0, "width": 8.0, "height": 6.0, "units": "IN"}
           and grams["dimensions"]["length"] == 3.94)
sys.exit(0 if as_seen else "the behaviour has changed")
PY
"$work/venv/bin/python" -W ignore "$work/rate.py" 2> "$work/log" || { tail -n 3 "$work/log" >&2; exit 1; }
