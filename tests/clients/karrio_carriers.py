"""PyPI's karrio with the extension of one carrier: fetches a token, then makes one call.

The server address is a property without a setter, so that is replaced; nothing else is.
"""

import importlib
import os
import sys

import karrio.sdk as karrio
from karrio.core.models import PickupRequest, RateRequest, ShipmentRequest, TrackingRequest

carrier = sys.argv[1]
number = os.environ["ACCOUNT_NUMBER"]
client_id, client_secret = os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]

settings = importlib.import_module(f"karrio.providers.{carrier}.utils").Settings
settings.server_url = property(lambda _: os.environ["WAYBILL_URL"])


def address(city, state, postal, country):
    return {
        "person_name": "Somebody",
        "address_line1": "Main Street 1",
        "city": city,
        "state_code": state,
        "postal_code": postal,
        "country_code": country,
    }


parcels = [{"weight": 1, "weight_unit": "KG", "length": 20, "width": 15, "height": 10, "dimension_unit": "CM"}]


def fedex():
    credentials = {"api_key": client_id, "secret_key": client_secret, "account_number": number}
    request = RateRequest(
        shipper=address("New York", "NY", "10001", "US"),
        recipient=address("Los Angeles", "CA", "90012", "US"),
        parcels=parcels,
    )
    return credentials, lambda gateway: karrio.Rating.fetch(request).from_(gateway).parse()


def gls():
    credentials = {"client_id": client_id, "client_secret": client_secret, "contact_id": number}
    request = TrackingRequest(tracking_numbers=["Z1234567"])
    return credentials, lambda gateway: karrio.Tracking.fetch(request).from_(gateway).parse()


def dhl_parcel_de():
    settings.token_server_url = property(
        lambda _: os.environ["WAYBILL_URL"] + "/parcel/de/account/auth/ropc/v1"
    )
    settings.server_url = property(lambda _: os.environ["WAYBILL_URL"] + "/parcel/de/shipping")
    credentials = {
        "client_id": client_id,
        "client_secret": client_secret,
        "username": "user-valid",
        "password": "another",
    }
    request = ShipmentRequest(
        shipper=address("Bonn", None, "53113", "DE"),
        recipient=address("Berlin", None, "10115", "DE"),
        parcels=parcels,
        service="dhl_parcel_de_paket",
    )
    return credentials, lambda gateway: karrio.Shipment.create(request).from_(gateway).parse()


def usps():
    credentials = {"client_id": client_id, "client_secret": client_secret, "account_number": number}
    request = RateRequest(
        shipper=address("New York", "NY", "10001", "US"),
        recipient=address("Los Angeles", "CA", "90012", "US"),
        parcels=parcels,
    )
    return credentials, lambda gateway: karrio.Rating.fetch(request).from_(gateway).parse()


def mydhl():
    settings.server_url = property(lambda _: os.environ["WAYBILL_URL"] + "/mydhlapi/test")
    credentials = {"username": client_id, "password": client_secret, "account_number": number}
    request = RateRequest(
        shipper=address("Bonn", None, "53113", "DE"),
        recipient=address("Paris", None, "75001", "FR"),
        parcels=parcels,
    )
    return credentials, lambda gateway: karrio.Rating.fetch(request).from_(gateway).parse()


def canada(credentials):
    request = RateRequest(
        shipper=address("Ottawa", "ON", "K1A0B1", "CA"),
        recipient=address("Vancouver", "BC", "V6B4A2", "CA"),
        parcels=parcels,
    )
    credentials = {**credentials, "username": client_id, "password": client_secret}
    return credentials, lambda gateway: karrio.Rating.fetch(request).from_(gateway).parse()


def canadapost():
    return canada({"customer_number": number})


def purolator():
    return canada({"account_number": number})


def dpd_meta():
    settings.server_url = property(lambda _: os.environ["WAYBILL_URL"] + "/shipping/v1")
    credentials = {
        "dpd_login": client_id,
        "dpd_password": client_secret,
        "dpd_bucode": "001",
        "customer_id": "1",
        "config": {"sending_depot": "0010100"},
    }
    request = PickupRequest(
        pickup_date="2026-01-02",
        ready_time="10:00",
        closing_time="16:00",
        address=address("Bonn", None, "53113", "DE"),
        parcels=parcels,
    )
    return credentials, lambda gateway: karrio.Pickup.schedule(request).from_(gateway).parse()


credentials, call = globals()[carrier]()
gateway = karrio.gateway[carrier].create({**credentials, "test_mode": True})
details, messages = call(gateway)
for message in messages:
    print("message", message.code, message.message)
for detail in details if isinstance(details, list) else [details]:
    if detail is not None:
        print("detail", type(detail).__name__)
