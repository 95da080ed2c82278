#!/bin/sh
# The quickstart in curl: all an app does is to send its request to the gateway.
set -eu
curl --fail --silent --show-error "${WAYBILL_URL:-http://127.0.0.1:8080}/api/rating/v2409/Shop" \
  --header 'Content-Type: application/json' \
  --data-binary "@$(dirname "$0")/request.json"
echo
