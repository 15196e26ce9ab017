/** A menu of choices over the player: the ARIA menu-button pattern with one checked item. */
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { CheckIcon } from "../ui/icons";
import { keyName } from "../ui/remote";

interface Option<Choice> {
  readonly choice: Choice;
  readonly label: string;
  readonly selected: boolean;
}

interface Props<Choice> {
  readonly name: string;
  readonly icon: ReactNode;
  readonly isDisabled: boolean;
  readonly options: readonly Option<Choice>[];
  readonly onChoose: (choice: Choice) => void;
}

export function ChoiceMenu<Choice extends string | number | null>(
  { name, icon, isDisabled, options, onChoose }: Props<Choice>,
): ReactNode {
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

  /** A mouse hands the keys back to the film; whoever came with keys stays among the controls. */
  const close = (isByKey: boolean): void => {
    setOpen(false);
    if (isByKey) button.current?.focus();
    else button.current?.closest("main")?.focus();
  };

  const onKey = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (keyName(event) === "GoBack") {
      event.preventDefault();
      event.stopPropagation();
      close(true);
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
        aria-label={name}
        title={name}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        disabled={isDisabled}
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => setOpen(!isOpen)}
      >
        {icon}
      </button>
      {isOpen && (
        <div
          className="menu-list"
          role="menu"
          tabIndex={-1}
          aria-label={name}
          data-keys="menu"
          onKeyDown={onKey}
        >
          {options.map((option) => (
            <button
              key={option.choice}
              className="menu-item"
              type="button"
              role="menuitemradio"
              aria-checked={option.selected}
              tabIndex={-1}
              onClick={(event) => {
                onChoose(option.choice);
                close(event.detail === 0);
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
