/** The player's and the pages' pictograms, on a grid of 24. Decoration only: names are on the buttons. */
import type { ReactNode } from "react";

function icon(path: string): () => ReactNode {
  return function Icon() {
    return (
      <svg viewBox="0 0 24 24" fill="currentColor" aria-hidden="true" focusable="false">
        <path d={path} />
      </svg>
    );
  };
}

export const PlayIcon = icon("M7 4.6v14.8a1 1 0 0 0 1.53.85l11.6-7.4a1 1 0 0 0 0-1.7L8.53 3.75A1 1 0 0 0 7 4.6z");
export const SkipIcon = icon("M5 4.6v14.8a1 1 0 0 0 1.53.85l9.6-7.4a1 1 0 0 0 0-1.7l-9.6-7.4A1 1 0 0 0 5 4.6zM18 4a1 1 0 0 1 1 1v14a1 1 0 1 1-2 0V5a1 1 0 0 1 1-1z");
export const PauseIcon = icon("M7 4h3a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zm7 0h3a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1h-3a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1z");
export const ReplayIcon = icon("M12 5V1.6L6.8 6.3 12 11V7.2a5.8 5.8 0 1 1-5.8 5.8H4a8 8 0 1 0 8-8z");
export const BackIcon = icon("M11.2 5.3a1 1 0 0 1 0 1.4L6.9 11H20a1 1 0 1 1 0 2H6.9l4.3 4.3a1 1 0 0 1-1.4 1.4l-6-6a1 1 0 0 1 0-1.4l6-6a1 1 0 0 1 1.4 0z");
export const VolumeIcon = icon("M11 4.7v14.6a.8.8 0 0 1-1.33.6L5.3 16H3a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1h2.3l4.37-3.9A.8.8 0 0 1 11 4.7zM14 8.4a1 1 0 0 1 1.4-.1 4.9 4.9 0 0 1 0 7.4 1 1 0 0 1-1.3-1.5 2.9 2.9 0 0 0 0-4.4 1 1 0 0 1-.1-1.4zm2.6-3.2a1 1 0 0 1 1.4-.2 8.8 8.8 0 0 1 0 14 1 1 0 1 1-1.2-1.6 6.8 6.8 0 0 0 0-10.8 1 1 0 0 1-.2-1.4z");
export const MutedIcon = icon("M11 4.7v14.6a.8.8 0 0 1-1.33.6L5.3 16H3a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1h2.3l4.37-3.9A.8.8 0 0 1 11 4.7zm3.3 4.6a1 1 0 0 1 1.4 0l1.8 1.8 1.8-1.8a1 1 0 1 1 1.4 1.4L18.9 12.5l1.8 1.8a1 1 0 0 1-1.4 1.4l-1.8-1.8-1.8 1.8a1 1 0 0 1-1.4-1.4l1.8-1.8-1.8-1.8a1 1 0 0 1 0-1.4z");
export const QualityIcon = icon("M4 6h8.2a3 3 0 0 1 5.6 0H20a1 1 0 1 1 0 2h-2.2a3 3 0 0 1-5.6 0H4a1 1 0 0 1 0-2zm0 10h2.2a3 3 0 0 1 5.6 0H20a1 1 0 1 1 0 2h-8.2a3 3 0 0 1-5.6 0H4a1 1 0 1 1 0-2z");
export const FullScreenIcon = icon("M4 3h5a1 1 0 0 1 0 2H5v4a1 1 0 0 1-2 0V4a1 1 0 0 1 1-1zm11 0h5a1 1 0 0 1 1 1v5a1 1 0 1 1-2 0V5h-4a1 1 0 1 1 0-2zM4 14a1 1 0 0 1 1 1v4h4a1 1 0 1 1 0 2H4a1 1 0 0 1-1-1v-5a1 1 0 0 1 1-1zm16 0a1 1 0 0 1 1 1v5a1 1 0 0 1-1 1h-5a1 1 0 1 1 0-2h4v-4a1 1 0 0 1 1-1z");
export const LeaveFullScreenIcon = icon("M9 3a1 1 0 0 1 1 1v5a1 1 0 0 1-1 1H4a1 1 0 1 1 0-2h4V4a1 1 0 0 1 1-1zm6 0a1 1 0 0 1 1 1v4h4a1 1 0 1 1 0 2h-5a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM4 14h5a1 1 0 0 1 1 1v5a1 1 0 1 1-2 0v-4H4a1 1 0 1 1 0-2zm11 0h5a1 1 0 1 1 0 2h-4v4a1 1 0 1 1-2 0v-5a1 1 0 0 1 1-1z");
export const CaptionsIcon = icon("M5 4.5h14a3 3 0 0 1 3 3v9a3 3 0 0 1-3 3H5a3 3 0 0 1-3-3v-9a3 3 0 0 1 3-3zm0 2a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-9a1 1 0 0 0-1-1H5zm3.9 2.6a2.9 2.9 0 0 1 2.2 1 .9.9 0 0 1-1.3 1.2 1.2 1.2 0 1 0 0 1.4.9.9 0 0 1 1.3 1.2 2.9 2.9 0 1 1-2.2-4.8zm7 0a2.9 2.9 0 0 1 2.2 1 .9.9 0 0 1-1.3 1.2 1.2 1.2 0 1 0 0 1.4.9.9 0 0 1 1.3 1.2 2.9 2.9 0 1 1-2.2-4.8z");
export const CheckIcon = icon("M20.3 6.3a1 1 0 0 1 0 1.4l-10 10a1 1 0 0 1-1.4 0l-5-5a1 1 0 1 1 1.4-1.4l4.3 4.3 9.3-9.3a1 1 0 0 1 1.4 0z");
export const PlusIcon = icon("M12 4a1 1 0 0 1 1 1v6h6a1 1 0 1 1 0 2h-6v6a1 1 0 1 1-2 0v-6H5a1 1 0 1 1 0-2h6V5a1 1 0 0 1 1-1z");
export const LockIcon = icon("M12 3a4.5 4.5 0 0 1 4.5 4.5V10H17a2 2 0 0 1 2 2v6.5a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V12a2 2 0 0 1 2-2h.5V7.5A4.5 4.5 0 0 1 12 3zm0 2a2.5 2.5 0 0 0-2.5 2.5V10h5V7.5A2.5 2.5 0 0 0 12 5z");

/** An arrow that turns back or forward around the number of seconds. */
function skip(turn: string, seconds: number): () => ReactNode {
  return function Icon() {
    return (
      <svg viewBox="0 0 24 24" fill="currentColor" aria-hidden="true" focusable="false">
        <path d={turn} />
        <text x="12" y="16.6" textAnchor="middle" fontSize="7.4" fontWeight="700">
          {seconds}
        </text>
      </svg>
    );
  };
}

export const SkipBackIcon = skip("M12 4.2V1.3L7.4 5.2 12 9.1V6.2a7.8 7.8 0 1 1-7.8 7.8h-2A9.8 9.8 0 1 0 12 4.2z", 10);
export const SkipForwardIcon = skip("M12 4.2V1.3l4.6 3.9L12 9.1V6.2a7.8 7.8 0 1 0 7.8 7.8h2A9.8 9.8 0 1 1 12 4.2z", 10);
