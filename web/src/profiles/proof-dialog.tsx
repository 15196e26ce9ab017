/** Asks for what a child does not know: a PIN, or the account's password. */
import { type ReactNode, useCallback, useEffect, useId, useRef, useState } from "react";
import { ApiError } from "../api/problem";
import type { Proof } from "../api/profiles";
import { errorWords } from "../ui/error-words";
import { Modal } from "../ui/modal";
import { PinField } from "./pin-field";
import "./proof-dialog.css";

/** Something that takes a proof, and is done with it. */
export interface Guarded {
  /** What the proof is for, such as "Watch as Kim". */
  readonly title: string;
  /** Else the account's password is the only one. */
  readonly pinIsEnough: boolean;
  readonly run: (proof: Proof) => Promise<void>;
}

/**
 * Does something, asking for a proof only where the API says that it takes one. `onClosed` is for
 * whom waits for that: the dialog is gone, and it was done or not.
 */
export function useProof(onClosed?: () => void): {
  readonly guarded: (title: string, run: (proof: Proof) => Promise<void>) => Promise<void>;
  readonly dialog: ReactNode;
} {
  const [asked, setAsked] = useState<Guarded | null>(null);
  const guarded = useCallback(
    async (title: string, run: (proof: Proof) => Promise<void>): Promise<void> => {
      try {
        await run(null);
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== "proof_needed") throw error;
        setAsked({ title, pinIsEnough: error.facts["pin_is_enough"] === true, run });
      }
    },
    [],
  );
  const close = (): void => {
    setAsked(null);
    onClosed?.();
  };
  const dialog =
    asked === null ? null : <ProofDialog guarded={asked} onClose={close} />;
  return { guarded, dialog };
}

/** `onClose` comes when it is done, too. */
export function ProofDialog({
  guarded,
  onClose,
}: {
  readonly guarded: Guarded;
  readonly onClose: () => void;
}): ReactNode {
  const [kind, setKind] = useState<"pin" | "password">(guarded.pinIsEnough ? "pin" : "password");
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState("");
  const password = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => {
    if (kind === "password" && !isBusy) password.current?.focus();
  }, [kind, isBusy]);

  const prove = async (proof: Proof): Promise<void> => {
    setBusy(true);
    setFault("");
    try {
      await guarded.run(proof);
      onClose();
    } catch (error) {
      setFault(errorWords(error));
    } finally {
      setBusy(false);
    }
  };
  const faultId = `${id}-fault`;
  return (
    <Modal title={guarded.title} className="proof" onClose={onClose}>
      {kind === "pin" ? (
        <PinField
          label="Enter the PIN"
          describedBy={fault === "" ? undefined : faultId}
          isBusy={isBusy}
          onEntered={(pin) => void prove({ pin })}
        />
      ) : (
        <form
          className="entry"
          onSubmit={(event) => {
            event.preventDefault();
            void prove({ password: password.current?.value ?? "" });
          }}
        >
          <label htmlFor={id}>The account's password</label>
          <input
            ref={password}
            id={id}
            type="password"
            autoComplete="current-password"
            required
            aria-invalid={fault !== ""}
            aria-describedby={fault === "" ? undefined : faultId}
          />
          <button className="button button-primary" type="submit" aria-busy={isBusy}>
            Continue
          </button>
        </form>
      )}
      {/* There from the start, or its first words would not be read out. */}
      <p id={faultId} className="entry-fault" role="alert">
        {fault}
      </p>
      <div className="modal-actions">
        {guarded.pinIsEnough && (
          <button
            className="button button-quiet"
            type="button"
            onClick={() => {
              setFault("");
              setKind(kind === "pin" ? "password" : "pin");
            }}
          >
            {kind === "pin" ? "Use the password instead" : "Use the PIN instead"}
          </button>
        )}
        <button className="button" type="button" onClick={onClose}>
          Cancel
        </button>
      </div>
    </Modal>
  );
}
