"""The quickstart in Python: all an app does is to send its request to the gateway."""

import json
import os
import pathlib
import urllib.request

gateway = os.environ.get("WAYBILL_URL", "http://127.0.0.1:8080")
request = urllib.request.Request(
    gateway + "/api/rating/v2409/Shop",
    data=pathlib.Path(__file__).with_name("request.json").read_bytes(),
    headers={"Content-Type": "application/json"},
)
with urllib.request.urlopen(request, timeout=30) as answer:
    rates = json.load(answer)["RateResponse"]["RatedShipment"]
    account = answer.headers["Waybill-Account"]
for rate in rates:
    print("service", rate["Service"]["Code"] + ":", rate["TotalCharges"]["MonetaryValue"])
print("served by account", account)
