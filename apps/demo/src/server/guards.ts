import type { MiddlewareHandler } from "hono";
import { refuse } from "./refuse.ts";

/**
 * The page loads its own scripts, styles, fonts and data, and nothing else: no inline script, no other origin, no
 * frame. Text of a handbook page can therefore never become code here, even if the page forgot to escape it.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export const securityHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  const headers = context.res.headers;
  headers.set("Content-Security-Policy", CONTENT_SECURITY_POLICY);
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
  if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
};

const HOST_NAMES = ["127.0.0.1", "localhost", "[::1]"] as const;

/** The `Host` values that name this server. A browser leaves the port out when it is the scheme's own, 80. */
function ownHosts(port: number): readonly string[] {
  return HOST_NAMES.map((name) => (port === 80 ? name : `${name}:${port}`));
}

/**
 * Refuses requests that were not addressed to the loopback by name. A site whose name was made to point at 127.0.0.1
 * (DNS rebinding) still sends its own name as `Host`.
 */
export function ownHostOnly(port: () => number): MiddlewareHandler {
  return async (context, next) => {
    const host = context.req.header("host")?.toLowerCase();
    if (host === undefined || !ownHosts(port()).includes(host)) {
      return refuse(context, 403, {
        code: "foreign_host",
        message: "This server answers to its loopback address alone. Open the address it printed.",
      });
    }
    return next();
  };
}

/**
 * Refuses what another site started in the reader's browser: a POST must name this page's own origin, and a browser
 * that says where a request comes from must not say `cross-site`.
 */
export const ownOriginOnly: MiddlewareHandler = async (context, next) => {
  const { req } = context;
  const site = req.header("sec-fetch-site");
  const reading = req.method === "GET" || req.method === "HEAD";
  const ownOrigin = req.header("origin")?.toLowerCase() === `http://${req.header("host")?.toLowerCase()}`;
  if ((!reading && !ownOrigin) || (site !== undefined && site !== "same-origin" && site !== "none")) {
    return refuse(context, 403, {
      code: "foreign_origin",
      message: "This server takes questions from its own page alone. Ask on the page it serves.",
    });
  }
  return next();
};
