// The fixture that the package's README shows, for Vitest 3.
import { MockUps } from "mock-ups";
import { test as base, expect } from "vitest";

const test = base.extend({
  ups: async ({}, use) => {
    const ups = await MockUps.start();
    await use(ups);
    await ups.stop();
  },
});

test.concurrent.for([1, 2, 3])("each test has a mock of its own (%i)", async (requests, { ups }) => {
  for (let i = 0; i < requests; i++) await fetch(`${ups.baseUrl}/api/track/v1/details/1Z`);
  await ups.verify({ endpoint: "tracking", status: 401 }, { exactly: requests });
  expect(ups.baseUrl).toMatch(/^http:/);
});
