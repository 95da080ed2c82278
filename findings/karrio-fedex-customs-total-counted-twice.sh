#!/usr/bin/env bash
# karrio-fedex declares goods of 30 dollars to customs as 60 in one parcel, and as 90 in two.
#
# Package: karrio with karrio-fedex, karrio-mydhl, karrio-dhl-express and karrio-ups, all 2026.1.32 (PyPI).
# Guess before the run: with the option declared_value=30, beside a customs line of three mugs at 10, the total for
# customs is 30, in however many parcels the mugs travel.
# Seen, for a shipment from New York to London, as the total for customs:
#                        one parcel   two parcels   three parcels
#   fedex                60           90            120
#   mydhl, dhl_express   30           30            30
#   ups                  30           30            30
#   fedex, the option set on the parcel alone: 30 for one parcel
# FedEx's request then contradicts itself: the line says 30 (customsValue), totalDeclaredValue says 30, and
# totalCustomsValue is the shipment's option plus one copy of it for each parcel. Without the option the total is left
# out. No error is raised, and customs may charge duties on a value that was not sold. With FedEx, leave the option out,
# or set it on one parcel.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
version=2026.1.32
"$work/venv/bin/pip" install --quiet --disable-pip-version-check karrio==$version karrio-fedex==$version \
  karrio-mydhl==$version karrio-dhl-express==$version karrio-ups==$version
cat > "$work/declare.py" <<'PY'
import json, re, sys
import karrio.sdk as karrio
from karrio.core.models import ShipmentRequest

def place(city, state, postal, country):
    return {"person_name": "A", "company_name": "Shop", "address_line1": "1 Main St", "city": city, "state_code": state,
            "postal_code": postal, "country_code": country, "phone_number": "2125550100", "email": "a@example.com"}

parcel = {"weight": 1.0, "weight_unit": "LB", "length": 10, "width": 8, "height": 6, "dimension_unit": "IN",
          "packaging_type": "your_packaging"}
mugs = {"title": "Mug", "description": "Mug", "sku": "MUG", "quantity": 3, "weight": 0.2, "weight_unit": "LB",
        "value_amount": 10.0, "value_currency": "USD", "origin_country": "US", "hs_code": "691200"}

def total(carrier, service, credentials, pattern, shipment_options, parcels):
    customs = {"content_type": "merchandise", "incoterm": "DAP", "invoice": "1", "invoice_date": "2026-01-05",
               "duty": {"paid_by": "recipient", "currency": "USD"}, "commodities": [{**mugs}]}
    shipment = ShipmentRequest(service=service, shipper=place("New York", "NY", "10001", "US"),
                               recipient=place("London", "", "SW1A1AA", "GB"), parcels=parcels, customs=customs,
                               payment={"paid_by": "sender"}, options={"currency": "USD", **shipment_options})
    gateway = karrio.gateway[carrier].create({**credentials, "test_mode": True})
    request = gateway.mapper.create_shipment_request(shipment).serialize()
    request = request if isinstance(request, str) else json.dumps(request, sort_keys=True, default=str)
    return [float(found) for found in re.findall(pattern, request)]

fedex = ("fedex", "fedex_international_priority", {"api_key": "key", "secret_key": "secret", "account_number": "1"},
         r'"totalCustomsValue": {"amount": ([\d.]+)')
mydhl = ("mydhl", "mydhl_express_worldwide", {"username": "user", "password": "pass", "account_number": "1"},
         r'"declaredValue": ([\d.]+)')
express = ("dhl_express", "dhl_express_worldwide_nondoc",
           {"site_id": "site", "password": "pass", "account_number": "1"}, r"<DeclaredValue>([\d.]+)<")
ups = ("ups", "ups_worldwide_express", {"client_id": "id", "client_secret": "secret", "account_number": "A1B2C3"},
       r'"InvoiceLineTotal": {"CurrencyCode": "USD", "MonetaryValue": "([\d.]+)"')
option = {"declared_value": 30.0}
changed = False
for carrier, expected in ((fedex, [[60.0], [90.0], [120.0]]), (mydhl, [[30.0]] * 3), (express, [[30.0]] * 3),
                          (ups, [[30.0]] * 3)):
    seen = [total(*carrier, option, [{**parcel} for _ in range(parcels)]) for parcels in (1, 2, 3)]
    print(f"{carrier[0]:12} for one, two and three parcels: {seen}")
    changed |= seen != expected
alone, without = total(*fedex, {}, [{**parcel, "options": option}]), total(*fedex, {}, [{**parcel}])
print(f"fedex        option of the parcel: {alone}   without the option: {without}")
sys.exit("the behaviour has changed" if changed or alone != [30.0] or without != [] else 0)
PY
"$work/venv/bin/python" -W ignore "$work/declare.py" 2> "$work/log" || { tail -n 3 "$work/log" >&2; exit 1; }
