import type { Io } from "../output";

/** Shows how a person's wallet app is reached: on stderr, where questions belong. */
export function showLink(io: Pick<Io, "stderr">, link: string): void {
  const { stderr } = io;
  if (stderr.isTTY === true) {
    const code = drawCode(link);
    stderr.write(`\n${code ?? ""}\n`);
  }
  stderr.write("Scan it with a wallet app, or open a link on the device that has one:\n");
  for (const each of linksOf(link)) {
    stderr.write(`  ${each}\n`);
  }
}

/** The app's own link, and the same for whichever app a device opens such links with. */
function linksOf(link: string): readonly string[] {
  const { protocol, hostname, search } = new URL(link);
  // Telegram's link carries the request in a form of its own.
  return protocol === "tc:" || hostname === "t.me" ? [link] : [link, `tc://${search}`];
}

interface CodeLibrary {
  generate(text: string, options: { readonly small: boolean }, take: (code: string) => void): void;
}

/** Blueprint brings a library that draws codes; without it the links do. */
function drawCode(text: string): string | undefined {
  try {
    const library: CodeLibrary = require("qrcode-terminal");
    let drawn: string | undefined;
    library.generate(text, { small: true }, (code) => {
      drawn = code;
    });
    return drawn;
  } catch {
    return undefined;
  }
}
