#!/usr/bin/env bash
# karrio-fedex gives the day that FedEx already missed as the estimated delivery, and calls a local time UTC.
#
# Package: karrio and karrio-fedex 2026.1.32 (PyPI).
# Guess before the run: for a delayed parcel estimated_delivery is the day that FedEx estimates now, and the event's
# timestamp is the moment that FedEx wrote with its offset.
# Seen, for a parcel with a standard window on 25 November, an estimate for 28 November, and a scan on 27 November at
# 21:05 in New York (2026-11-27T21:05:00-05:00):
#   status delivery_delayed    estimated_delivery 2026-11-25    timestamp 2026-11-27T21:05:00.000Z    time "21:05 PM"
#   without a standard window  no estimated_delivery
# The standard window comes first. Where it is absent, the look into it fails, and the estimate is not reached. The
# timestamp drops the offset of five hours and ends in Z, so events of two time zones sort wrongly: a scan in Los
# Angeles at 19:00 seems to be before one in New York at 21:05, which was an hour earlier. The buyer is told a day that
# is over. Read FedEx's own answer for both.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check karrio==2026.1.32 karrio-fedex==2026.1.32
cat > "$work/track.py" <<'PY'
import sys
import karrio.lib as lib
import karrio.sdk as karrio

gateway = karrio.gateway["fedex"].create(
    {"api_key": "key", "secret_key": "secret", "account_number": "1", "test_mode": True})

def window(day):
    return {"window": {"begins": f"2026-11-{day}T09:00:00-05:00", "ends": f"2026-11-{day}T20:00:00-05:00"}}

def track(**windows):
    scans = [{"date": "2026-11-27T19:00:00-08:00", "eventType": "DY", "eventDescription": "Delay",
              "scanLocation": {"city": "Los Angeles"}},
             {"date": "2026-11-27T21:05:00-05:00", "eventType": "DP", "eventDescription": "Departed",
              "scanLocation": {"city": "New York"}}]
    result = {"latestStatusDetail": {"code": "DY"}, "scanEvents": scans, **windows}
    response = {"output": {"completeTrackResults": [{"trackingNumber": "1", "trackResults": [result]}]}}
    details, _ = gateway.mapper.parse_tracking_response(lib.Deserializable(response))
    return details[0]

both = track(standardTransitTimeWindow=window(25), estimatedDeliveryTimeWindow=window(28))
estimate_only = track(estimatedDeliveryTimeWindow=window(28))
print("both windows:      ", both.status, both.estimated_delivery)
print("the estimate alone:", estimate_only.estimated_delivery)
for event in both.events:
    print("event:             ", event.location, event.timestamp, event.time)
seen = [both.status, both.estimated_delivery, estimate_only.estimated_delivery,
        *(event.timestamp for event in both.events), both.events[1].time]
expected = ["delivery_delayed", "2026-11-25", None, "2026-11-27T19:00:00.000Z", "2026-11-27T21:05:00.000Z",
            "21:05 PM"]
sys.exit("the behaviour has changed" if seen != expected else 0)
PY
"$work/venv/bin/python" -W ignore "$work/track.py" 2> "$work/log" || { tail -n 3 "$work/log" >&2; exit 1; }
