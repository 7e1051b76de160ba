import type { AdvisorSettings } from "@advisor/core";
import type { CommandContext, CommandResult } from "../context.ts";
import type { Finding, FindingStatus } from "../doctor/finding.ts";
import { examineMachine } from "../doctor/machine.ts";
import { watchNetwork } from "../doctor/network-watch.ts";
import { examineEngine, examineModels, examinePrincipal, examineStore } from "../doctor/parts.ts";
import { type AskerFlags, type ModelFlags, principalOf } from "../flags.ts";
import { printableLine } from "../output/printable.ts";
import { createProgressLine } from "../output/progress-line.ts";
import type { Style, Terminal } from "../output/terminal.ts";
import { padEnd } from "../output/width.ts";
import { indent, wrap } from "../output/wrap.ts";
import { EXIT_FAILURE, EXIT_OK } from "../report-error.ts";
import type { RerankFlags } from "../reranker-flag.ts";
import { settingsOf } from "../with-advisor.ts";

const SECTIONS = { machine: "Machine", models: "Models", store: "Store", access: "Access" } as const;
const STYLES: Record<FindingStatus, Style> = { ok: "green", warn: "yellow", fail: "red" };
const STATUS_WIDTH = 4;
const NAME_WIDTH = 9;

/** `advisor doctor`. Exit code 1 when something that is needed does not work. */
export async function doctor(
  context: CommandContext,
  flags: AskerFlags & ModelFlags & RerankFlags,
): CommandResult {
  const { host, terminal, signal } = context;
  const principal = principalOf(flags);
  const progress = createProgressLine(host, { json: flags.json === true });
  const settings = settingsOf(context, flags, progress.show);
  const network = watchNetwork();
  let findings: Finding[];
  try {
    progress.say("Looking at this machine");
    findings = await examineMachine();
    progress.say("Loading the models");
    findings.push(await examineEngine(context));
    findings.push(...(await examineModels(context, flags, settings)));
    signal.throwIfAborted();
    progress.say("Opening the store");
    findings.push(...(await examineStore(context, flags, settings)));
    findings.push(await examinePrincipal(context, flags, settings, principal));
    findings.push(await network.finding(onNetwork(settings)));
    signal.throwIfAborted();
  } finally {
    network.stop();
    progress.end();
  }

  const failed = findings.some(({ status }) => status === "fail");
  if (flags.json) await terminal.line(JSON.stringify({ ok: !failed, findings }));
  else await writeFindings(terminal, findings);
  return failed ? EXIT_FAILURE : EXIT_OK;
}

/** What the settings name that is reached by a network, of this machine or another. */
function onNetwork({ store, embedder }: AdvisorSettings): string[] {
  const named: string[] = [];
  if (typeof store === "object" && "location" in store && store.location.includes("://")) {
    named.push(`the store ${store.location}`);
  }
  if (typeof embedder === "object" && "type" in embedder && embedder.type === "openai") {
    named.push("the embedder's server");
  }
  return named;
}

async function writeFindings(terminal: Terminal, findings: readonly Finding[]): Promise<void> {
  const margin = " ".repeat(2 + STATUS_WIDTH + 2 + NAME_WIDTH + 2);
  for (const [section, title] of Object.entries(SECTIONS)) {
    await terminal.line(terminal.style("bold", title));
    for (const { status, name, text, nextStep } of findings.filter((each) => each.section === section)) {
      const lead = `  ${terminal.style(STYLES[status], padEnd(status, STATUS_WIDTH))}  ${padEnd(name, NAME_WIDTH)}  `;
      const words = nextStep ? `${text.replace(/\.$/, "")}. ${nextStep}.` : text;
      await terminal.line(indent(wrap(printableLine(words), terminal.width - margin.length), margin, lead));
    }
    await terminal.line();
  }
  const count = (wanted: FindingStatus) => findings.filter(({ status }) => status === wanted).length;
  const problems = count("fail");
  const summary =
    problems > 0
      ? `${problems} ${problems === 1 ? "thing" : "things"} that must be put right.`
      : count("warn") > 0
        ? "It works; there are things to know, marked warn."
        : "All is well.";
  await terminal.line(terminal.style(problems > 0 ? "red" : "bold", summary));
}
