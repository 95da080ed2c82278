#!/usr/bin/env bash
# karrio ships today with UPS if the date is in shipment_date, and with EasyPost if it is in shipping_date.
#
# Package: karrio with karrio-ups, karrio-fedex, karrio-easypost, karrio-dhl-parcel-de and karrio-mydhl, all 2026.1.32
# (PyPI).
# Guess before the run: the two options are two spellings of one date, for each carrier, for a price and for a label.
# Seen, for shipment_date "2031-12-03" and for shipping_date "2031-12-03T10:00":
#                           shipment_date           shipping_date
#   ups, price              3 December              3 December
#   ups, shipment           today                   3 December
#   dhl_parcel_de           today                   3 December
#   easypost, both          3 December              no date, so it is today
#   fedex, both             3 December              3 December
#   mydhl                   3 December              3 December, 00:00:00 GMT+00:00: the hour is lost
# With UPS, the price and the transit time are of the 3rd, and the label is of today. Set both options.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
version=2026.1.32
"$work/venv/bin/pip" install --quiet --disable-pip-version-check karrio==$version karrio-ups==$version \
  karrio-fedex==$version karrio-easypost==$version karrio-dhl-parcel-de==$version karrio-mydhl==$version
cat > "$work/date.py" <<'PY'
import json, re, sys
import karrio.sdk as karrio
from karrio.core.models import RateRequest, ShipmentRequest

def place(city, state, postal, country):
    return {"person_name": "A", "company_name": "Shop", "address_line1": "1 Main St", "city": city, "state_code": state,
            "postal_code": postal, "country_code": country, "phone_number": "2125550100", "email": "a@example.com"}

parcel = {"weight": 1.0, "weight_unit": "LB", "length": 10, "width": 8, "height": 6, "dimension_unit": "IN",
          "packaging_type": "your_packaging"}
states = place("New York", "NY", "10001", "US"), place("Boston", "MA", "02134", "US")
germany = place("Berlin", "BE", "10115", "DE"), place("Bonn", "NW", "53113", "DE")
oauth = {"client_id": "id", "client_secret": "secret"}
login = {"username": "user", "password": "pass"}

def dates(price, carrier, service, credentials, places, options):
    sender, receiver = ({**place} for place in places)
    gateway = karrio.gateway[carrier].create({**credentials, "test_mode": True})
    shared = {"shipper": sender, "recipient": receiver, "parcels": [{**parcel}], "options": options}
    if price:
        request = gateway.mapper.create_rate_request(RateRequest(services=[service], **shared))
    else:
        shipment = ShipmentRequest(service=service, payment={"paid_by": "sender"}, **shared)
        request = gateway.mapper.create_shipment_request(shipment)
    found = re.findall(r'"(?:\w*[dD]ate\w*)": "(20[-\dT: GMT+]+)', json.dumps(request.serialize(), default=str))
    return sorted({date.split(".")[0] for date in found})

ups = ("ups", "ups_ground", {**oauth, "account_number": "A1B2C3"}, states)
fedex = ("fedex", "fedex_ground", {"api_key": "key", "secret_key": "secret", "account_number": "1"}, states)
easypost = ("easypost", "easypost_ups_ground", {"api_key": "key"}, states)
parcel_de = ("dhl_parcel_de", "dhl_parcel_de_paket", {**login, **oauth}, germany)
mydhl = ("mydhl", "mydhl_express_worldwide", {**login, "account_number": "1"}, states)
third = re.compile(r"2031-?12-?03")
cases = [  # whether the request has the third of December for shipment_date, and for shipping_date
    (True, ups, (True, True)), (False, ups, (False, True)), (False, parcel_de, (False, True)),
    (True, easypost, (True, False)), (False, easypost, (True, False)), (True, fedex, (True, True)),
    (False, fedex, (True, True)), (False, mydhl, (True, True)),
]
changed = False
for price, carrier, expected in cases:
    old = dates(price, *carrier, {"shipment_date": "2031-12-03"})
    new = dates(price, *carrier, {"shipping_date": "2031-12-03T10:00"})
    print(f"{carrier[0]:14}{'price' if price else 'shipment':9} shipment_date: {', '.join(old) or 'no date':32} "
          f"shipping_date: {', '.join(new) or 'no date'}")
    seen = tuple(bool(third.search(" ".join(found))) for found in (old, new))
    changed |= seen != expected or carrier is mydhl and new != ["2031-12-03T00:00:00 GMT+00:00"]
sys.exit("the behaviour has changed" if changed else 0)
PY
"$work/venv/bin/python" -W ignore "$work/date.py" 2> "$work/log" || { tail -n 3 "$work/log" >&2; exit 1; }
