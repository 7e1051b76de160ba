import type { Advisor } from "@advisor/core";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { SetupView } from "../shared/wire.ts";
import { askRoute } from "./ask-route.ts";
import { ownHostOnly, ownOriginOnly, securityHeaders } from "./guards.ts";
import { MAX_BODY_BYTES } from "./limits.ts";
import type { PageFiles } from "./page-files.ts";
import { errorView, refuse } from "./refuse.ts";
import { shelfRoute, sourceRoute } from "./source-routes.ts";

export interface AppSettings {
  readonly advisor: Advisor;
  readonly setup: SetupView;
  /** The built page. */
  readonly page: PageFiles;
  /** The port in use, asked at each request: it is known only once the server listens. */
  readonly port: () => number;
  /** Told of errors that the page does not get to see. Default: the console. */
  readonly log?: (error: unknown) => void;
  /** Default {@link ASK_TIMEOUT_MS} and {@link READ_TIMEOUT_MS}. */
  readonly askTimeoutMs?: number;
  readonly readTimeoutMs?: number;
}

/** The demo's server: the page, and the few requests it makes. */
export function createApp(settings: AppSettings): Hono {
  const log = settings.log ?? ((error) => console.error(error));
  const app = new Hono();
  app.use(securityHeaders);
  app.use(ownHostOnly(settings.port));
  app.use("/api/*", ownOriginOnly);
  app.use(
    "/api/*",
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: (context) =>
        refuse(context, 413, {
          code: "body_too_large",
          message: `The request is larger than ${MAX_BODY_BYTES} bytes. Ask a shorter question.`,
        }),
    }),
  );

  app.get("/api/setup", (context) => context.json(settings.setup));
  app.get("/api/shelf", shelfRoute(settings));
  app.get("/api/source/:id", sourceRoute(settings));
  app.post("/api/ask", askRoute({ ...settings, log }));
  app.all("/api/*", (context) =>
    refuse(context, 404, { code: "not_found", message: `${context.req.path} is not something to ask for.` }),
  );

  app.get("*", (context) => {
    const file = settings.page.get(context.req.path === "/" ? "/index.html" : context.req.path);
    if (!file) return context.text("Not found", 404);
    context.header("Content-Type", file.type);
    // Built files carry a hash of their content in their name; the page that names them must be asked for each time.
    if (file.immutable) context.header("Cache-Control", "public, max-age=31536000, immutable");
    return context.body(file.body);
  });
  app.notFound((context) => context.text("Not found", 404));
  app.onError((error, context) => refuse(context, 500, errorView(error, log)));
  return app;
}
