/** A page that says one thing, with the way on from there. */
import type { ReactNode } from "react";
import { Link } from "./link";
import { Wordmark } from "./wordmark";
import "./message.css";

interface Props {
  readonly title: string;
  readonly detail: string;
  /** What the actions are about, where a sentence is not enough. */
  readonly more?: ReactNode;
  /** The actions. */
  readonly children: ReactNode;
}

export function Message({ title, detail, children }: Props): ReactNode {
  return (
    <div className="message-page">
      <header>
        <Link to="/" className="wordmark-link" aria-label="Marquee, home">
          <Wordmark />
        </Link>
      </header>
      <main id="main" tabIndex={-1}>
        <MessageBlock title={title} detail={detail} heading="h1">
          {children}
        </MessageBlock>
      </main>
    </div>
  );
}

/** The same inside a page that has its own frame. */
export function MessageBlock({
  title,
  detail,
  more,
  heading: Heading = "h2",
  children,
}: Props & { readonly heading?: "h1" | "h2" }): ReactNode {
  return (
    <section className="message" role="alert">
      <Heading>{title}</Heading>
      <p>{detail}</p>
      {more}
      <div className="message-actions">{children}</div>
    </section>
  );
}
