/** Why staff do something to an account: one of a few reasons, which its owner is told. */
import type { ReactNode } from "react";

interface Props {
  readonly legend: string;
  /** Of the form's field. */
  readonly name: string;
  /** Values that the API takes, and their names. */
  readonly reasons: readonly (readonly [value: string, name: string])[];
  readonly chosen: string;
  readonly onChoose: (value: string) => void;
}

export function ReasonChoice({ legend, name, reasons, chosen, onChoose }: Props): ReactNode {
  return (
    <fieldset className="field">
      <legend>{legend}</legend>
      {reasons.map(([value, words]) => (
        <label key={value} className="choice">
          <input
            type="radio"
            name={name}
            value={value}
            checked={chosen === value}
            onChange={() => onChoose(value)}
          />
          <span>{words}</span>
        </label>
      ))}
    </fieldset>
  );
}
