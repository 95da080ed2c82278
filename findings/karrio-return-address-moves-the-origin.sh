#!/usr/bin/env bash
# karrio ships from the return address: a parcel of New York leaves from Chicago for UPS, FedEx and USPS.
#
# Package: karrio with karrio-ups, karrio-fedex, karrio-usps, karrio-easypost, karrio-mydhl and karrio-canadapost, all
# 2026.1.32 (PyPI).
# Guess before the run: return_address says where an undeliverable parcel goes; the place from which it is sent, and so
# the price, stays the shipper's.
# Seen, for a shipper in New York (10001) and a return address in Chicago (60601), in the request for a label:
#   ups          ShipFrom 60601 (Shipper 10001)              no other field for it
#   fedex        origin 60601 (shipper 10001)                no other field for it
#   usps         packageDescription.inductionZIPCode 60601   returnAddress 60601 as well (fromAddress 10001)
#   easypost     from_address 10001                          return_address 60601
#   mydhl, canadapost                                        60601 is nowhere in the request
# UPS's API has ShipFrom for a pickup at another place than the shipper's, and USPS enters the mail at the induction ZIP
# code. The request for a price has no return address in karrio, so the shop is quoted from New York and gets a label
# from Chicago. With USPS, set the induction ZIP code in the request; with UPS and FedEx, leave the return address out.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
version=2026.1.32
"$work/venv/bin/pip" install --quiet --disable-pip-version-check karrio==$version karrio-ups==$version \
  karrio-fedex==$version karrio-usps==$version karrio-easypost==$version karrio-mydhl==$version \
  karrio-canadapost==$version
cat > "$work/ship.py" <<'PY'
import json, re, sys
import karrio.sdk as karrio
from karrio.core.models import ShipmentRequest

def place(city, state, postal, country):
    return {"person_name": "A", "company_name": "Shop", "address_line1": "1 Main St", "city": city, "state_code": state,
            "postal_code": postal, "country_code": country, "phone_number": "2125550100", "email": "a@example.com"}

parcel = {"weight": 1.0, "weight_unit": "LB", "length": 10, "width": 8, "height": 6, "dimension_unit": "IN",
          "packaging_type": "your_packaging"}
chicago = place("Chicago", "IL", "60601", "US")
states = place("New York", "NY", "10001", "US"), place("Boston", "MA", "02134", "US")
canada = place("Toronto", "ON", "M5H1A1", "CA"), place("Ottawa", "ON", "K1A0B1", "CA")
oauth = {"client_id": "id", "client_secret": "secret", "account_number": "A1B2C3"}
login = {"username": "user", "password": "pass"}

def paths(value, path=""):
    if isinstance(value, (dict, list)):
        for key, member in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(member, f"{path}.{key}" if isinstance(value, dict) else path)
    elif "60601" in str(value):
        yield re.sub(r"^\.(data\.shipment|ShipmentRequest\.Shipment|requestedShipment)?\.?", "", path)

cases = [
    ("ups", "ups_ground", oauth, states, ["ShipFrom.Address.PostalCode"]),
    ("fedex", "fedex_ground", {"api_key": "key", "secret_key": "secret", "account_number": "1"}, states,
     ["origin.address.postalCode"]),
    ("usps", "usps_ground_advantage", oauth, states, ["packageDescription.inductionZIPCode", "returnAddress.ZIPCode"]),
    ("easypost", "easypost_ups_ground", {"api_key": "key"}, states, ["return_address.zip"]),
    ("mydhl", "mydhl_express_worldwide", {**login, "account_number": "1"}, states, []),
    ("canadapost", "canadapost_expedited_parcel", {**login, "customer_number": "1", "contract_id": "2"}, canada, []),
]
changed = False
for carrier, service, credentials, (sender, receiver), expected in cases:
    shipment = ShipmentRequest(service=service, shipper={**sender}, recipient={**receiver}, parcels=[{**parcel}],
                               payment={"paid_by": "sender"}, return_address={**chicago})
    gateway = karrio.gateway[carrier].create({**credentials, "test_mode": True})
    request = gateway.mapper.create_shipment_request(shipment).serialize()
    seen = sorted(set(paths(json.loads(json.dumps(request, default=str)))))
    print(f"{carrier:12}{', '.join(seen) or '-'}")
    changed |= seen != expected
sys.exit("the behaviour has changed" if changed else 0)
PY
"$work/venv/bin/python" -W ignore "$work/ship.py" 2> "$work/log" || { tail -n 3 "$work/log" >&2; exit 1; }
