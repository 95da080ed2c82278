#!/usr/bin/env bash
# karrio-ups tells the estimated delivery only when the parcel is there, and stamps the local time of a scan as UTC.
#
# Package: karrio and karrio-ups 2026.1.32 (PyPI).
# Guess before the run: estimated_delivery is UPS's rescheduled date (RDD), or else the scheduled one (SDD), while the
# parcel is under way; and an event's timestamp is the moment of the scan.
# Seen, for a scan at 23:30 in New York (gmtDate 20261129, gmtTime 04:30:00):
#   deliveryDate SDD 20261201 and RDD 20261202    estimated_delivery none
#   deliveryDate DEL 20261128 (delivered)         estimated_delivery 2026-11-28
#   timestamp 2026-11-28T23:30:00.000Z, five hours before the scan; time "23:30 PM"
# A shop shows no date to a buyer who waits, and two events of one night in different time zones change places when they
# are sorted by timestamp. UPS sends the offset and the time in GMT with each event: read them from the raw response.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check karrio==2026.1.32 karrio-ups==2026.1.32
cat > "$work/track.py" <<'PY'
import sys
import karrio.lib as lib
import karrio.sdk as karrio

gateway = karrio.gateway["ups"].create(
    {"client_id": "id", "client_secret": "secret", "account_number": "A1B2C3", "test_mode": True}
)

def track(kind, *dates):
    scan = {
        "location": {"address": {"city": "New York", "stateProvince": "NY", "country": "US"}},
        "status": {"type": kind, "description": "Scan", "code": "AR", "statusCode": "005"},
        "date": "20261128", "time": "233000", "gmtDate": "20261129", "gmtTime": "04:30:00", "gmtOffset": "-05:00",
    }
    package = {
        "trackingNumber": "1Z999AA10123456784", "activity": [scan], "packageAddress": [],
        "deliveryDate": [{"type": name, "date": date} for name, date in dates],
        "service": {"description": "UPS Ground"}, "weight": {"unitOfMeasurement": "LBS", "weight": "1.00"},
    }
    response = {"trackResponse": {"shipment": [{"inquiryNumber": "1Z999AA10123456784", "package": [package]}]}}
    answers = lib.Deserializable([("1Z999AA10123456784", response)], lambda value: value)
    details, _ = gateway.mapper.parse_tracking_response(answers)
    return details[0]

under_way = track("I", ("SDD", "20261201"), ("RDD", "20261202"))
delivered = track("D", ("DEL", "20261128"))
event = under_way.events[0]
seen = [under_way.status, under_way.estimated_delivery, event.timestamp, event.time, delivered.status,
        delivered.estimated_delivery]
print("under way: ", *seen[:2])
print("its scan:  ", *seen[2:4])
print("delivered: ", *seen[4:])
expected = ["in_transit", None, "2026-11-28T23:30:00.000Z", "23:30 PM", "delivered", "2026-11-28"]
sys.exit("the behaviour has changed" if seen != expected else 0)
PY
"$work/venv/bin/python" -W ignore "$work/track.py" 2> "$work/log" || { tail -n 3 "$work/log" >&2; exit 1; }
