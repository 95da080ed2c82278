// What a program in TypeScript may write; the compiler checks it.
import { MockUps, type Entry } from "mock-ups";

export async function use(): Promise<Entry[]> {
  await using ups = await MockUps.start({ flags: ["--seed", "7"] });
  await using _fault = await ups.fault("quota", { endpoint: "token", times: 1 });
  await ups.verify({ endpoint: "rating", status: 200 }, { exactly: 0 });
  // @ts-expect-error there is no such endpoint
  await ups.journal({ endpoint: "rates" });
  return ups.journal({ client_id: ups.credentials.clientId });
}
