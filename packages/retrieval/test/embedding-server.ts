import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createFakeEmbedder } from "@advisor/contracts/testing";

export interface EmbeddingRequest {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: { readonly model: string; readonly input: readonly string[]; readonly dimensions?: number };
}

/** Answers in place of the server's own. Undefined leaves the answer to the server. */
export type Reply = (request: EmbeddingRequest, response: ServerResponse) => unknown;

/** A double of an OpenAI-compatible server on loopback, with the words' vectors of the fake embedder. */
export interface EmbeddingServer {
  readonly url: string;
  readonly requests: EmbeddingRequest[];
  /** Answers of the next requests, in order. */
  readonly replies: Reply[];
  close(): Promise<void>;
}

export async function startEmbeddingServer(dimensions = 48): Promise<EmbeddingServer> {
  const requests: EmbeddingRequest[] = [];
  const replies: Reply[] = [];
  const embedders = new Map<number, ReturnType<typeof createFakeEmbedder>>();
  const embedderOf = (size: number) => {
    const embedder = embedders.get(size) ?? createFakeEmbedder({ dimensions: size });
    embedders.set(size, embedder);
    return embedder;
  };
  const answer = async (message: IncomingMessage, response: ServerResponse) => {
    let text = "";
    for await (const piece of message) text += piece;
    const body = JSON.parse(text) as EmbeddingRequest["body"];
    const request = { path: message.url ?? "", authorization: message.headers.authorization, body };
    requests.push(request);
    const own = replies.shift()?.(request, response);
    if (response.writableEnded || response.destroyed) return;
    if (own === "silence") return;
    const embedder = embedderOf(body.dimensions ?? dimensions);
    const vectors = await embedder.embed(
      body.input.map((input) => input || "empty"),
      "passage",
    );
    // Of any length, and in any order: the index says whose each is.
    const data = vectors.map((vector, index) => ({
      object: "embedding",
      index,
      embedding: [...(vector.every((value) => value === 0) ? vector.fill(1) : vector)].map(
        (value) => value * 3,
      ),
    }));
    json(response, own ?? { object: "list", data: data.reverse(), model: body.model });
  };
  const server = createServer((message, response) => {
    answer(message, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    replies,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}

/** An answer of this status, with a body that repeats what was sent. */
export function status(code: number, headers: Readonly<Record<string, string>> = {}): Reply {
  return ({ body, authorization }, response) => {
    response.writeHead(code, { "content-type": "application/json", ...headers });
    response.end(
      JSON.stringify({ error: { message: `cannot embed ${body.input.join()} for ${authorization}` } }),
    );
  };
}
