#!/usr/bin/env bash
# karrio declares three mugs at 10 dollars as goods of 30, of 10 or of 1 dollar, depending on the carrier.
#
# Package: karrio with karrio-usps-international, karrio-mydhl, karrio-ups, karrio-dhl-express and karrio-easypost,
# all 2026.1.32 (PyPI).
# Guess before the run: a customs line with a quantity of 3 and a value_amount of 10 means 30 dollars for every carrier.
# Seen, in the request of the same shipment:
#   usps_international  packageValue 30     mydhl        declaredValue 30
#   ups                 InvoiceLineTotal 1  dhl_express  DeclaredValue 1
#   easypost            customs item: quantity 3, value 10 (EasyPost's "value" is unit value times quantity)
# Without the option declared_value, UPS and DHL Express get a constant, beside an invoice whose lines make 30. (UPS
# gets 30 if the lines are also the parcel's items.) The declared value then contradicts the invoice, and no error is
# raised. Set declared_value yourself, and check the request of each carrier.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check karrio==2026.1.32 karrio-ups==2026.1.32 \
  karrio-usps-international==2026.1.32 karrio-mydhl==2026.1.32 karrio-dhl-express==2026.1.32 karrio-easypost==2026.1.32
cat > "$work/customs.py" <<'PY'
import json, re, sys
import karrio.sdk as karrio
from karrio.core.models import ShipmentRequest

def place(city, state, postal, country):
    return {"person_name": "A", "company_name": "Shop", "address_line1": "1 Main St", "city": city, "state_code": state,
            "postal_code": postal, "country_code": country, "phone_number": "2125550100", "email": "a@example.com"}

def request(carrier, service, credentials):
    shipment = ShipmentRequest(
        service=service, shipper=place("New York", "NY", "10001", "US"), recipient=place("London", "", "SW1A1AA", "GB"),
        parcels=[{"weight": 1.0, "weight_unit": "KG", "length": 10, "width": 8, "height": 6, "dimension_unit": "CM",
                  "packaging_type": "your_packaging"}],
        customs={"content_type": "merchandise", "incoterm": "DAP", "invoice": "1", "invoice_date": "2026-01-05",
                 "duty": {"paid_by": "recipient", "currency": "USD"},
                 "commodities": [{"title": "Mug", "description": "Mug", "sku": "MUG", "quantity": 3, "weight": 0.2,
                                  "weight_unit": "KG", "value_amount": 10.0, "value_currency": "USD",
                                  "origin_country": "US", "hs_code": "691200"}]},
        options={"currency": "USD"})
    gateway = karrio.gateway[carrier].create({**credentials, "test_mode": True})
    body = gateway.mapper.create_shipment_request(shipment).serialize()
    return body if isinstance(body, str) else json.dumps(body)

oauth = {"client_id": "id", "client_secret": "secret", "account_number": "A1B2C3"}
cases = {
    "usps_international": ("usps_priority_mail_international", oauth, r'"packageValue": ([\d.]+)', "30.0"),
    "mydhl": ("mydhl_express_worldwide", {"username": "user", "password": "pass", "account_number": "123456789"},
              r'"declaredValue": ([\d.]+)', "30.0"),
    "ups": ("ups_worldwide_express", oauth, r'"InvoiceLineTotal": {[^}]*"MonetaryValue": "([\d.]+)"', "1.0"),
    "dhl_express": ("dhl_express_worldwide_nondoc",
                    {"site_id": "site", "password": "pass", "account_number": "123456789"},
                    r"<DeclaredValue>([\d.]+)<", "1"),
    "easypost": ("easypost_ups_ground", {"api_key": "key"}, r'"quantity": 3, "value": ([\d.]+)', "10.0"),
}
changed = False
for carrier, (service, credentials, pattern, expected) in cases.items():
    found = re.search(pattern, request(carrier, service, credentials))
    print(f"{carrier:20}{found and found.group(0)}")
    changed = changed or not found or found.group(1) != expected
sys.exit("the behaviour has changed" if changed else 0)
PY
"$work/venv/bin/python" -W ignore "$work/customs.py" 2> "$work/log" || { tail -n 3 "$work/log" >&2; exit 1; }
