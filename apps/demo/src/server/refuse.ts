import { AdvisorError } from "@advisor/core";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { ErrorView } from "../shared/wire.ts";

/** Answers with an error as the page shows it. */
export function refuse(context: Context, status: ContentfulStatusCode, error: ErrorView): Response {
  return context.json({ error }, status);
}

/**
 * An error as the page may see it. What was thrown on purpose says what to do; anything else is told in the terminal
 * alone, as it may hold more than a page should show.
 */
export function errorView(error: unknown, log: (error: unknown) => void): ErrorView {
  if (AdvisorError.isInstance(error)) return { code: error.code, message: error.message };
  log(error);
  return {
    code: "internal",
    message: "The server failed. Its terminal says how; correct that and ask again.",
  };
}
