import {
  ADMINISTRATOR,
  type AdapterSelection,
  type Answer,
  BadInputError,
  DEFAULT_TENANT,
  type Message,
  type Mode,
  type Principal,
  usesAdapter,
  usesSources,
} from "@advisor/contracts";
import type { Advisor } from "@advisor/core";
import { absentStore } from "../absent-parts.ts";
import { isOrderName, ORDERS, parseChatLine } from "../chat/commands.ts";
import { createLineSource, type LineSource } from "../chat/line-source.ts";
import type { CommandContext, CommandResult } from "../context.ts";
import { collectRoles } from "../flag-values.ts";
import {
  type AnswerFlags,
  asOfOption,
  parseMode,
  parseNumber,
  principalOf,
  type TimeFlags,
} from "../flags.ts";
import { createLocate } from "../output/locate.ts";
import { writePassages } from "../output/passages.ts";
import { printableLine } from "../output/printable.ts";
import { createProgressLine, type ProgressLine } from "../output/progress-line.ts";
import { wrap } from "../output/wrap.ts";
import { describeError, EXIT_FAILURE, EXIT_OK, writeError } from "../report-error.ts";
import { mayHaveStore, storeLocation } from "../store-flag.ts";
import { requireKnownRoles, requireStore, settingsOf, withAdvisor } from "../with-advisor.ts";
import { answerOne, requestOf } from "./ask.ts";

/** Messages kept of a conversation: a question rarely leans on what was said ten questions ago. */
const KEPT_MESSAGES = 20;

export interface ChatFlags extends AnswerFlags, TimeFlags {}

interface ChatState {
  /** The pages' state that all questions are asked of; absent: that of now. */
  readonly asOf?: Date;
  mode: Mode;
  adapter: AdapterSelection | undefined;
  principal: Principal;
  history: readonly Message[];
  last: Answer | undefined;
}

/** `advisor chat`. */
export async function chat(context: CommandContext, flags: ChatFlags): CommandResult {
  const { host } = context;
  const principal = principalOf(flags);
  const request = requestOf(flags, principal, context.signal);
  const time = asOfOption(flags);
  if (usesSources(request.mode)) requireStore(context, flags);
  const settings = settingsOf(context, flags, (event) => progress.show(event));
  const stored = mayHaveStore(context, flags);

  let progress = createProgressLine(host, { json: flags.json === true });
  progress.say("Loading");
  const source = createLineSource(host);
  try {
    return await withAdvisor(
      context,
      // A chat without sources must not make an empty store.
      stored ? settings : { ...settings, store: absentStore(storeLocation(context, flags)) },
      async (advisor) => {
        if (stored) await requireKnownRoles(advisor, principal);
        await advisor.warmUp();
        progress.end();
        const state: ChatState = {
          ...time,
          mode: request.mode,
          adapter: request.adapter,
          principal,
          history: [],
          last: undefined,
        };
        return talk(context, flags, advisor, state, source, () => {
          progress = createProgressLine(host, { json: flags.json === true });
          return progress;
        });
      },
    );
  } finally {
    progress.end();
    source.close();
  }
}

async function talk(
  context: CommandContext,
  flags: AnswerFlags,
  advisor: Advisor,
  state: ChatState,
  source: LineSource,
  newProgress: () => ProgressLine,
): Promise<number> {
  const { terminal, signal } = context;
  const json = flags.json === true;
  let failed = false;
  let leaving = false;

  if (source.live && !json) await greet(context, flags, state);
  for (;;) {
    const input = await source.next(terminal.style(["bold", "cyan"], "› "));
    if (signal.aborted || input.type === "end") break;
    if (input.type === "interrupt") {
      if (leaving) break;
      leaving = !input.hadText;
      await terminal.note(leaving ? "\nCtrl-C again, or /quit, leaves." : "");
      continue;
    }
    leaving = false;
    const line = parseChatLine(input.text);
    if (line.type === "nothing") continue;
    if (!source.live && !json) await terminal.line(`› ${printableLine(input.text)}`);
    try {
      if (line.type === "question") {
        leaving = await answer(line.text);
      } else if (line.name === "/quit") {
        break;
      } else {
        await obey(context, advisor, state, line.name, line.argument, json);
      }
    } catch (error) {
      if (signal.aborted) throw error;
      failed = true;
      writeError(context.host, await describeError(error), json, error);
    }
    if (!json) await terminal.line();
  }
  if (source.live && !json) await terminal.line();
  return failed && !source.live ? EXIT_FAILURE : EXIT_OK;

  /** True when it was broken off. */
  async function answer(question: string): Promise<boolean> {
    const controller = new AbortController();
    const giveBack = context.onInterrupt(() => controller.abort());
    const progress = newProgress();
    progress.say("Answering");
    const { adapter: _, mode: __, ...request } = requestOf(flags, state.principal, signal);
    try {
      state.last = await answerOne(
        context,
        advisor,
        {
          ...request,
          question,
          mode: state.mode,
          principal: state.principal,
          history: state.history,
          ...(state.adapter && usesAdapter(state.mode) && { adapter: state.adapter }),
          ...(state.asOf && usesSources(state.mode) && { asOf: state.asOf }),
          signal: AbortSignal.any([controller.signal, signal]),
        },
        json,
        progress,
      );
      state.history = [
        ...state.history,
        { role: "user" as const, content: question },
        { role: "assistant" as const, content: state.last.text },
      ].slice(-KEPT_MESSAGES);
      return false;
    } catch (error) {
      if (!controller.signal.aborted) throw error;
      progress.end();
      await terminal.note("\nStopped. Ctrl-C again, or /quit, leaves.");
      return true;
    } finally {
      progress.end();
      giveBack();
    }
  }
}

