#!/usr/bin/env bash
# i18n-postal-address leaves out the postal code in China and the flat in Korea, and prints the flat twice in Thailand.
#
# Package: i18n-postal-address 1.0.0 (npm).
# Guess before the run: each part that is set appears once in the block for the label, and a state stays a state.
# Seen, after setAddress1, setAddress2, setCity, setState and setPostalCode:
#   US, AU, MX, BR, IN    every part, once
#   CN                    no postal code, whatever is set      KR   no address2, whatever is set
#   TH, PH                address2 twice                       AE   no city, whatever is set
#   CA, IT, CN, TW, JP, HK, KR, AE, IE    no state: "VANCOUVER, V6B 1A1"
# For those countries the state goes to setProvince (CA, IT, CN), setPrefecture (JP), setRegion (TW, HK, AE, IE) or
# setDo (KR). A setter that a country does not use is ignored without an error, so a shop with one column for the state
# prints Canadian labels without the province. Compare the block with the parts before you print it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --silent --no-fund --no-audit --prefix "$work" i18n-postal-address@1.0.0 > /dev/null
cat > "$work/blocks.mjs" <<'JS'
import PostalAddress, { addressFormats } from "i18n-postal-address";

const addresses = {
  US: ["200 Broadway", "Apt 5", "New York", "NY", "10038", ""],
  AU: ["3 Collins St", "Unit 2", "Melbourne", "VIC", "3000", ""],
  MX: ["Av. Reforma 7", "Int. 3", "Monterrey", "NL", "64000", ""],
  BR: ["Av. Paulista 100", "Apto 12", "Santos", "SP", "11010-100", ""],
  IN: ["3 MG Road", "Floor 2", "Bengaluru", "Karnataka", "560001", ""],
  CA: ["12 Main St", "Suite 5", "Vancouver", "BC", "V6B 1A1", "state"],
  IT: ["Via Roma 7", "Scala B", "Asti", "AT", "14100", "state"],
  CN: ["3 Nanjing Rd", "Room 5", "Hangzhou", "Zhejiang", "310000", "state, postal code"],
  TW: ["7 Xinyi Rd", "5F", "Banqiao", "New Taipei", "220", "state"],
  JP: ["1-1 Marunouchi", "5F", "Chiyoda-ku", "Tokyo", "100-0005", "state"],
  HK: ["10 Nathan Road", "Flat A", "Mong Kok", "Kowloon", "", "state"],
  KR: ["7 Sejong-daero", "Unit 101", "Jung-gu", "Seoul", "04524", "address2, state"],
  AE: ["1 Sheikh Zayed Rd", "Office 5", "Al Barsha", "Dubai", "", "city, state"],
  IE: ["5 Main St", "Unit 1", "Swords", "Co. Dublin", "K67 X2P0", "state"],
  TH: ["5 Rama IV Rd", "Room 9", "Khlong Toei", "Krung Thep", "10110", "address2 twice"],
  PH: ["5 Ayala Ave", "Unit 3", "Makati", "Metro Manila", "1226", "address2 twice"],
};
const names = ["address1", "address2", "city", "state", "postal code"];

function block(country, everySetter) {
  const [line1, line2, city, state, code] = addresses[country];
  const address = new PostalAddress({ formats: addressFormats, defaultFormat: "US" });
  address.setAddress1(line1).setAddress2(line2).setCity(city).setState(state);
  if (code) address.setPostalCode(code);
  if (everySetter) address.setProvince(state).setPrefecture(state).setRegion(state).setDo(state);
  return address.setFormat({ country }).toString();
}

function faults(country, text) {
  const count = (part) => text.toLowerCase().split(part.toLowerCase()).length - 1;
  const words = names.map((name, at) => {
    const part = addresses[country][at];
    return !part || count(part) === 1 ? "" : count(part) ? `${name} twice` : name;
  });
  return words.filter(Boolean).join(", ");
}

let changed = false;
for (const [country, parts] of Object.entries(addresses)) {
  const text = block(country, false);
  console.log(country, JSON.stringify(text), "->", faults(country, text) || "all parts once");
  changed ||= faults(country, text) !== parts[5];
}
for (const [country, part] of [["CN", "310000"], ["KR", "Unit 101"], ["AE", "Al Barsha"]]) {
  const text = block(country, true);
  console.log(country, "with every setter for the state:", JSON.stringify(text));
  changed ||= text.includes(part) || !text.includes(addresses[country][3]);
}
console.log(changed ? "the behaviour has changed" : "as seen before");
process.exit(changed ? 1 : 0);
JS
cd "$work"
node blocks.mjs
