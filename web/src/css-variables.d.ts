import "react";

declare module "react" {
  /** React sets these through the CSSOM, which a strict content security policy allows. */
  interface CSSProperties {
    [variable: `--${string}`]: string | number | undefined;
  }
}
