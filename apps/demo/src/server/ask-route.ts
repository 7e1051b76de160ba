import type { Advisor } from "@advisor/core";
import type { Context } from "hono";
import { z } from "zod";
import { ROLE_IDS } from "../shared/roles.ts";
import { answerArms } from "./answer-arms.ts";
import { ASK_TIMEOUT_MS, MAX_QUESTION_LENGTH, MAX_QUESTIONS_AT_ONCE } from "./limits.ts";
import { lineStream } from "./line-stream.ts";
import { refuse } from "./refuse.ts";
import { principalOf } from "./roles.ts";

const askBodySchema = z.strictObject({
  question: z
    .string()
    .trim()
    .min(1, "must not be empty")
    .max(MAX_QUESTION_LENGTH, `must be at most ${MAX_QUESTION_LENGTH} characters`),
  role: z.enum(ROLE_IDS),
});

/** Fields that would say who asks. They get an answer of their own, so that nobody takes them for a typing mistake. */
const IDENTITY_FIELDS = ["principal", "roles", "tenant"] as const;

export interface AskRouteSettings {
  readonly advisor: Advisor;
  readonly log: (error: unknown) => void;
  readonly askTimeoutMs?: number;
}

/** `POST /api/ask`: one question, all four arms, as a stream of lines (see `AskEvent`). */
export function askRoute(settings: AskRouteSettings): (context: Context) => Promise<Response> {
  let running = 0;

  return async (context) => {
    if (!/^application\/json\b/i.test(context.req.header("content-type") ?? "")) {
      return refuse(context, 415, { code: "not_json", message: "Send the question as application/json." });
    }
    let body: unknown;
    try {
      body = await context.req.json();
    } catch {
      return refuse(context, 400, { code: "not_json", message: "The request is not JSON." });
    }
    if (typeof body === "object" && body !== null) {
      const named = IDENTITY_FIELDS.find((field) => field in body);
      if (named) {
        return refuse(context, 403, {
          code: "identity_in_request",
          message: `A request cannot say who asks, and this one names \`${named}\`. Send the id of a role as \`role\`; the server knows who that is.`,
        });
      }
    }
    const parsed = askBodySchema.safeParse(body);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const field = issue?.path.join(".") || "request";
      return refuse(context, 400, {
        code: "invalid_request",
        message: `${field}: ${issue?.message ?? "is not valid"}. Correct it and ask again.`,
      });
    }
    if (running >= MAX_QUESTIONS_AT_ONCE) {
      context.header("Retry-After", "2");
      return refuse(context, 429, {
        code: "busy",
        message: `${running} questions are being answered already. Wait for one of them to end and ask again.`,
      });
    }

    // Two ways to end early: the reader goes away (the stream ends), or the time is over (the stream says so).
    const gone = new AbortController();
    const request = context.req.raw.signal;
    request.addEventListener("abort", () => gone.abort(request.reason), { once: true });
    const time = AbortSignal.timeout(settings.askTimeoutMs ?? ASK_TIMEOUT_MS);

    running += 1;
    const { question, role } = parsed.data;
    const events = answerArms({
      advisor: settings.advisor,
      question,
      principal: principalOf(role),
      signal: AbortSignal.any([gone.signal, time]),
      log: settings.log,
    });
    const stream = lineStream({
      events,
      gone,
      onEnd: () => {
        running -= 1;
      },
    });
    return context.body(stream, 200, { "Content-Type": "application/x-ndjson; charset=utf-8" });
  };
}
