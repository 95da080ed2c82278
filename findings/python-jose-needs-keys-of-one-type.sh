#!/usr/bin/env bash
# python-jose refuses every RS256 token from the day on which the server's key set begins with a key of another type.
#
# Packages: python-jose 3.5.0, PyJWT 2.15.1, joserfc 1.8.0, jwcrypto 1.6.1, cryptography 50.0.2 (PyPI).
# Guess before the run: the key with the token's "kid" is used, so a set of an RSA key and an EC key verifies tokens of
# both, in any order.
# Seen, for a set with an RSA key "r" and an EC key "e", each with "kid", "alg" and "use":
#                          set [r]   set [r, e]          set [e, r]
#                          RS256     RS256     ES256     RS256     ES256
#   PyJWT, joserfc,
#   jwcrypto               valid     valid     valid     valid     valid
#   python-jose            valid     valid     refused   refused   valid
# The error is JWKError "Incorrect key type. Expected: 'RSA', Received: EC". python-jose tries the keys in their order
# under the token's algorithm, whatever their "kid", and a key of another type ends the loop. An Ed25519 key in front
# does the same. So an authorization server that adds a key for a second algorithm, which changes nothing for its
# clients, locks the users of this package out. Choose the key by "kid" and hand over that key only.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check python-jose==3.5.0 PyJWT==2.15.1 joserfc==1.8.0 \
  jwcrypto==1.6.1 cryptography==50.0.2
cat > "$work/verify.py" <<'PY'
import json, sys, time
import joserfc.jwk, joserfc.jwt, jose.jwt, jwcrypto.jwk, jwcrypto.jwt, jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

kinds = {"RS256": jwt.algorithms.RSAAlgorithm, "ES256": jwt.algorithms.ECAlgorithm,
         "EdDSA": jwt.algorithms.OKPAlgorithm}
private = {"RS256": rsa.generate_private_key(65537, 2048), "ES256": ec.generate_private_key(ec.SECP256R1()),
           "EdDSA": ed25519.Ed25519PrivateKey.generate()}
names = {"RS256": "r", "ES256": "e", "EdDSA": "d"}

def public(algorithm):
    key = json.loads(kinds[algorithm].to_jwk(private[algorithm].public_key()))
    key.pop("key_ops", None)
    return {**key, "kid": names[algorithm], "alg": algorithm, "use": "sig"}

def token(algorithm):
    claims = {"sub": "shop", "exp": int(time.time()) + 600}
    return jwt.encode(claims, private[algorithm], algorithm=algorithm, headers={"kid": names[algorithm]})

allowed = ["RS256", "ES256"]
libraries = {
    "PyJWT": lambda keys, text: jwt.decode(
        text, jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(text)["kid"]], algorithms=allowed),
    "joserfc": lambda keys, text: joserfc.jwt.decode(
        text, joserfc.jwk.KeySet.import_key_set(keys), algorithms=allowed),
    "jwcrypto": lambda keys, text: jwcrypto.jwt.JWT(
        jwt=text, key=jwcrypto.jwk.JWKSet.from_json(json.dumps(keys)), algs=allowed),
    "python-jose": lambda keys, text: jose.jwt.decode(text, keys, algorithms=allowed),
}
cases = [(["RS256"], "RS256", True), (["RS256", "ES256"], "RS256", True), (["RS256", "ES256"], "ES256", False),
         (["ES256", "RS256"], "RS256", False), (["ES256", "RS256"], "ES256", True),
         (["EdDSA", "RS256"], "RS256", False)]
changed = False
for order, algorithm, jose_verifies in cases:
    keys = {"keys": [public(one) for one in order]}
    for name, verify in libraries.items():
        try:
            verify(keys, token(algorithm))
            seen = "valid"
        except Exception as error:
            seen = f"refused: {type(error).__name__}, {error}"
        kids = ", ".join(names[one] for one in order)
        print(f"[{kids}]".ljust(8), algorithm, name.ljust(12), seen)
        changed |= (seen == "valid") != (name != "python-jose" or jose_verifies)
sys.exit("the behaviour has changed" if changed else 0)
PY
"$work/venv/bin/python" -W ignore "$work/verify.py"
