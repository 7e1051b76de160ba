import { useEffect, useRef, useState } from "preact/hooks";
import type { RoleId } from "../../shared/roles.ts";
import type { ErrorView, SourceView } from "../../shared/wire.ts";
import { errorOf, loadSource } from "../api.ts";
import { CrossIcon, LockIcon } from "../icons.tsx";
import { ErrorNotice } from "../notice.tsx";
import { type SourcePiece, sourcePieces } from "./source-pieces.ts";

/** What to open: a document, and the place in it that carries a statement. */
export interface SourceTarget {
  readonly documentId: string;
  readonly title: string;
  readonly start?: number;
  readonly end?: number;
  /** The version that the answer saw. */
  readonly version?: string;
}

export interface SourceDialogProps {
  readonly target: SourceTarget;
  readonly role: RoleId;
  readonly roleLabel: string;
  readonly onClose: () => void;
}

/** The whole page that a citation points into, scrolled to the quote. */
export function SourceDialog({ target, role, roleLabel, onClose }: SourceDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const mark = useRef<HTMLElement>(null);
  const [source, setSource] = useState<SourceView>();
  const [error, setError] = useState<ErrorView>();

  useEffect(() => {
    dialog.current?.showModal();
    const abort = new AbortController();
    loadSource(target.documentId, role, abort.signal).then(setSource, (reason: unknown) => {
      if (!abort.signal.aborted) setError(errorOf(reason));
    });
    return () => abort.abort();
  }, [target.documentId, role]);

  useEffect(() => {
    if (source) mark.current?.scrollIntoView({ block: "center" });
  }, [source]);

  const changed = source && target.version !== undefined && target.version !== source.version;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside the page closes it; Escape does so by keyboard
    <dialog
      ref={dialog}
      class="source"
      aria-labelledby="source-title"
      onClose={onClose}
      onClick={(event) => {
        if (event.target === event.currentTarget) dialog.current?.close();
      }}
    >
      <div class="source-frame">
        <header class="source-head">
          <div>
            <p class="path">{source?.uri}</p>
            <h2 id="source-title">{source?.title ?? target.title}</h2>
            {source && (
              <p class="source-access">
                <LockIcon /> May be read by{" "}
                {source.roles.length > 0 ? source.roles.join(", ") : "administrators alone"}; you read it as{" "}
                {roleLabel}.
              </p>
            )}
          </div>
          <button
            type="button"
            class="close"
            aria-label="Close the source"
            onClick={() => dialog.current?.close()}
          >
            <CrossIcon />
          </button>
        </header>
        {error && <ErrorNotice error={error} />}
        {changed && (
          <p class="notice warning">
            This page has changed since it was cited; the mark may stand beside its words.
          </p>
        )}
        {source && <SourceText source={source} target={target} markRef={mark} />}
      </div>
    </dialog>
  );
}

interface SourceTextProps {
  readonly source: SourceView;
  readonly target: SourceTarget;
  readonly markRef: { current: HTMLElement | null };
}

function SourceText({ source, target, markRef }: SourceTextProps) {
  const { before, quote, after } = sourcePieces(source.text, target.start, target.end);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section class="source-text" tabIndex={0} aria-label="Text of the page">
      <Pieces pieces={before} />
      {quote.length > 0 && (
        <mark ref={markRef}>
          <Pieces pieces={quote} />
        </mark>
      )}
      <Pieces pieces={after} />
    </section>
  );
}

function Pieces({ pieces }: { readonly pieces: readonly SourcePiece[] }) {
  return (
    <>
      {pieces.map(({ kind, text }, index) => (
        <span key={index} class={kind}>
          {text}
        </span>
      ))}
    </>
  );
}
