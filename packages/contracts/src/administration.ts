import { z } from "zod";
import { type Principal, principalSchema } from "./access.ts";
import type { OnProgress } from "./progress.ts";

/** Who administers: the work is done on the principal's own tenant, of which it must be an administrator. */
export const administrationRequestSchema = z.strictObject({ principal: principalSchema });

/** Work on a whole tenant. */
export interface AdministrationRequest {
  readonly principal: Principal;
  readonly signal?: AbortSignal;
  /** Told while the call waits for another writer. */
  readonly onProgress?: OnProgress;
}

/** What a tenant held: after reindexing, what it holds; after removal, what went. */
export interface AdministrationReport {
  readonly tenant: string;
  readonly documents: number;
  readonly chunks: number;
  readonly elapsedMs: number;
}
