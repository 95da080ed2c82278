#!/usr/bin/env bash
# karrio-ups cuts the last digits off a phone number, karrio-usps the first, and four connectors lose the suite number.
#
# Package: karrio with karrio-ups, karrio-fedex, karrio-usps, karrio-mydhl, karrio-canadapost and karrio-easypost, all
# 2026.1.32 (PyPI).
# Guess before the run: what is too long for a carrier is written shorter without a loss (the phone's punctuation goes,
# the address continues on its second line), or an error says so.
# Seen, in the request for a shipment:
#   typed                 ups                fedex             usps          mydhl
#   +1 (212) 555-0123     +1 (212) 555-01    +1(212)555-0123   12)5550123    as typed
#   +44 20 7946 0018      +44 20 7946 001    +442079460018     2079460018    as typed
#   address line 1 "The Old Granary Building, 123 Long Meadow Business Park, Suite 400", 66 characters, line 2 empty:
#   ups "The Old Granary Building, 123 L", fedex, canadapost and easypost "… Business Park, Suite", usps, mydhl as typed
# The number keeps its blanks and parentheses, and its end goes: 15 characters for UPS. USPS gets the last ten characters
# after blanks and hyphens are removed. The driver has a wrong number and no suite, and no error is raised. Format both
# for the carrier before you hand them to karrio: digits only, at most 35 characters in a line for UPS.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
version=2026.1.32
"$work/venv/bin/pip" install --quiet --disable-pip-version-check karrio==$version karrio-ups==$version \
  karrio-fedex==$version karrio-usps==$version karrio-mydhl==$version karrio-canadapost==$version karrio-easypost==$version
cat > "$work/ship.py" <<'PY'
import json, re, sys
import karrio.sdk as karrio
from karrio.core.models import ShipmentRequest

def place(city, state, postal, country, **more):
    return {"person_name": "A", "company_name": "Shop", "address_line1": "1 Main St", "city": city, "state_code": state,
            "postal_code": postal, "country_code": country, "phone_number": "8005550000", "email": "a@example.com", **more}

boston, ottawa = ("Boston", "MA", "02134", "US"), ("Ottawa", "ON", "K1A0B1", "CA")
oauth = {"client_id": "id", "client_secret": "secret", "account_number": "A1B2C3"}
login = {"username": "user", "password": "pass"}
carriers = {
    "ups": ("ups_ground", oauth, boston),
    "fedex": ("fedex_ground", {"api_key": "key", "secret_key": "secret", "account_number": "1"}, boston),
    "usps": ("usps_ground_advantage", oauth, boston),
    "mydhl": ("mydhl_express_worldwide", {**login, "account_number": "1"}, boston),
    "canadapost": ("canadapost_expedited_parcel", {**login, "customer_number": "1", "contract_id": "2"}, ottawa),
    "easypost": ("easypost_ups_ground", {"api_key": "key"}, boston),
}

def request(carrier, **receiver):
    service, credentials, city = carriers[carrier]
    parcel = {"weight": 1.0, "weight_unit": "LB", "length": 10, "width": 8, "height": 6, "dimension_unit": "IN",
              "packaging_type": "your_packaging"}
    shipment = ShipmentRequest(service=service, shipper=place(*city), recipient=place(*city, **receiver), parcels=[parcel],
                               payment={"paid_by": "sender"}, options={"currency": "USD"})
    gateway = karrio.gateway[carrier].create({**credentials, "test_mode": True})
    return json.dumps(gateway.mapper.create_shipment_request(shipment).serialize(), default=str)

def phone(carrier, typed):
    found = re.findall(r'"(?:[pP]hone(?:Number)?|Number)": "([^"]*)"', request(carrier, phone_number=typed))
    return sorted({number for number in found if "800" not in number and any(map(str.isdigit, number))})

line = "The Old Granary Building, 123 Long Meadow Business Park, Suite 400"

def first_line(carrier):
    return re.search(r"The Old Granary[^\"<\\]*", request(carrier, address_line1=line)).group(0)

numbers = {
    ("ups", "+1 (212) 555-0123"): "+1 (212) 555-01", ("ups", "+44 20 7946 0018"): "+44 20 7946 001",
    ("fedex", "+1 (212) 555-0123"): "+1(212)555-0123", ("fedex", "+44 20 7946 0018"): "+442079460018",
    ("usps", "+1 (212) 555-0123"): "12)5550123", ("usps", "+44 20 7946 0018"): "2079460018",
    ("mydhl", "+1 (212) 555-0123"): "+1 (212) 555-0123", ("mydhl", "+44 20 7946 0018"): "+44 20 7946 0018",
}
without_suite = line.removesuffix(" 400")
lines = {"ups": "The Old Granary Building, 123 L", "fedex": without_suite, "canadapost": without_suite,
         "easypost": without_suite, "usps": line, "mydhl": line}
changed = False
for (carrier, typed), expected in numbers.items():
    seen = phone(carrier, typed)
    print(f"{carrier:12}{typed}  ->  {' | '.join(seen)}")
    changed |= seen != [expected]
for carrier, expected in lines.items():
    print(f"{carrier:12}{first_line(carrier)}")
    changed |= first_line(carrier) != expected
sys.exit("the behaviour has changed" if changed else 0)
PY
"$work/venv/bin/python" -W ignore "$work/ship.py" 2> "$work/log" || { tail -n 3 "$work/log" >&2; exit 1; }
