/**
 * One of a few, and yes or no. Buttons, where a form has radios and boxes: those keep a remote's
 * arrows for themselves, and nobody would get past them.
 */
import { type ReactNode, useId } from "react";

interface ChoicesProps<Value extends string | number> {
  readonly label: string;
  readonly className?: string;
  readonly choices: readonly { readonly value: Value; readonly words: ReactNode }[];
  readonly chosen: Value;
  readonly onChoose: (value: Value) => void;
}

export function Choices<Value extends string | number>(props: ChoicesProps<Value>): ReactNode {
  const id = useId();
  return (
    <div className="entry" role="group" aria-labelledby={id}>
      <span id={id} className="entry-name">
        {props.label}
      </span>
      <div className={`picks ${props.className ?? ""}`.trim()}>
        {props.choices.map(({ value, words }) => (
          <button
            key={value}
            className="button pick"
            type="button"
            aria-pressed={value === props.chosen}
            onClick={() => props.onChoose(value)}
          >
            {words}
          </button>
        ))}
      </div>
    </div>
  );
}

interface SwitchProps {
  readonly label: string;
  readonly detail?: string;
  readonly isOn: boolean;
  readonly onSwitch: (isOn: boolean) => void;
}

export function Switch({ label, detail, isOn, onSwitch }: SwitchProps): ReactNode {
  const id = useId();
  return (
    <div className="entry">
      <button
        className="button switch"
        type="button"
        role="switch"
        aria-checked={isOn}
        aria-describedby={detail === undefined ? undefined : id}
        onClick={() => onSwitch(!isOn)}
      >
        <span className="switch-track" aria-hidden="true" />
        {label}
      </button>
      {detail !== undefined && (
        <p id={id} className="entry-about">
          {detail}
        </p>
      )}
    </div>
  );
}
