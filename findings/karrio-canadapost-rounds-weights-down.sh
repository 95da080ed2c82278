#!/usr/bin/env bash
# karrio-canadapost declares a parcel lighter than it is.
#
# Package: karrio and karrio-canadapost 2026.1.32 (PyPI).
# Guess before the run: a weight is converted to kilograms with the three decimals that Canada Post's schema has.
# Seen: one decimal, rounded to the nearest, so up to 49 g disappear; below 50 g the number is not rounded at all.
#   0.544 KG -> 0.5    1.249 KG -> 1.2    66 LB (29.937 kg) -> 29.9    0.1 LB -> 0.045351473922902494
# A price is asked for a lighter parcel than the one that is posted; the difference comes later, as a correction.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check karrio==2026.1.32 karrio-canadapost==2026.1.32
cat > "$work/rate.py" <<'PY'
import re, sys
import karrio.sdk as karrio
from karrio.core.models import RateRequest

gateway = karrio.gateway["canadapost"].create(
    {"username": "user", "password": "pass", "customer_number": "1234567", "test_mode": True}
)

def place(city, state, postal):
    return {"person_name": "A", "address_line1": "1 Main St", "city": city, "state_code": state,
            "postal_code": postal, "country_code": "CA"}

def declared(weight, unit):
    request = RateRequest(
        shipper=place("Toronto", "ON", "M5V2T6"), recipient=place("Vancouver", "BC", "V6B1A1"),
        parcels=[{"weight": weight, "weight_unit": unit, "length": 10, "width": 8, "height": 6,
                  "dimension_unit": "CM", "packaging_type": "your_packaging"}],
    )
    body = str(gateway.mapper.create_rate_request(request).serialize())
    return re.search(r"<weight>([^<]*)</weight>", body).group(1)

expected = {(0.544, "KG"): "0.5", (1.249, "KG"): "1.2", (66, "LB"): "29.9", (0.1, "LB"): "0.045351473922902494"}
seen = {case: declared(*case) for case in expected}
for (weight, unit), text in seen.items():
    print(f"{weight} {unit} -> <weight>{text}</weight>")
sys.exit(0 if seen == expected else "the behaviour has changed")
PY
"$work/venv/bin/python" -W ignore "$work/rate.py" 2> "$work/log" || { tail -n 3 "$work/log" >&2; exit 1; }
