import type * as core from "@advisor/core";

/** What the command uses of `@advisor/core`. */
export type CoreModule = Pick<typeof core, "createAdvisor" | "addAdapterManifest" | "hardware" | "reembed">;
