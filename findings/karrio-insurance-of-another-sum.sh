#!/usr/bin/env bash
# karrio's option insurance=500 insures two parcels for 1000, for 500 or not at all, depending on the carrier.
#
# Package: karrio with karrio-ups, karrio-fedex, karrio-mydhl, karrio-usps, karrio-canadapost, karrio-dhl-parcel-de and
# karrio-dhl-express, all 2026.1.32 (PyPI).
# Guess before the run: the unified option, given for the shipment, insures the shipment for 500 with every carrier.
# Seen, in the request for a shipment of two parcels:
#   canadapost, dhl_parcel_de   cover of 500 for each parcel
#   dhl_express                 cover of 500 for the shipment
#   usps                        extra service 930 (insurance) for each parcel, without a packageValue to insure
#   fedex, mydhl                nothing (equal to the request without the option)
#   ups, domestic               nothing; abroad: InsuranceCharges of 500 in the customs invoice, and no DeclaredValue
# With UPS the sum to insure becomes a cost of insurance on the invoice that customs reads, and the parcels are not
# insured. No error is raised. Check the request of each carrier before you rely on the cover.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
version=2026.1.32
"$work/venv/bin/pip" install --quiet --disable-pip-version-check karrio==$version karrio-ups==$version \
  karrio-fedex==$version karrio-mydhl==$version karrio-usps==$version karrio-canadapost==$version \
  karrio-dhl-parcel-de==$version karrio-dhl-express==$version
cat > "$work/insure.py" <<'PY'
import json, re, sys
import karrio.sdk as karrio
from karrio.core.models import ShipmentRequest

def place(city, state, postal, country):
    return {"person_name": "A", "company_name": "Shop", "address_line1": "1 Main St", "city": city, "state_code": state,
            "postal_code": postal, "country_code": country, "phone_number": "2125550100", "email": "a@example.com"}

parcel = {"weight": 1.0, "weight_unit": "LB", "length": 10, "width": 8, "height": 6, "dimension_unit": "IN",
          "packaging_type": "your_packaging"}
customs = {"content_type": "merchandise", "incoterm": "DAP", "invoice": "1", "invoice_date": "2026-01-05",
           "duty": {"paid_by": "recipient", "currency": "USD"},
           "commodities": [{"title": "Mug", "description": "Mug", "sku": "MUG", "quantity": 3, "weight": 0.2,
                            "weight_unit": "KG", "value_amount": 10.0, "value_currency": "USD", "origin_country": "US",
                            "hs_code": "691200"}]}
new_york, boston = place("New York", "NY", "10001", "US"), place("Boston", "MA", "02134", "US")
london = place("London", "", "SW1A1AA", "GB")
toronto, ottawa = place("Toronto", "ON", "M5H1A1", "CA"), place("Ottawa", "ON", "K1A0B1", "CA")
berlin, bonn = place("Berlin", "BE", "10115", "DE"), place("Bonn", "NW", "53113", "DE")
oauth = {"client_id": "id", "client_secret": "secret"}
login = {"username": "user", "password": "pass"}

def body(carrier, service, credentials, sender, receiver, options):
    abroad = {"customs": customs} if sender["country_code"] != receiver["country_code"] else {}
    shipment = ShipmentRequest(service=service, shipper=sender, recipient=receiver, parcels=[{**parcel}, {**parcel}],
                               payment={"paid_by": "sender"}, options={**options, "currency": "USD"}, **abroad)
    gateway = karrio.gateway[carrier].create({**credentials, "test_mode": True})
    request = gateway.mapper.create_shipment_request(shipment).serialize()
    return request if isinstance(request, str) else json.dumps(request, sort_keys=True, default=str)

cases = [
    ("canadapost", "canadapost_expedited_parcel", {**login, "customer_number": "1", "contract_id": "2"}, toronto, ottawa,
     r"<option-code>COV</option-code>\s*(?:\\n)?\s*<option-amount>500.0<", 2),
    ("dhl_parcel_de", "dhl_parcel_de_paket", {**login, **oauth}, berlin, bonn,
     r'"additionalInsurance": {"currency": "USD", "value": 500.0}', 2),
    ("dhl_express", "dhl_express_worldwide_nondoc", {"site_id": "site", "password": "pass", "account_number": "1"},
     new_york, boston, r"<SpecialServiceType>II</SpecialServiceType>\s*<ChargeValue>500<", 1),
    ("usps", "usps_ground_advantage", {**oauth, "account_number": "A1B2C3"}, new_york, boston,
     r'"extraServices": \[930\]', 2),
    ("fedex", "fedex_ground", {"api_key": "key", "secret_key": "secret", "account_number": "1"}, new_york, boston, "", 0),
    ("mydhl", "mydhl_express_worldwide", {**login, "account_number": "1"}, new_york, london, "", 0),
    ("ups", "ups_ground", {**oauth, "account_number": "A1B2C3"}, new_york, boston, "", 0),
    ("ups", "ups_worldwide_express", {**oauth, "account_number": "A1B2C3"}, new_york, london,
     r'"InsuranceCharges": {"MonetaryValue": 500.0}', 1),
]
changed = False
for carrier, service, credentials, sender, receiver, pattern, expected in cases:
    plain, insured = (body(carrier, service, credentials, sender, receiver, options)
                      for options in ({}, {"insurance": 500.0}))
    found = re.findall(pattern, insured) if pattern else []
    shown = f"{len(found)} x {' '.join(found[0].split())}" if found else "-"
    print(f"{carrier:14} {receiver['country_code']}  changed by the option: {plain != insured}  {shown}")
    changed |= len(found) != expected or (plain != insured) != bool(pattern)
    changed |= carrier == "ups" and "DeclaredValue" in insured or carrier == "usps" and "packageValue" in insured
sys.exit("the behaviour has changed" if changed else 0)
PY
"$work/venv/bin/python" -W ignore "$work/insure.py" 2> "$work/log" || { tail -n 3 "$work/log" >&2; exit 1; }
