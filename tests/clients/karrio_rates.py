"""PyPI's karrio with its UPS extension: fetches a token, then shops rates with transit times.

Its server address is a property without a setter, so that is replaced; nothing else is.
"""

import os

import karrio.sdk as karrio
from karrio.core.models import RateRequest
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


def address(city, state, postal):
    return {
        "person_name": "Somebody",
        "address_line1": "1 Main Street",
        "city": city,
        "state_code": state,
        "postal_code": postal,
        "country_code": "US",
    }


request = RateRequest(
    shipper=address("New York", "NY", "10001"),
    recipient=address("Los Angeles", "CA", "90012"),
    parcels=[
        {
            "weight": 5,
            "weight_unit": "LB",
            "length": 10,
            "width": 8,
            "height": 6,
            "dimension_unit": "IN",
            "packaging_type": "your_packaging",
        }
    ],
)
rates, messages = karrio.Rating.fetch(request).from_(gateway).parse()
for message in messages:
    print("message", message.code, message.message)
for rate in rates:
    print("rate", rate.service, rate.total_charge, rate.currency, rate.transit_days)
