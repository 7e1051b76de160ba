import type { LoadedAdapter } from "@advisor/core";
import { describe, expect, it } from "vitest";
import { fakeAdvisor } from "../testing/fake-advisor.ts";
import { setupView } from "./setup.ts";

/** Of an adapter the page shows its manifest's name and description. */
const adapter = (name: string) =>
  ({ name, manifest: { name, description: `${name}'s behaviour` } }) as LoadedAdapter;

describe("setupView", () => {
  it("shows the adapter that the page's questions use, not the first one loaded", async () => {
    const none = await fakeAdvisor({ pages: [] }).status();
    const several = { ...none, adapters: [adapter("first"), adapter("second")] };
    const shown = setupView({ ...several, defaults: { ...none.defaults, adapter: "second" } });
    expect(shown.adapter).toEqual({ name: "second", description: "second's behaviour" });
    expect(setupView(several).adapter).toBeNull();
  });
});
