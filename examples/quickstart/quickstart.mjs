// The quickstart in Node: all an app does is to send its request to the gateway.
import { readFile } from "node:fs/promises";

const gateway = process.env.WAYBILL_URL ?? "http://127.0.0.1:8080";
const answer = await fetch(`${gateway}/api/rating/v2409/Shop`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: await readFile(new URL("request.json", import.meta.url)),
});
if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
for (const rate of (await answer.json()).RateResponse.RatedShipment) {
  console.log(`service ${rate.Service.Code}: ${rate.TotalCharges.MonetaryValue}`);
}
console.log(`served by account ${answer.headers.get("waybill-account")}`);
