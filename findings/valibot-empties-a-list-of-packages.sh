#!/usr/bin/env bash
# valibot takes a list of two packages for one object, and gives an empty package, without an error.
#
# Packages: valibot 1.5.0, zod 4.6.7, arktype 2.2.10, superstruct 2.0.2, effect 4.1.0 (npm).
# UPS's older versions answer with "Package": {…} for one package and "Package": [{…}, {…}] for several, so a schema for
# them is "a package, or a list of packages"; most members of a package may be absent.
# Guess before the run: each validator gives a list of two for two packages, because an array is no object of the
# schema.
# Seen, for [{"Packaging":{"Code":"02"}},{"Packaging":{"Code":"03"}}]:
#   zod, arktype, superstruct, effect      both packages
#   valibot, object or list                {}
#   valibot, list or object                both packages
#   valibot, strictObject or list          both packages
#   valibot, object alone                  {}
# valibot's object() asks only whether the value is an object, which an array is in JavaScript, and then copies the
# members that it knows. A parcel of two boxes has no packaging, no weight and no tracking number, and the check passes.
# The same list is refused as soon as one member is required. Write the list first, or use strictObject.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --silent --no-fund --no-audit --prefix "$work" \
  valibot@1.5.0 zod@4.6.7 arktype@2.2.10 superstruct@2.0.2 effect@4.1.0 > /dev/null
cat > "$work/packages.mjs" <<'JS'
import { type } from "arktype";
import { Schema } from "effect";
import * as s from "superstruct";
import * as v from "valibot";
import { z } from "zod";

const one = { Packaging: { Code: "02" } };
const two = [one, { Packaging: { Code: "03" } }];
const show = (name, parse) => console.log(`${name}: ${JSON.stringify(parse(one))} ${JSON.stringify(parse(two))}`);

const inZod = z.object({ Packaging: z.object({ Code: z.string() }).optional() });
show("zod", (value) => z.union([inZod, z.array(inZod)]).parse(value));
const inArktype = type({ "Packaging?": { Code: "string" } });
show("arktype", (value) => inArktype.or(inArktype.array()).assert(value));
const inSuperstruct = s.type({ Packaging: s.optional(s.type({ Code: s.string() })) });
show("superstruct", (value) => s.create(value, s.union([inSuperstruct, s.array(inSuperstruct)])));
const inEffect = Schema.Struct({ Packaging: Schema.optional(Schema.Struct({ Code: Schema.String })) });
show("effect", Schema.decodeUnknownSync(Schema.Union([inEffect, Schema.Array(inEffect)])));

const members = { Packaging: v.optional(v.object({ Code: v.string() })) };
const object = v.object(members);
const strict = v.strictObject(members);
show("valibot, object or list", (value) => v.parse(v.union([object, v.array(object)]), value));
show("valibot, list or object", (value) => v.parse(v.union([v.array(object), object]), value));
show("valibot, strictObject or list", (value) => v.parse(v.union([strict, v.array(strict)]), value));
show("valibot, object", (value) => v.parse(object, value));
const required = v.safeParse(v.object({ ...members, Weight: v.string() }), two);
console.log("valibot, object with a required member, for two:", required.success);
JS
cd "$work"
node packages.mjs | tee seen
both='[{"Packaging":{"Code":"02"}},{"Packaging":{"Code":"03"}}]'
cat > expected <<TXT
zod: {"Packaging":{"Code":"02"}} $both
arktype: {"Packaging":{"Code":"02"}} $both
superstruct: {"Packaging":{"Code":"02"}} $both
effect: {"Packaging":{"Code":"02"}} $both
valibot, object or list: {"Packaging":{"Code":"02"}} {}
valibot, list or object: {"Packaging":{"Code":"02"}} $both
valibot, strictObject or list: {"Packaging":{"Code":"02"}} $both
valibot, object: {"Packaging":{"Code":"02"}} {}
valibot, object with a required member, for two: false
TXT
cmp -s seen expected || { echo "the behaviour has changed" >&2; exit 1; }
