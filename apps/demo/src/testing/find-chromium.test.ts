import { describe, expect, it } from "vitest";
import { findChromium } from "./find-chromium.ts";

describe("findChromium", () => {
  it("takes the one named, else the first there is", () => {
    expect(findChromium({ CHROMIUM_PATH: "/opt/c" }, () => true)).toEqual({ path: "/opt/c" });
    expect(findChromium({}, (path) => path.endsWith("-browser"))).toEqual({
      path: "/usr/bin/chromium-browser",
    });
  });

  it("says where it looked, and whether that is a failure", () => {
    const missing = findChromium({ CI: "true", CHROMIUM_PATH: "/opt/c" }, () => false);
    expect(missing).toMatchObject({ mustBeThere: true, reason: expect.stringContaining("/opt/c") });
    expect(findChromium({}, () => false)).toMatchObject({
      mustBeThere: false,
      reason: expect.stringContaining("/usr/bin/chromium or /usr/bin/chromium-browser"),
    });
  });
});
