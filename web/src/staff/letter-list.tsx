/** What an account was told by mail, and whether any of it arrives. */
import type { ReactNode } from "react";
import type { Letters } from "../api/letters";
import { moment } from "../devices/words";
import { letterName, undeliverableWords } from "./members-words";

export function LetterList({ letters: { letters, undeliverable } }: {
  readonly letters: Letters;
}): ReactNode {
  return (
    <section className="member-form" aria-labelledby="member-letters">
      <h3 id="member-letters">Letters of the last 30 days</h3>
      {undeliverable.map((mark) => (
        <p key={`${mark.kind} ${mark.at}`} className="fault">
          {undeliverableWords(mark)}
        </p>
      ))}
      {letters.length === 0 ? (
        <p className="hint">None</p>
      ) : (
        <ul className="asset-facts">
          {letters.map((letter) => (
            <li key={`${letter.template} ${letter.toldAt}`}>
              {letterName(letter.template)}, {moment(letter.toldAt)}
              {letter.isSent ? "" : " (not sent yet)"}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
