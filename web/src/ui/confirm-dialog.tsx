/** Asks before something that cannot be taken back. Escape and "Keep it" are the same answer. */
import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import "./confirm-dialog.css";

interface Props {
  readonly title: string;
  /** What will happen, in sentences. */
  readonly children: ReactNode;
  /** The act, as its button says it. */
  readonly act: string;
  readonly keep: string;
  readonly isBusy: boolean;
  readonly onAct: () => void;
  readonly onKeep: () => void;
}

export function ConfirmDialog(props: Props): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const detailId = useId();
  // Closed before it is taken out of the page, so that the focus goes back to where it came from.
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);

  return (
    <dialog
      ref={dialog}
      className="confirm"
      aria-labelledby={titleId}
      aria-describedby={detailId}
      onCancel={(event) => {
        event.preventDefault();
        props.onKeep();
      }}
    >
      <h2 id={titleId}>{props.title}</h2>
      <div id={detailId} className="confirm-detail">
        {props.children}
      </div>
      <div className="confirm-actions">
        <button className="button" type="button" autoFocus onClick={props.onKeep}>
          {props.keep}
        </button>
        <button
          className="button button-danger"
          type="button"
          aria-busy={props.isBusy}
          onClick={props.onAct}
        >
          {props.act}
        </button>
      </div>
    </dialog>
  );
}
