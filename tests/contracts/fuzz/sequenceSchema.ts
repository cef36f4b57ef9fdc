import { z } from "zod";
import { ACTORS, OPENINGS, STRATEGIES } from "./steps";

const strategy = z.enum(STRATEGIES);
const number = z.int().nonnegative();

/** A `Sequence` as a counterexample is printed. */
export const sequenceSchema = z.strictObject({
  opening: z.enum(OPENINGS),
  strategies: z.strictObject({
    developers: z.tuple([strategy, strategy]),
    providers: z.tuple([strategy, strategy]),
    arbiter: strategy,
  }),
  steps: z.array(
    z.strictObject({
      actor: z.enum(ACTORS),
      act: number,
      job: number,
      amount: number,
      detail: number,
      sender: number,
      value: number,
      arrivals: number,
      choice: number,
    }),
  ),
  unstakes: z.boolean(),
});
