/** Four digits by keyboard, by number keys of a remote, or by a pad that arrows lead over. */
import { type ReactNode, useEffect, useId, useRef, useState } from "react";

export const PIN_DIGITS = 4;

const PAD = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

interface Props {
  readonly label: string;
  readonly describedBy?: string | undefined;
  readonly isBusy: boolean;
  /** With the fourth digit; the field is empty again afterwards. */
  readonly onEntered: (pin: string) => void;
}

export function PinField({ label, describedBy, isBusy, onEntered }: Props): ReactNode {
  const [pin, setPin] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => field.current?.focus(), []);

  const take = (typed: string): void => {
    if (isBusy) return;
    const digits = typed.replaceAll(/[^0-9]/g, "").slice(0, PIN_DIGITS);
    setPin(digits.length === PIN_DIGITS ? "" : digits);
    if (digits.length === PIN_DIGITS) onEntered(digits);
  };
  const key = (digit: string): ReactNode => (
    <button key={digit} className="button" type="button" onClick={() => take(pin + digit)}>
      {digit}
    </button>
  );
  return (
    <div className="entry pin" aria-busy={isBusy}>
      <label htmlFor={id}>{label}</label>
      <input
        ref={field}
        id={id}
        type="password"
        inputMode="numeric"
        autoComplete="off"
        value={pin}
        aria-describedby={describedBy}
        onChange={(event) => take(event.target.value)}
      />
      <div className="pin-pad" role="group" aria-label="Digits">
        {PAD.map(key)}
        <span />
        {key("0")}
        <button
          className="button"
          type="button"
          aria-label="Delete the last digit"
          onClick={() => setPin(pin.slice(0, -1))}
        >
          <span aria-hidden="true">⌫</span>
        </button>
      </div>
    </div>
  );
}
