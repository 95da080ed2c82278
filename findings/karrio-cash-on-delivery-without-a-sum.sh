#!/usr/bin/env bash
# karrio tells UPS to collect "None" dollars on delivery, and FedEx and USPS to collect without a sum.
#
# Package: karrio with karrio-ups, karrio-fedex, karrio-usps, karrio-canadapost, karrio-dhl-express and
# karrio-dhl-parcel-de, all 2026.1.32 (PyPI).
# Guess before the run: with cash_on_delivery=47.11 every carrier collects 47.11, or an error says that it does not.
# Seen, in the request for a shipment:
#   ups                       COD, MonetaryValue "None"
#   fedex                     COD among the special services of package and shipment, no sum anywhere
#   usps                      extra service 915 (collect on delivery), no sum anywhere
#   canadapost, dhl_express   47.11
#   dhl_parcel_de             47.11, without a currency
# The carrier's own names of the option, ups_cod and fedex_cod, give the same. karrio-ups keeps the option under the
# name ups_cod and reads the sum from cash_on_delivery, which is empty by then; Python writes None. A price is asked for
# in the same way. UPS's API requires an amount there. Write the sum into the request yourself, or ask without karrio.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
version=2026.1.32
"$work/venv/bin/pip" install --quiet --disable-pip-version-check karrio==$version karrio-ups==$version \
  karrio-fedex==$version karrio-usps==$version karrio-canadapost==$version karrio-dhl-express==$version \
  karrio-dhl-parcel-de==$version
cat > "$work/collect.py" <<'PY'
import json, re, sys
import karrio.sdk as karrio
from karrio.core.models import ShipmentRequest

def place(city, state, postal, country):
    return {"person_name": "A", "company_name": "Shop", "address_line1": "1 Main St", "city": city, "state_code": state,
            "postal_code": postal, "country_code": country, "phone_number": "2125550100", "email": "a@example.com"}

parcel = {"weight": 1.0, "weight_unit": "LB", "length": 10, "width": 8, "height": 6, "dimension_unit": "IN",
          "packaging_type": "your_packaging"}
states = place("New York", "NY", "10001", "US"), place("Boston", "MA", "02134", "US")
canada = place("Toronto", "ON", "M5H1A1", "CA"), place("Ottawa", "ON", "K1A0B1", "CA")
germany = place("Berlin", "BE", "10115", "DE"), place("Bonn", "NW", "53113", "DE")
oauth = {"client_id": "id", "client_secret": "secret"}
login = {"username": "user", "password": "pass"}

def body(carrier, service, credentials, places, options):
    sender, receiver = ({**place} for place in places)
    shipment = ShipmentRequest(service=service, shipper=sender, recipient=receiver, parcels=[{**parcel}],
                               payment={"paid_by": "sender"}, options=options)
    gateway = karrio.gateway[carrier].create({**credentials, "test_mode": True})
    request = gateway.mapper.create_shipment_request(shipment).serialize()
    return request if isinstance(request, str) else json.dumps(request, default=str)

ups = ("ups", "ups_ground", {**oauth, "account_number": "A1B2C3"}, states)
fedex = ("fedex", "fedex_ground", {"api_key": "key", "secret_key": "secret", "account_number": "1"}, states)
usps = ("usps", "usps_ground_advantage", {**oauth, "account_number": "A1B2C3"}, states)
canadapost = ("canadapost", "canadapost_expedited_parcel", {**login, "customer_number": "1", "contract_id": "2"},
              canada)
express = ("dhl_express", "dhl_express_worldwide_nondoc",
           {"site_id": "site", "password": "pass", "account_number": "1"}, states)
parcel_de = ("dhl_parcel_de", "dhl_parcel_de_paket", {**login, **oauth}, germany)
cases = [  # the shipment, the option, what asks for the collection, whether the sum of 47.11 is in the request
    (ups, "cash_on_delivery", r'"COD": {"CODAmount": {"MonetaryValue": "None"}', False),
    (ups, "ups_cod", r'"COD": {"CODAmount": {"MonetaryValue": "None"}', False),
    (fedex, "cash_on_delivery", r'"specialServiceTypes": \["COD"\]', False),
    (fedex, "fedex_cod", r'"specialServiceTypes": \["COD"\]', False),
    (usps, "cash_on_delivery", r'"extraServices": \[915\]', False),
    (canadapost, "cash_on_delivery", r"<option-code>COD</option-code>", True),
    (express, "cash_on_delivery", r"<SpecialServiceType>KB</SpecialServiceType>", True),
    (parcel_de, "cash_on_delivery", r'"cashOnDelivery": {"value": 47.11}', True),
]
changed = False
for carrier, option, pattern, expected in cases:
    request = body(*carrier, {option: 47.11})
    found, sum_there = re.findall(pattern, request), "47.11" in request
    print(f"{carrier[0]:14}{option:17} sum in the request: {sum_there!s:6} {found[0] if found else '-'}")
    changed |= not found or sum_there != expected or body(*carrier, {}) == request
sys.exit("the behaviour has changed" if changed else 0)
PY
"$work/venv/bin/python" -W ignore "$work/collect.py" 2> "$work/log" || { tail -n 3 "$work/log" >&2; exit 1; }
