import { useRef, useState } from "preact/hooks";
import type { RoleId } from "../../shared/roles.ts";
import type { PageView, ShelfView } from "../../shared/wire.ts";
import { folders } from "./folders.ts";

export interface ShelfProps {
  readonly shelves: Readonly<Partial<Record<RoleId, ShelfView>>>;
  readonly role: RoleId;
  readonly roleLabel: string;
  /** Documents that the search found, and those among them that an answer cites. */
  readonly read: ReadonlySet<string>;
  readonly cited: ReadonlySet<string>;
  readonly onOpen: (page: PageView) => void;
}

/** A spine and its gap, so that a folder alone in its row does not stretch over all of it. */
const WIDEST_SPINE_PX = 39;

type Use = "locked" | "open" | "read" | "cited";
const USE_WORDS: Readonly<Record<Use, string>> = {
  locked: "closed to this role",
  open: "may be read",
  read: "was found",
  cited: "is cited",
};

/** The handbook as spines on a shelf: which pages this role may read, and which ones the answers used. */
export function Shelf({ shelves, role, roleLabel, read, cited, onOpen }: ShelfProps) {
  const [focus, setFocus] = useState(0);
  const [pointed, setPointed] = useState<PageView | undefined>();
  const spines = useRef<HTMLDivElement>(null);
  const groups = folders(Object.values(shelves).flatMap((shelf) => shelf.pages));
  const pages = groups.flatMap((group) => group.pages);
  const permitted = new Set(shelves[role]?.pages.map(({ id }) => id));
  if (pages.length === 0) return null;

  const useOf = ({ id }: PageView): Use => {
    if (!permitted.has(id)) return "locked";
    return cited.has(id) ? "cited" : read.has(id) ? "read" : "open";
  };
  const move = (step: number) => {
    const index = (focus + step + pages.length) % pages.length;
    setFocus(index);
    spines.current?.querySelectorAll("button")[index]?.focus();
  };
  let index = -1;
  return (
    <section class="shelf" aria-labelledby="shelf-title">
      <div class="shelf-head">
        <h2 id="shelf-title">
          {roleLabel} may read {permitted.size} of {pages.length} pages
        </h2>
        <p class="shelf-caption" aria-hidden="true">
          {pointed ? (
            <>
              <strong>{pointed.title}</strong> <span class="path">{pointed.uri}</span>{" "}
              <span class={`use ${useOf(pointed)}`}>{USE_WORDS[useOf(pointed)]}</span>
            </>
          ) : (
            <Legend />
          )}
        </p>
      </div>
      <div
        class="spines"
        role="toolbar"
        aria-label="Pages of the handbook"
        ref={spines}
        onKeyDown={(event) => {
          if (event.key === "ArrowRight") move(1);
          else if (event.key === "ArrowLeft") move(-1);
          else return;
          event.preventDefault();
        }}
        onPointerLeave={() => setPointed(undefined)}
      >
        {groups.map((group) => (
          <div
            key={group.name}
            class="folder"
            style={{ flexGrow: group.pages.length, maxWidth: `${group.pages.length * WIDEST_SPINE_PX}px` }}
          >
            <div class="folder-spines">
              {group.pages.map((page) => {
                index += 1;
                const own = index;
                const use = useOf(page);
                return (
                  <button
                    key={page.id}
                    type="button"
                    class={`spine ${use}`}
                    data-height={page.title.length % 5}
                    tabIndex={own === Math.min(focus, pages.length - 1) ? 0 : -1}
                    aria-disabled={use === "locked" ? "true" : undefined}
                    aria-label={`${page.title}, ${page.uri}, ${USE_WORDS[use]}`}
                    onPointerEnter={() => setPointed(page)}
                    onFocus={() => {
                      setFocus(own);
                      setPointed(page);
                    }}
                    onBlur={() => setPointed(undefined)}
                    onClick={() => {
                      if (use !== "locked") onOpen(page);
                    }}
                  />
                );
              })}
            </div>
            <span class="folder-name" aria-hidden="true">
              {group.name}
            </span>
          </div>
        ))}
      </div>
    </section>
  );
}

function Legend() {
  return (
    <span class="legend">
      <span class="key open">may be read</span>
      <span class="key locked">closed</span>
      <span class="key read">found</span>
      <span class="key cited">cited</span>
    </span>
  );
}
