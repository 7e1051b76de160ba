/** What `npm start -- …` can be told. */
export interface DemoArguments {
  /** Ends after the table of timings. */
  readonly once: boolean;
  /** Port to serve the page at; the next free one when it is taken. */
  readonly port: number;
  readonly help: boolean;
}

const DEFAULT_PORT = 4173;

export const USAGE = `npm start [-- options]

Makes a knowledge store from the sample handbook, asks three questions in each
of the four arms, prints answers and timings, then serves the web page.

  --once       stop after the table
  --port PORT  serve the page at this port, or at the next free one (${DEFAULT_PORT})
  --help       this text
`;

export type ParsedArguments =
  | { readonly ok: true; readonly value: DemoArguments }
  | { readonly ok: false; readonly message: string };

export function parseArguments(args: readonly string[]): ParsedArguments {
  const value = { once: false, port: DEFAULT_PORT, help: false };
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [name, inline] = arg.startsWith("--port=") ? ["--port", arg.slice("--port=".length)] : [arg];
    if (name === "--once") value.once = true;
    else if (name === "--help" || name === "-h") value.help = true;
    else if (name === "--port") {
      const port = inline ?? rest.shift() ?? "";
      if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
        return { ok: false, message: `--port ${port}: is not a port. Give a number from 0 to 65535.` };
      }
      value.port = Number(port);
    } else return { ok: false, message: `${arg}: is not an option. Run npm start -- --help to see what is.` };
  }
  return { ok: true, value };
}
