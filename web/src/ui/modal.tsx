/** Something that has to be dealt with first; Escape and a remote's back key leave it. */
import { type KeyboardEvent, type ReactNode, useId, useLayoutEffect, useRef } from "react";
import { directionOf, leavesField, moveFocus } from "./focus";
import { keyName } from "./remote";
import "./modal.css";

interface Props {
  readonly title: string;
  /** Of the element that says more. */
  readonly describedBy?: string;
  readonly className?: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function Modal({ title, describedBy, className, onClose, children }: Props): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  // Closed before it is taken out of the page, so that the focus goes back to where it came from.
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);

  const onKeyDown = (event: KeyboardEvent): void => {
    const key = keyName(event);
    const direction = key === null ? null : directionOf(key);
    if (direction === null) {
      // Escape comes as the dialog's own cancel.
      if (key !== "GoBack" || event.key === "Escape") return;
      event.preventDefault();
      onClose();
    } else if (dialog.current !== null && leavesField(event.target, direction)) {
      if (moveFocus(dialog.current, direction)) event.preventDefault();
    }
  };

  return (
    <dialog
      ref={dialog}
      className={`modal ${className ?? ""}`.trim()}
      aria-labelledby={titleId}
      aria-describedby={describedBy}
      onKeyDown={onKeyDown}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  );
}
