"""PyPI's karrio-ups does all that it can do: rates, shipments in each label format, a return, a shipment
abroad with its papers, tracking, pickups and cancellations.

Its server address is a property without a setter, so that is replaced; nothing else is.
"""

import base64
import datetime
import os
import sys

import karrio.sdk as karrio
from karrio.core import models
from karrio.providers.ups.utils import Settings

Settings.server_url = property(lambda _: os.environ["WAYBILL_URL"])

gateway = karrio.gateway["ups"].create(
    {
        "client_id": os.environ["CLIENT_ID"],
        "client_secret": os.environ["CLIENT_SECRET"],
        "account_number": "A1B2C3",
        "test_mode": True,
    }
)


def address(line, city, state, postal, country="US"):
    return {
        "person_name": "Somebody",
        "company_name": "Company",
        "phone_number": "2125550100",
        "address_line1": line,
        "city": city,
        "state_code": state,
        "postal_code": postal,
        "country_code": country,
    }


NEW_YORK = address("1 Main Street", "New York", "NY", "10001")
LOS_ANGELES = address("1 Main Street", "Los Angeles", "CA", "90012")
LONDON = address("10 Downing Street", "London", "", "SW1A 2AA", "GB")
PARCEL = {
    "weight": 5,
    "weight_unit": "LB",
    "length": 10,
    "width": 8,
    "height": 6,
    "dimension_unit": "IN",
    "packaging_type": "your_packaging",
    "description": "Books",
}
CUSTOMS = {
    "content_type": "merchandise",
    "invoice": "INV-1",
    "invoice_date": datetime.date.today().isoformat(),
    "commodities": [
        {
            "title": "Book",
            "description": "Printed book",
            "quantity": 1,
            "weight": 5,
            "weight_unit": "LB",
            "value_amount": 20,
            "value_currency": "USD",
            "origin_country": "US",
            "hs_code": "490199",
        }
    ],
}


# The next day on which UPS picks up. `shipment_date` would count for rates only.
pickup_day = datetime.date.today() + datetime.timedelta(days=1)
while pickup_day.weekday() > 4:
    pickup_day += datetime.timedelta(days=1)
OPTIONS = {"shipping_date": f"{pickup_day}T10:00"}


def checked(name, answer):
    details, messages = answer.parse()
    for message in messages:
        print("message", name, message.code, message.message)
    if not details:
        sys.exit(f"{name} gave nothing")
    return details


def ship(name, **more):
    request = {
        "service": "ups_ground",
        "shipper": NEW_YORK,
        "recipient": LOS_ANGELES,
        "parcels": [PARCEL],
        "options": OPTIONS,
        **more,
    }
    made = checked(name, karrio.Shipment.create(models.ShipmentRequest(**request)).from_(gateway))
    print("shipped", name, made.tracking_number, len(base64.b64decode(made.docs.label)))
    return made


request = models.RateRequest(shipper=NEW_YORK, recipient=LOS_ANGELES, parcels=[PARCEL], options=OPTIONS)
rates = checked("rates", karrio.Rating.fetch(request).from_(gateway))
print("rates", len(rates), sorted(rate.service for rate in rates)[0])
request = models.RateRequest(
    shipper=NEW_YORK, recipient=LONDON, parcels=[PARCEL], customs=CUSTOMS, options=OPTIONS
)
print("rates abroad", len(checked("rates abroad", karrio.Rating.fetch(request).from_(gateway))))

shipments = [ship(kind, label_type=kind) for kind in ("PDF", "ZPL", "PNG")]
ship("two parcels", parcels=[PARCEL, PARCEL])
ship("return", is_return=True)
abroad = ship("abroad", service="ups_worldwide_saver", recipient=LONDON, customs=CUSTOMS)

number = shipments[0].tracking_number
request = models.TrackingRequest(tracking_numbers=[number])
tracked = checked("tracking", karrio.Tracking.fetch(request).from_(gateway))
print("tracked", tracked[0].tracking_number, len(tracked[0].events))

request = models.DocumentUploadRequest(
    document_files=[
        {
            "doc_name": "invoice",
            "doc_format": "pdf",
            "doc_type": "commercial_invoice",
            "doc_file": base64.b64encode(b"%PDF-1.4").decode(),
        }
    ],
    tracking_number=abroad.tracking_number,
)
uploaded = checked("document", karrio.Document.upload(request).from_(gateway))
print("uploaded", len(uploaded.documents))

request = models.PickupRequest(
    pickup_date=pickup_day.isoformat(),
    ready_time="10:00",
    closing_time="17:00",
    address=NEW_YORK,
    parcels=[PARCEL],
)
pickup = checked("pickup", karrio.Pickup.schedule(request).from_(gateway))
print("pickup", bool(pickup.confirmation_number))
request = models.PickupCancelRequest(confirmation_number=pickup.confirmation_number, address=NEW_YORK)
print("pickup cancelled", checked("pickup cancel", karrio.Pickup.cancel(request).from_(gateway)).success)

request = models.ShipmentCancelRequest(shipment_identifier=number)
print("cancelled", checked("cancel", karrio.Shipment.cancel(request).from_(gateway)).success)
