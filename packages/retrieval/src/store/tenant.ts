import type { WriterTurn } from "../writers/writer-turn.ts";
import { readHorizon, setHorizon } from "./history.ts";
import type { HistoryTable } from "./history-table.ts";
import type { LanceDatabase, LanceTable } from "./lance.ts";
import { historyTable } from "./manifest.ts";

/** A tenant's two tables, open for one turn at writing. */
export interface OpenTenant {
  readonly live: LanceTable;
  readonly history: HistoryTable;
  /** From when on the history is whole, as the turn began. */
  readonly horizon: number;
  close(): void;
}

/** Opens a tenant's tables, made when they are missing. Every change of them first asks whether the turn is still ours. */
export async function openTenant(parts: {
  readonly database: LanceDatabase;
  readonly name: string;
  readonly dimensions: number;
  readonly turn: WriterTurn;
  readonly now: () => number;
}): Promise<OpenTenant> {
  const { database, name, dimensions, turn, now } = parts;
  const history = await database.openOrCreateHistory(historyTable(name), dimensions);
  // Nothing is known of the time before the table was there.
  let horizon = await readHorizon(history);
  if (horizon === undefined) {
    horizon = now();
    await setHorizon(history, horizon);
  }
  const live = await database.openOrCreate(name, dimensions);
  const asking =
    <Parameters extends unknown[], Result>(change: (...parameters: Parameters) => Promise<Result>) =>
    async (...parameters: Parameters) => {
      await turn.check();
      return change(...parameters);
    };
  return {
    live: {
      ...live,
      replace: asking(live.replace),
      exchange: asking(live.exchange),
      append: asking(live.append),
      remove: asking(live.remove),
      tidy: asking(live.tidy),
      erase: asking(live.erase),
    },
    history: {
      ...history,
      upsert: asking(history.upsert),
      setRoles: asking(history.setRoles),
      delete: asking(history.delete),
      erase: asking(history.erase),
      tidy: asking(history.tidy),
    },
    horizon,
    close() {
      live.close();
      history.close();
    },
  };
}
