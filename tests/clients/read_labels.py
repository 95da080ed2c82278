"""Ships in each label format and reads the bar codes with ZXing: bytes, since its text spells separators out.

Arguments: the folder of `zpl/render.cjs`, and an empty folder.
"""

import base64
import io
import json
import os
import pathlib
import subprocess
import sys
import urllib.request

import pypdfium2
import zxingcpp
from PIL import Image

MOCK = os.environ["MOCK_URL"]
RENDERER, FOLDER = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])


def call(path, headers, body):
    request = urllib.request.Request(MOCK + path, body.encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


basic = base64.b64encode(b"mock-client:mock-secret").decode()
token = call(
    "/security/v1/oauth/token", {"Authorization": f"Basic {basic}"}, "grant_type=client_credentials"
)["access_token"]


def address(line, city, state, postal, country):
    return {
        "AddressLine": [line],
        "City": city,
        "StateProvinceCode": state,
        "PostalCode": postal,
        "CountryCode": country,
    }


NEW_YORK = address("1 Main Street", "New York", "NY", "10001", "US")
SEATTLE = address("616 1st Ave", "Seattle", "WA", "98104", "US")
LONDON = address("10 Downing Street", "London", "", "SW1A 2AA", "GB")


def ship(code, to, service, height="6"):
    party = {"Name": "Jane", "AttentionName": "Jane", "Phone": {"Number": "2125550100"}}
    weight = {"UnitOfMeasurement": {"Code": "LBS"}, "Weight": "5"}
    body = {
        "Shipment": {
            "Description": "Books",
            "Shipper": {**party, "ShipperNumber": "A1B2C3", "Address": NEW_YORK},
            "ShipTo": {**party, "Address": to},
            "Service": {"Code": service},
            "PaymentInformation": {
                "ShipmentCharge": {"Type": "01", "BillShipper": {"AccountNumber": "A1B2C3"}}
            },
            "Package": [{"Packaging": {"Code": "02"}, "PackageWeight": weight}],
        },
        "LabelSpecification": {
            "LabelImageFormat": {"Code": code},
            "LabelStockSize": {"Height": height, "Width": "4"},
        },
    }
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = call("/api/shipments/v2409/ship", headers, json.dumps({"ShipmentRequest": body}))
    package = answer["ShipmentResponse"]["ShipmentResults"]["PackageResults"][0]
    return package["TrackingNumber"], base64.b64decode(package["ShippingLabel"]["GraphicImage"])


def rendered_zpl(program):
    file = FOLDER / "label.zpl"
    file.write_bytes(program)
    subprocess.run(["node", RENDERER / "render.cjs", file], check=True, cwd=RENDERER)
    return Image.open(f"{file}.png")


def picture(code, label):
    if code == "ZPL":
        # The program prints upside down; renderers show it as the printer's paper is read.
        image = rendered_zpl(label).convert("L")
        # Its places count from `^LH10,12`.
        return image.crop((10, 12, 810, image.height))
    if code == "PDF":
        page = pypdfium2.PdfDocument(label)[0]
        return page.render(scale=203 / 72).to_pil().convert("L")
    # Images lie on their side.
    return Image.open(io.BytesIO(label)).convert("L").rotate(-90, expand=True)


def read(image):
    found = {bytes(code.bytes) for code in zxingcpp.read_barcodes(image)}
    # ZXing reads a MaxiCode only upright and alone on the picture.
    width, height = image.size
    scale = width / 800
    corner = image.crop((0, int(420 * scale), int(243 * scale), int(636 * scale)))
    found |= {bytes(code.bytes) for code in zxingcpp.read_barcodes(corner)}
    return found


def expected(number, to):
    short = number[10:]
    if to is SEATTLE:
        primary, postal, class_of_service = "981040000\x1d840", "42098104", "003"
        rest = "616 1ST AVE\x1dSEATTLE\x1dWA"
    else:
        primary, postal, class_of_service = "SW1A2A\x1d826", "421826SW1A2AA", "065"
        rest = "10 DOWNING STREET\x1dLONDON\x1d"
    return number.encode(), postal.encode(), (
        f"[)>\x1e01\x1d96{primary}\x1d{class_of_service}\x1d1Z{short}\x1dUPSN\x1dA1B2C3\x1d",
        f"\x1d\x1d1/1\x1d5\x1dN\x1d{rest}\x1e\x04",
    )


for code in ("GIF", "PNG", "PDF", "ZPL"):
    for to, service in ((SEATTLE, "03"), (LONDON, "65")):
        number, label = ship(code, to, service)
        codes = read(picture(code, label))
        tracking, postal, (begins, ends) = expected(number, to)
        maxicodes = [text for text in codes if text.startswith(b"[)>")]
        assert tracking in codes, (code, number, codes)
        assert postal in codes, (code, number, codes)
        assert len(maxicodes) == 1, (code, number, codes)
        text = maxicodes[0].decode()
        assert text.startswith(begins) and text.endswith(ends), (code, text)
        print("read", code, to["CountryCode"], len(codes))

# Nobody reads these: what can be checked is that the printer is given the same data.
for code in ("EPL", "SPL"):
    number, label = ship(code, SEATTLE, "03")
    text = label.decode()
    for part in (number, "42098104", "UPSN", "616 1ST AVE", "WA 981"):
        assert part in text, (code, part, text)
    print("written", code)

for code, mark in (("ZPL", "^LL1624"), ("EPL", "Q1624,24")):
    assert mark in ship(code, SEATTLE, "03", "8")[1].decode()
page = pypdfium2.PdfDocument(ship("PDF", SEATTLE, "03", "8")[1])[0]
assert page.get_size() == (288, 576), page.get_size()
print("written 4x8")
