#!/usr/bin/env bash
# us takes "Minn" for Maine and "W. Virginia" for Virginia, and pycountry takes "Niger" for Nigeria.
#
# Packages: us 4.0.0, jellyfish 1.3.0, pycountry 26.2.16 (PyPI).
# Carriers want codes of states and countries, and buyers type names.
# Guess before the run: the first country that is found is the one that the buyer means, or there is none; what is no
# state's name gives no state.
# Seen:
#   us.states.lookup              Minn -> Maine                     W. Virginia -> Virginia
#                                 Oahu -> Ohio                      Mass, N. Carolina -> nothing
#   pycountry's search_fuzzy      Niger -> Nigeria, then Niger      Curacao -> Netherlands, then Curaçao
#     (the first answers)         U.S. -> U.S. Virgin Islands       America -> American Samoa       Kosovo -> Serbia
#                                 Turkey, Cape Verde, Ivory Coast -> LookupError
#   pycountry's lookup            Niger -> Niger                    Curacao -> LookupError
# us compares how names sound: "Minn" sounds like "Maine" to its algorithm, and a "W" before a consonant is silent.
# pycountry adds up points for each text that holds the name, subdivisions included: Nigeria has a state Niger, and
# Curaçao is also a part of the Netherlands. No error is raised, and the label has the code of another place. Accept
# exact names only, and ask the buyer about all others.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check us==4.0.0 jellyfish==1.3.0 pycountry==26.2.16
cat > "$work/places.py" <<'PY'
import pycountry
import us

for name in ("Minn", "W. Virginia", "Oahu", "Mass", "N. Carolina", "West Virginia", "Minnesota"):
    print(f"us {name}: {us.states.lookup(name)}")
for name in ("Niger", "Curacao", "U.S.", "America", "Kosovo", "Turkey", "Cape Verde", "Ivory Coast"):
    try:
        found = ", ".join(country.alpha_2 for country in pycountry.countries.search_fuzzy(name)[:2])
    except LookupError:
        found = "LookupError"
    print(f"search_fuzzy {name}: {found}")
for name in ("Niger", "Curacao"):
    try:
        print(f"lookup {name}: {pycountry.countries.lookup(name).alpha_2}")
    except LookupError:
        print(f"lookup {name}: LookupError")
PY
cd "$work"
venv/bin/python places.py | tee seen
cat > expected <<'TXT'
us Minn: Maine
us W. Virginia: Virginia
us Oahu: Ohio
us Mass: None
us N. Carolina: None
us West Virginia: West Virginia
us Minnesota: Minnesota
search_fuzzy Niger: NG, NE
search_fuzzy Curacao: NL, CW
search_fuzzy U.S.: VI, US
search_fuzzy America: AS, US
search_fuzzy Kosovo: RS
search_fuzzy Turkey: LookupError
search_fuzzy Cape Verde: LookupError
search_fuzzy Ivory Coast: LookupError
lookup Niger: NE
lookup Curacao: LookupError
TXT
cmp -s seen expected || { echo "the behaviour has changed" >&2; exit 1; }
