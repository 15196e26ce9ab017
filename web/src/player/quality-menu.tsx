/** The quality menu: the ARIA menu-button pattern with one checked item. */
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { CheckIcon, QualityIcon } from "../ui/icons";
import { type QualityChoice, qualityOptions } from "./quality";

interface Props {
  readonly heights: readonly number[];
  readonly chosen: QualityChoice;
  readonly shown: number;
  readonly onChoose: (choice: QualityChoice) => void;
}

export function QualityMenu({ heights, chosen, shown, onChoose }: Props): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!isOpen) return undefined;
    box.current?.querySelector<HTMLElement>("[aria-checked=true]")?.focus();
    const onPointer = (event: globalThis.PointerEvent): void => {
      if (!(event.target instanceof Node && box.current?.contains(event.target))) setOpen(false);
    };
    document.addEventListener("pointerdown", onPointer);
    return () => document.removeEventListener("pointerdown", onPointer);
  }, [isOpen]);

  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };

  const onKey = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    }
    if (event.key === "Tab") setOpen(false);
    const items = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=menuitemradio]")];
    const next = movedFocus(event.key, items.indexOf(event.target as HTMLElement), items.length);
    if (next === null) return;
    event.preventDefault();
    items[next]?.focus();
  };

  return (
    <div className="menu" ref={box}>
      <button
        ref={button}
        className="control"
        type="button"
        aria-label="Quality"
        title="Quality"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        disabled={heights.length === 0}
        onClick={() => setOpen(!isOpen)}
      >
        <QualityIcon />
      </button>
      {isOpen && (
        <div
          className="menu-list"
          role="menu"
          tabIndex={-1}
          aria-label="Quality"
          data-keys="menu"
          onKeyDown={onKey}
        >
          {qualityOptions(heights, chosen, shown).map((option) => (
            <button
              key={option.choice}
              className="menu-item"
              type="button"
              role="menuitemradio"
              aria-checked={option.selected}
              tabIndex={-1}
              onClick={() => {
                onChoose(option.choice);
                close();
              }}
            >
              <CheckIcon />
              {option.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

/** Index to focus after a key in a menu, round at the ends; null when the key does not move. */
function movedFocus(key: string, index: number, count: number): number | null {
  switch (key) {
    case "ArrowDown":
      return (index + 1) % count;
    case "ArrowUp":
      return (index - 1 + count) % count;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}
