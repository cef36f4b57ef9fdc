import { createHash } from "node:crypto";
import type { Guard } from "./guards";
import { type Mutation, mutate } from "./mutate";
import type { Built } from "./taggedBuild";

export interface Mutant {
  readonly name: string;
  /** Of the unchanged code of every contract that has the guard: a result holds for that code alone. */
  readonly of: string;
  readonly guard: Guard;
  readonly kind: Mutation;
  readonly contracts: readonly string[];
  readonly codes: readonly { readonly from: Built["original"]; readonly to: Built["original"] }[];
}

/** Two of each guard. One that no contract compiles in, as a helper nobody calls, has no code to change. */
export function mutantsOf(guards: readonly Guard[], builds: readonly Built[]): Mutant[] {
  const seen = new Map<string, number>();
  return guards.flatMap((guard) => {
    const where = `${guard.file} ${guard.within}: ${guard.text}`;
    const count = (seen.get(where) ?? 0) + 1;
    seen.set(where, count);
    return (["removed", "inverted"] as const).flatMap((kind) => {
      const changed = builds.flatMap(({ contract, original, tagged }) => {
        const to = mutate(original, tagged, { tag: guard.tag, kind });
        return to === undefined ? [] : [{ contract, from: original, to }];
      });
      const name = `${kind} ${where}${count === 1 ? "" : ` (${count})`}`;
      return changed.length === 0
        ? []
        : [
            {
              name,
              of: digestOf(changed.map(({ from }) => from)),
              guard,
              kind,
              contracts: changed.map(({ contract }) => contract),
              codes: changed,
            },
          ];
    });
  });
}

function digestOf(codes: readonly Built["original"][]): string {
  const hash = createHash("sha256");
  for (const code of codes) {
    hash.update(code.hash());
  }
  return hash.digest("hex").slice(0, 16);
}