async function greet({ terminal }: CommandContext, flags: AnswerFlags, state: ChatState): Promise<void> {
  const parts = [
    `Model ${printableLine(flags.model)}`,
    `store ${printableLine(flags.store)}`,
    armOf(state),
    who(state),
    ...(state.asOf ? [`as of ${state.asOf.toISOString()}`] : []),
  ];
  await terminal.line(wrap(parts.join(" · "), terminal.width).join("\n"));
  await terminal.line(`${terminal.style("dim", "/help lists what can be changed, /quit leaves.")}\n`);
}

const armOf = ({ mode, adapter }: ChatState) =>
  adapter && usesAdapter(mode) ? `${mode} with ${printableLine(adapter.name)}` : mode;

const who = ({ principal }: ChatState) =>
  `as ${principal.roles.map(printableLine).join(", ")} of tenant ${printableLine(principal.tenant)}`;

/** Carries out an order. Its answers go to standard error with `--json`, where only results stand on standard output. */
async function obey(
  context: CommandContext,
  advisor: Advisor,
  state: ChatState,
  name: string,
  argument: string,
  json: boolean,
): Promise<void> {
  const { terminal } = context;
  const say = (text: string) => (json ? terminal.note(text) : terminal.line(text));
  if (!isOrderName(name) || name === "/quit") {
    throw new BadInputError({
      code: "invalid_request",
      subject: printableLine(name),
      reason: "there is no such order",
      nextStep: `Use one of ${Object.keys(ORDERS).join(", ")}`,
    });
  }
  switch (name) {
    case "/help":
      for (const [order, text] of Object.entries(ORDERS)) await say(`  ${order} ${text}`);
      return;
    case "/new":
      state.history = [];
      return say("The conversation starts anew.");
    case "/mode": {
      if (argument !== "") state.mode = parseMode(argument, "/mode");
      return say(`Mode: ${armOf(state)}`);
    }
    case "/adapter": {
      if (argument !== "") chooseAdapter(state, argument);
      return say(`Mode: ${armOf(state)}`);
    }
    case "/role":
      return changeRole(advisor, state, argument, say);
    case "/sources": {
      const passages = state.last?.passages ?? [];
      if (passages.length === 0) return say("The last answer was given no sources.");
      if (json) return say(JSON.stringify(passages));
      const { principal, asOf } = state;
      const locate = createLocate((id) => advisor.document(id, { principal, ...(asOf && { asOf }) }));
      const totalMs = state.last?.timings.retrievalMs ?? 0;
      return writePassages(
        terminal,
        { passages, timings: { totalMs }, warnings: [] },
        { locate, full: true },
      );
    }
  }
}

/** An adapter takes an arm that had none to the one that has; dropping it leads back. */
function chooseAdapter(state: ChatState, argument: string): void {
  const [name = "", factor] = argument.split(" ");
  if (name === "none") {
    state.adapter = undefined;
    if (usesAdapter(state.mode)) state.mode = state.mode === "hybrid" ? "retrieval" : "base";
    return;
  }
  const scale =
    factor === undefined ? undefined : parseNumber("/adapter", factor, { min: -16, max: 16, whole: false });
  state.adapter = { name, ...(scale !== undefined && { scale }) };
  if (!usesAdapter(state.mode)) state.mode = state.mode === "base" ? "adapter" : "hybrid";
}

async function changeRole(
  advisor: Advisor,
  state: ChatState,
  argument: string,
  say: (text: string) => Promise<void>,
): Promise<void> {
  const { tenant } = state.principal;
  if (argument === "") {
    const known = [...(await advisor.roles(tenant)), ADMINISTRATOR].map(printableLine).join(", ");
    return say(`You ask ${who(state)}. Known roles: ${known}`);
  }
  const principal = principalOf({ tenant: tenant ?? DEFAULT_TENANT, role: collectRoles(argument, []) });
  await requireKnownRoles(advisor, principal);
  state.principal = principal;
  // What was said under other rights must not stand in this one's prompts.
  state.history = [];
  state.last = undefined;
  return say(`You ask ${who(state)}. The conversation starts anew.`);
}
