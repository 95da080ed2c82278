#!/usr/bin/env bash
# karrio-mydhl charges the shop's account whoever is named to pay, and karrio-fedex does so for duties.
#
# Package: karrio with karrio-mydhl, karrio-fedex, karrio-dhl-express and karrio-ups, all 2026.1.32 (PyPI).
# Guess before the run: with payment.paid_by "recipient" and the recipient's account, the request names that account;
# with duty.paid_by "sender" and an account for duties, it names that one. (DHL's API has account types for both.)
# Seen, in the request for a parcel from New York to London; the shop's own account is 111111111:
#                 recipient pays, 222222222       third party pays, 333333333     duties: sender, 444444444
#   ups           222222222                       333333333                       444444444
#   dhl_express   222222222                       333333333                       444444444
#   fedex         222222222                       333333333                       111111111
#   mydhl         111111111 alone                 111111111 alone                 111111111 alone
# The requests of mydhl are equal to the one in which the shop pays. karrio-dhl-express, for the same carrier's older
# API, names the account. No error is raised; the invoice comes to the shop. Compare the accounts in the request.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
version=2026.1.32
"$work/venv/bin/pip" install --quiet --disable-pip-version-check karrio==$version karrio-mydhl==$version \
  karrio-fedex==$version karrio-dhl-express==$version karrio-ups==$version
cat > "$work/pay.py" <<'PY'
import json, sys
import karrio.sdk as karrio
from karrio.core.models import ShipmentRequest

def place(city, state, postal, country):
    return {"person_name": "A", "company_name": "Shop", "address_line1": "1 Main St", "city": city, "state_code": state,
            "postal_code": postal, "country_code": country, "phone_number": "2125550100", "email": "a@example.com"}

shop, recipient, third, duties = "111111111", "222222222", "333333333", "444444444"
parcel = {"weight": 1.0, "weight_unit": "LB", "length": 10, "width": 8, "height": 6, "dimension_unit": "IN",
          "packaging_type": "your_packaging"}
mugs = {"title": "Mug", "description": "Mug", "sku": "MUG", "quantity": 3, "weight": 0.2, "weight_unit": "LB",
        "value_amount": 10.0, "value_currency": "USD", "origin_country": "US", "hs_code": "691200"}

def accounts(carrier, service, credentials, payment, duty):
    customs = {"content_type": "merchandise", "incoterm": "DDP", "invoice": "1", "invoice_date": "2026-01-05",
               "duty": {"currency": "USD", **duty}, "commodities": [{**mugs}]}
    shipment = ShipmentRequest(service=service, shipper=place("New York", "NY", "10001", "US"),
                               recipient=place("London", "", "SW1A1AA", "GB"), parcels=[{**parcel}], customs=customs,
                               payment=payment, billing_address=place("Chicago", "IL", "60601", "US"),
                               options={"shipping_date": "2031-12-03T10:00"})
    gateway = karrio.gateway[carrier].create({**credentials, "test_mode": True})
    request = gateway.mapper.create_shipment_request(shipment).serialize()
    request = request if isinstance(request, str) else json.dumps(request, default=str)
    return [number for number in (shop, recipient, third, duties) if number in request], request

oauth = {"client_id": "id", "client_secret": "secret"}
carriers = [
    ("ups", "ups_worldwide_express", {**oauth, "account_number": shop}),
    ("dhl_express", "dhl_express_worldwide_nondoc", {"site_id": "site", "password": "pass", "account_number": shop}),
    ("fedex", "fedex_international_priority", {"api_key": "key", "secret_key": "secret", "account_number": shop}),
    ("mydhl", "mydhl_express_worldwide", {"username": "user", "password": "pass", "account_number": shop}),
]
cases = [
    ("recipient pays", recipient, {"paid_by": "recipient", "account_number": recipient}, {"paid_by": "sender"}),
    ("third party pays", third, {"paid_by": "third_party", "account_number": third}, {"paid_by": "sender"}),
    ("sender's duties", duties, {"paid_by": "sender"}, {"paid_by": "sender", "account_number": duties}),
]
lost = [("fedex", "sender's duties"), *(("mydhl", name) for name, *_ in cases)]
changed = False
for carrier in carriers:
    _, plain = accounts(*carrier, {"paid_by": "sender"}, {"paid_by": "sender"})
    for name, number, payment, duty in cases:
        seen, request = accounts(*carrier, payment, duty)
        print(f"{carrier[0]:14}{name:18}{', '.join(seen)}{'   equal to the plain request' if request == plain else ''}")
        changed |= (number in seen) == ((carrier[0], name) in lost)
        changed |= carrier[0] == "mydhl" and request != plain
sys.exit("the behaviour has changed" if changed else 0)
PY
"$work/venv/bin/python" -W ignore "$work/pay.py" 2> "$work/log" || { tail -n 3 "$work/log" >&2; exit 1; }
