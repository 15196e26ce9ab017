/** The keys of the player, on "?": a dialog over the film, which goes on. */
import { type ReactNode, useEffect, useRef } from "react";
import { SHORTCUTS } from "./keyboard";

const SHOWN: Readonly<Record<string, string>> = {
  " ": "Space",
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Escape: "Esc",
};

const shown = (key: string): string =>
  SHOWN[key] ?? (key.length === 1 ? key.toUpperCase() : key);

export function ShortcutsHelp({ onClose }: { readonly onClose: () => void }): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      className="help"
      data-keys="help"
      aria-labelledby="help-title"
      onClose={onClose}
    >
      <h2 id="help-title">Keys</h2>
      <dl>
        {SHORTCUTS.map(([keys, does]) => (
          <div key={does} className="help-row">
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{shown(key)}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <button className="button" type="button" onClick={onClose}>
        Close
      </button>
    </dialog>
  );
}
