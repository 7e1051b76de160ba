import { useEffect, useState } from "preact/hooks";
import type { RoleId } from "../shared/roles.ts";
import type { ErrorView, SetupView, ShelfView } from "../shared/wire.ts";
import { errorOf, loadSetup, loadShelf } from "./api.ts";

export interface Loaded {
  readonly setup?: SetupView;
  readonly shelves: Readonly<Partial<Record<RoleId, ShelfView>>>;
  readonly error?: ErrorView;
}

/** What the page needs before the first question, and each role's shelf as it comes. */
export function useSetup(): Loaded {
  const [loaded, setLoaded] = useState<Loaded>({ shelves: {} });
  useEffect(() => {
    void (async () => {
      try {
        const setup = await loadSetup();
        setLoaded((before) => ({ ...before, setup }));
        for (const { id } of setup.roles) {
          const shelf = await loadShelf(id);
          setLoaded((before) => ({ ...before, shelves: { ...before.shelves, [id]: shelf } }));
        }
      } catch (error) {
        setLoaded((before) => ({ ...before, error: errorOf(error) }));
      }
    })();
  }, []);
  return loaded;
}
