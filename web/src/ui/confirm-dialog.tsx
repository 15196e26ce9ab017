/** Asks before something that cannot be taken back. Escape and "Keep it" are the same answer. */
import { type ReactNode, useId } from "react";
import { Modal } from "./modal";

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
  const detailId = useId();
  return (
    <Modal title={props.title} describedBy={detailId} onClose={props.onKeep}>
      <div id={detailId} className="modal-detail">
        {props.children}
      </div>
      <div className="modal-actions">
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
    </Modal>
  );
}
