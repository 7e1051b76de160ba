import type {
  Document,
  HealthCheck,
  HealthFinding,
  HealthPlace,
  HealthReport,
  Principal,
} from "@advisor/contracts";
import { readBatch } from "../batch.ts";
import type { CommandContext, CommandResult } from "../context.ts";
import { principalOf, type StoreFlags } from "../flags.ts";
import { createLocate, type Locate } from "../output/locate.ts";
import { counted, duration } from "../output/numbers.ts";
import { printableLine } from "../output/printable.ts";
import { createProgressLine } from "../output/progress-line.ts";
import { indent, wrap } from "../output/wrap.ts";
import { EXIT_FAILURE, EXIT_OK } from "../report-error.ts";
import type { RerankFlags } from "../reranker-flag.ts";
import { requireStore, settingsOf, withAdvisor } from "../with-advisor.ts";

export interface CheckFlags extends StoreFlags, RerankFlags {
  readonly questions?: string;
  readonly fail: boolean;
  readonly verbose?: boolean;
}

/** Findings of one check that are listed; the rest is counted. `--verbose` lists all. */
const LISTED = 20;
/** Longest quote that is shown of a place. */
const MAX_SHOWN = 240;

const NAMES: Readonly<Record<HealthCheck, string>> = {
  "review-date": "Past their review date",
  unreadable: "Who may read them",
  link: "Broken links",
  "near-duplicate": "Nearly the same",
  contradiction: "Contradictions",
  unreached: "Reached by no question",
};

/** `advisor check`: exit code 1 when there is a problem, unless `--no-fail`. Notes alone are no reason to fail. */
export async function check(context: CommandContext, flags: CheckFlags): CommandResult {
  const { host, signal, terminal } = context;
  const principal: Principal = principalOf({ ...flags, role: [] });
  requireStore(context, flags);
  const progress = createProgressLine(host, { json: flags.json === true });
  try {
    const questions =
      flags.questions === undefined ? undefined : await readBatch(context, flags.questions, "--questions");
    progress.say("Opening the store");
    return await withAdvisor(context, settingsOf(context, flags, progress.show), async (advisor) => {
      progress.say("Checking");
      const report = await advisor.check({ principal, signal, ...(questions && { questions }) });
      progress.end();
      const read = (id: string): Promise<Document | undefined> => advisor.document(id, { principal });
      if (flags.json) await terminal.line(JSON.stringify(report));
      else await writeReport(context, report, createLocate(read), flags.verbose === true);
      const failed = report.findings.some(({ severity }) => severity === "problem");
      return failed && flags.fail ? EXIT_FAILURE : EXIT_OK;
    });
  } finally {
    progress.end();
  }
}

async function writeReport(
  { terminal }: CommandContext,
  report: HealthReport,
  locate: Locate,
  all: boolean,
): Promise<void> {
  for (const summary of report.checks) {
    const found = report.findings.filter((finding) => finding.check === summary.check);
    if (found.length === 0) continue;
    await terminal.line(
      `${terminal.style("bold", NAMES[summary.check])}  ${counted(summary.found, "finding")}`,
    );
    const shown = all ? found : found.slice(0, LISTED);
    for (const finding of shown) await writeFinding(terminal, finding, locate);
    const rest = summary.found - shown.length;
    if (rest > 0)
      await terminal.line(`  and ${rest.toLocaleString("en")} more${all ? "" : "; --verbose lists them"}`);
    await terminal.line();
  }
  for (const { check, skipped } of report.checks) {
    if (skipped !== undefined)
      await terminal.line(terminal.style("dim", `Not checked: ${NAMES[check].toLowerCase()} (${skipped})`));
  }
  const { checked, external, files } = report.links;
  const beyond =
    external + files > 0 ? ` (${external} to other sites and ${files} to other files not followed)` : "";
  await terminal.line(
    terminal.style(
      "dim",
      `${counted(report.documents, "page")}, ${counted(report.chunks, "chunk")} and ${counted(checked, "link")}${beyond} checked in ${duration(report.elapsedMs)}`,
    ),
  );
  const problems = report.findings.filter(({ severity }) => severity === "problem").length;
  const notes = report.findings.length - problems;
  await terminal.line(
    report.findings.length === 0
      ? "Nothing found."
      : `${counted(problems, "problem")}, ${counted(notes, "note")}`,
  );
}

async function writeFinding(
  terminal: CommandContext["terminal"],
  finding: HealthFinding,
  locate: Locate,
): Promise<void> {
  const problem = finding.severity === "problem";
  const mark = terminal.style(problem ? "red" : "yellow", problem ? "problem" : "note   ");
  await terminal.line(`  ${mark}  ${await placeText(finding, locate)}`);
  const lines = (text: string) => indent(wrap(printableLine(text), terminal.width - 11), " ".repeat(11));
  await terminal.line(lines(`${finding.message}.`));
  if (finding.other) {
    if (finding.quote !== undefined) await terminal.line(lines(`“${shorten(finding.quote)}”`));
    const theirs = finding.other.quote === undefined ? "" : `: “${shorten(finding.other.quote)}”`;
    await terminal.line(lines(`${await placeText(finding.other, locate)}${theirs}`));
  }
  await terminal.line(terminal.style("dim", lines(`${finding.nextStep}.`)));
}

async function placeText(place: HealthPlace, locate: Locate): Promise<string> {
  const line = await locate(place);
  return `${printableLine(place.uri)}${line === undefined ? "" : `:${line}`}`;
}

function shorten(quote: string): string {
  const line = quote.replace(/\s+/g, " ").trim();
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN).replace(/[\ud800-\udbff]$/, "")} …` : line;
}
