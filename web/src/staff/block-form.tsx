/** Blocks an account with a reason, or says why it is blocked and lets it go. */
import { type FormEvent, type ReactNode, useId, useRef, useState } from "react";
import type { Member } from "../api/members";
import { moment } from "../devices/words";
import { useServices } from "../services";
import { ConfirmDialog } from "../ui/confirm-dialog";
import { FaultNotice, useConfirmedAct } from "../ui/confirmed-act";
import { useAnnounce } from "./announcer";
import { REASONS, reasonName } from "./members-words";
import { ReasonChoice } from "./reason-choice";

/** What the API takes. */
const NOTE_MAX_CHARACTERS = 500;

interface Props {
  readonly member: Member;
  readonly onChange: (member: Member) => void;
}

export function BlockForm({ member, onChange }: Props): ReactNode {
  const { members } = useServices();
  const announce = useAnnounce();
  const [reason, setReason] = useState("sharing");
  const [note, setNote] = useState("");
  const noteId = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const { asked, isBusy, fault, ask, keep, run } = useConfirmedAct<true>(heading);
  const { block } = member;

  const change = (act: () => Promise<Member>, said: string): Promise<void> =>
    run(async () => {
      onChange(await act());
      announce(said);
    });

  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    ask(true);
  };

  return (
    <form className="member-form" onSubmit={onSubmit} aria-labelledby="member-block">
      <h3 id="member-block" ref={heading} tabIndex={-1}>
        {block === null ? "Block the account" : `Blocked ${moment(block.at)}`}
      </h3>
      {block === null ? (
        <>
          <ReasonChoice
            legend="Reason"
            name="reason"
            reasons={REASONS}
            chosen={reason}
            onChoose={setReason}
          />
          <div className="field">
            <label htmlFor={noteId}>Note for other staff</label>
            <textarea
              id={noteId}
              className="text-input"
              rows={3}
              maxLength={NOTE_MAX_CHARACTERS}
              value={note}
              onChange={(event) => setNote(event.target.value)}
            />
          </div>
        </>
      ) : (
        <div className="reason">
          <p>{reasonName(block.reason)}</p>
          {block.note !== "" && <p dir="auto">{block.note}</p>}
          <p>By {block.by}</p>
        </div>
      )}
      <FaultNotice fault={fault} returnTo="/staff/members" />
      {block === null ? (
        <button className="button button-danger" type="submit">
          Block
        </button>
      ) : (
        <button
          className="button"
          type="button"
          aria-busy={isBusy}
          onClick={() =>
            void change(() => members.unblock(member.accountId), `${member.email} is good again.`)
          }
        >
          Unblock
        </button>
      )}
      {asked !== null && (
        <ConfirmDialog
          title={`Block ${member.email}?`}
          act="Block"
          keep="Cancel"
          isBusy={isBusy}
          onAct={() =>
            void change(
              () => members.block(member.accountId, reason, note),
              `${member.email} is blocked.`,
            )
          }
          onKeep={keep}
        >
          <p>
            Every device is signed out, what plays stops, and nobody can sign in. Its owner gets a
            letter that says why.
          </p>
        </ConfirmDialog>
      )}
    </form>
  );
}
