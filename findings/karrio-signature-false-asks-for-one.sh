#!/usr/bin/env bash
# karrio asks UPS, FedEx and USPS for a signature if signature_confirmation is False, and UPS for one that it lacks.
#
# Package: karrio with karrio-ups, karrio-fedex, karrio-usps, karrio-easypost, karrio-canadapost and karrio-mydhl, all
# 2026.1.32 (PyPI).
# Guess before the run: True asks each carrier for a signature, False gives the same request as no option at all.
# Seen, in the request for a shipment at home (the requests for a price of ups, fedex and usps have the same):
#                True                                False
#   ups          DeliveryConfirmation, DCISType 1    DeliveryConfirmation, DCISType 1
#   fedex        signatureOptionType DIRECT          signatureOptionType DIRECT
#   usps         extraServices 921                   extraServices 921
#   easypost     delivery_confirmation "True"        delivery_confirmation "False"
#   canadapost   option SO                           nothing
#   mydhl        nothing                             nothing
# The option's presence counts, not its value. So a form whose box is not ticked costs a fee for each parcel. For a
# package, UPS's API names type 1 "Unsupported"; a signature is 2. (For a shipment 1 is right; karrio sends that abroad.)
# EasyPost has words such as SIGNATURE. Leave the option out where no signature is wanted. For UPS at home, change the
# type in the request.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
version=2026.1.32
"$work/venv/bin/pip" install --quiet --disable-pip-version-check karrio==$version karrio-ups==$version \
  karrio-fedex==$version karrio-usps==$version karrio-easypost==$version karrio-canadapost==$version \
  karrio-mydhl==$version
cat > "$work/sign.py" <<'PY'
import json, re, sys
import karrio.sdk as karrio
from karrio.core.models import RateRequest, ShipmentRequest

def place(city, state, postal, country):
    return {"person_name": "A", "company_name": "Shop", "address_line1": "1 Main St", "city": city, "state_code": state,
            "postal_code": postal, "country_code": country, "phone_number": "2125550100", "email": "a@example.com"}

parcel = {"weight": 1.0, "weight_unit": "LB", "length": 10, "width": 8, "height": 6, "dimension_unit": "IN",
          "packaging_type": "your_packaging"}
states = place("New York", "NY", "10001", "US"), place("Boston", "MA", "02134", "US")
canada = place("Toronto", "ON", "M5H1A1", "CA"), place("Ottawa", "ON", "K1A0B1", "CA")
oauth = {"client_id": "id", "client_secret": "secret"}
login = {"username": "user", "password": "pass"}

def body(carrier, service, credentials, places, options, price=False):
    sender, receiver = ({**place} for place in places)
    gateway = karrio.gateway[carrier].create({**credentials, "test_mode": True})
    shared = {"shipper": sender, "recipient": receiver, "parcels": [{**parcel}], "options": options}
    if price:
        request = gateway.mapper.create_rate_request(RateRequest(services=[service], **shared))
    else:
        shipment = ShipmentRequest(service=service, payment={"paid_by": "sender"}, **shared)
        request = gateway.mapper.create_shipment_request(shipment)
    request = request.serialize()
    return json.dumps(request, default=str)

ups = ("ups", "ups_ground", {**oauth, "account_number": "A1B2C3"}, states)
fedex = ("fedex", "fedex_ground", {"api_key": "key", "secret_key": "secret", "account_number": "1"}, states)
usps = ("usps", "usps_ground_advantage", {**oauth, "account_number": "A1B2C3"}, states)
easypost = ("easypost", "easypost_ups_ground", {"api_key": "key"}, states)
canadapost = ("canadapost", "canadapost_expedited_parcel", {**login, "customer_number": "1", "contract_id": "2"},
              canada)
mydhl = ("mydhl", "mydhl_express_worldwide", {**login, "account_number": "1"}, states)
cases = [
    (ups, False, r'"DCISType": "\d"', ['"DCISType": "1"'] * 2),
    (ups, True, r'"DCISType": "\d"', ['"DCISType": "1"'] * 2),
    (fedex, False, r'"signatureOptionType": "\w+"', ['"signatureOptionType": "DIRECT"'] * 2),
    (fedex, True, r'"signatureOptionType": "\w+"', ['"signatureOptionType": "DIRECT"'] * 2),
    (usps, False, r'"extraServices": \[921\]', ['"extraServices": [921]'] * 2),
    (usps, True, r'"extraServices": \[921\]', ['"extraServices": [921]'] * 2),
    (easypost, False, r'"delivery_confirmation": "\w+"',
     ['"delivery_confirmation": "True"', '"delivery_confirmation": "False"']),
    (canadapost, False, r"<option-code>SO<", ["<option-code>SO<", ""]),
    (mydhl, False, r'"serviceCode": "S\w"', ["", ""]),
]
changed = False
for carrier, price, pattern, expected in cases:
    none, true, false = (re.findall(pattern, body(*carrier, options, price))
                         for options in ({}, {"signature_confirmation": True}, {"signature_confirmation": False}))
    seen = [found[0] if found else "" for found in (true, false)]
    print(f"{carrier[0]:11}{'price' if price else 'shipment':9} True: {seen[0] or '-':36} False: {seen[1] or '-'}")
    changed |= seen != expected or none != []
sys.exit("the behaviour has changed" if changed else 0)
PY
"$work/venv/bin/python" -W ignore "$work/sign.py" 2> "$work/log" || { tail -n 3 "$work/log" >&2; exit 1; }
