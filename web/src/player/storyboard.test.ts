import { describe, expect, it } from "vitest";
import { Storyboard } from "./storyboard";

const TEXT = `WEBVTT

00:00:00.000 --> 00:00:02.000
a.jpg#xywh=0,0,160,90

00:00:02.000 --> 00:00:04.000
a.jpg#xywh=160,0,160,90

01:00:04.000 --> 01:00:05.500
b.jpg#xywh=0,90,160,90
`;
const ADDRESS = "https://watch.test/m/ast_1/v1/storyboard.vtt";

describe("a storyboard", () => {
  it("knows the picture of every moment", () => {
    const storyboard = Storyboard.parse(TEXT, ADDRESS);

    expect(storyboard.at(1.999)).toMatchObject({ x: 0, y: 0 });
    expect(storyboard.at(2)).toEqual({
      url: "https://watch.test/m/ast_1/v1/a.jpg",
      x: 160,
      y: 0,
      width: 160,
      height: 90,
    });
    expect(storyboard.at(3604.5)?.url).toBe("https://watch.test/m/ast_1/v1/b.jpg");
  });

  it("shows the last picture after its end, and none before the first", () => {
    const storyboard = Storyboard.parse(TEXT.replace("00:00:00.000", "00:00:01.000"), ADDRESS);

    expect(storyboard.at(9999)?.url).toContain("b.jpg");
    expect(storyboard.at(0.5)).toBeNull();
  });

  it("passes over what it cannot read", () => {
    expect(Storyboard.parse("no storyboard", ADDRESS).at(1)).toBeNull();
    expect(Storyboard.parse(TEXT.replaceAll("#xywh", "#other"), ADDRESS).at(1)).toBeNull();
  });
});
