/** A device's other name: a button that becomes a field. */
import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { errorWords } from "../ui/error-words";

const LONGEST_NAME = 64;

export function RenameForm({
  name,
  onRename,
}: {
  readonly name: string;
  readonly onRename: (name: string) => Promise<void>;
}): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(false);
  const id = useId();
  useEffect(() => {
    if (isOpen) field.current?.select();
    else if (wasOpen.current) opener.current?.focus();
    wasOpen.current = isOpen;
  }, [isOpen]);

  if (!isOpen) {
    return (
      <button
        ref={opener}
        className="button"
        type="button"
        aria-label={`Rename ${name}`}
        onClick={() => setOpen(true)}
      >
        Rename
      </button>
    );
  }

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setFault("");
    try {
      await onRename(field.current?.value ?? "");
      setOpen(false);
    } catch (error) {
      setFault(errorWords(error));
      field.current?.focus();
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      className="device-rename"
      onSubmit={(event) => void submit(event)}
      onKeyDown={(event) => {
        if (event.key === "Escape") setOpen(false);
      }}
    >
      <label htmlFor={id}>Name of the device</label>
      <input
        ref={field}
        id={id}
        className="device-name"
        defaultValue={name}
        maxLength={LONGEST_NAME}
        autoComplete="off"
        required
        aria-invalid={fault !== ""}
        aria-describedby={fault === "" ? undefined : `${id}-fault`}
      />
      {fault !== "" && (
        <p id={`${id}-fault`} className="devices-fault" role="alert">
          {fault}
        </p>
      )}
      <div className="device-actions">
        <button className="button button-primary" type="submit" aria-busy={isBusy}>
          Save
        </button>
        <button className="button" type="button" onClick={() => setOpen(false)}>
          Cancel
        </button>
      </div>
    </form>
  );
}
