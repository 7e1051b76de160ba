import type { AdapterManifest } from "@advisor/contracts";
import type { Advisor, AdvisorSettings } from "@advisor/core";

/** What the command uses of `@advisor/core`. */
export interface CoreModule {
  createAdvisor(settings?: AdvisorSettings): Promise<Advisor>;
  addAdapterManifest(options: {
    readonly file: string;
    readonly base: string;
    readonly name?: string;
    readonly description?: string;
    readonly reviewBy?: string;
    readonly form?: unknown;
  }): Promise<{ readonly manifest: AdapterManifest; readonly path: string }>;
}
