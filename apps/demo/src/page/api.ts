import type { RoleId } from "../shared/roles.ts";
import type { AskBody, AskEvent, ErrorView, SetupView, ShelfView, SourceView } from "../shared/wire.ts";
import { readLines } from "./read-lines.ts";

/** What the server, or the way to it, said instead of an answer. */
class RequestError extends Error {
  readonly code: string;

  constructor(error: ErrorView) {
    super(error.message);
    this.name = "RequestError";
    this.code = error.code;
  }
}

const UNREACHABLE: ErrorView = {
  code: "unreachable",
  message: "The server does not answer. Start it again with npm start, then reload this page.",
};

/** The server's own answers are taken at their word: both sides are built from the same types. */
async function read<View>(path: string, signal?: AbortSignal): Promise<View> {
  return (await (await request(path, signal && { signal })).json()) as View;
}

async function request(path: string, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (init?.signal?.aborted) throw error;
    throw new RequestError(UNREACHABLE);
  }
  if (response.ok) return response;
  const body = (await response.json().catch(() => undefined)) as { error?: ErrorView } | undefined;
  throw new RequestError(
    body?.error ?? { code: "failed", message: `The server answered ${response.status}. Ask again.` },
  );
}

export const loadSetup = () => read<SetupView>("/api/setup");

export const loadShelf = (role: RoleId) => read<ShelfView>(`/api/shelf?role=${role}`);

export const loadSource = (id: string, role: RoleId, signal: AbortSignal) =>
  read<SourceView>(`/api/source/${encodeURIComponent(id)}?role=${role}`, signal);

/** Asks in all four arms and yields what the server says as it says it. */
export async function* ask(body: AskBody, signal: AbortSignal): AsyncGenerator<AskEvent> {
  const response = await request("/api/ask", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  if (!response.body) return;
  let done = false;
  try {
    for await (const line of readLines(response.body)) {
      const event = JSON.parse(line) as AskEvent;
      done = event.type === "done";
      yield event;
    }
  } catch (error) {
    if (signal.aborted || error instanceof RequestError) throw error;
  }
  if (!done && !signal.aborted) {
    throw new RequestError({
      code: "broken_off",
      message: "The answer broke off before its end. See the server's terminal, then ask again.",
    });
  }
}

/** Any error as the page shows it. */
export function errorOf(error: unknown): ErrorView {
  if (error instanceof RequestError) return { code: error.code, message: error.message };
  return { code: "failed", message: error instanceof Error ? error.message : "Something failed." };
}
