import { Component, type ReactNode } from "react";
import { Message } from "./message";

interface Props {
  readonly children: ReactNode;
}

/** The last net: a fault of the app itself, or a part of it that could not be downloaded. */
export class ErrorBoundary extends Component<Props, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <Message
        title="This page stopped working"
        detail="A new version may just have come out. Loading it again usually helps."
      >
        <button
          className="button button-primary"
          type="button"
          onClick={() => location.reload()}
        >
          Try again
        </button>
      </Message>
    );
  }
}
