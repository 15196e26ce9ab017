import type { ReactNode } from "react";
import { useDocumentTitle } from "./document-title";
import { Link } from "./link";
import { Message } from "./message";

export function NotFoundPage(): ReactNode {
  useDocumentTitle("Page not found");
  return (
    <Message title="There is nothing at this address" detail="The link may be old or mistyped.">
      <Link to="/" className="button button-primary">
        Back to titles
      </Link>
    </Message>
  );
}
