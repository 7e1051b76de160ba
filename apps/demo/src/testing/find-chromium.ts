import { existsSync } from "node:fs";

/** Where Debian and others put Chromium; `CHROMIUM_PATH` goes before them. */
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser"] as const;

export type FoundChromium =
  | { readonly path: string }
  /** Under CI a missing browser is a failure; elsewhere the test is left out, with this reason in its name. */
  | { readonly path: undefined; readonly reason: string; readonly mustBeThere: boolean };

export function findChromium(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  exists: (path: string) => boolean = existsSync,
): FoundChromium {
  const places = environment.CHROMIUM_PATH ? [environment.CHROMIUM_PATH] : PLACES;
  const path = places.find(exists);
  if (path) return { path };
  return {
    path: undefined,
    reason: `no Chromium at ${places.join(" or ")}; install the package chromium or set CHROMIUM_PATH`,
    mustBeThere: environment.CI === "true",
  };
}
