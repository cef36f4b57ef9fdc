import { z } from "zod";
import { fuzz } from "./fuzz";
import { setStage } from "./stage";

const portionSchema = z.object({ seed: z.int(), sequences: z.int() });

/** One of several processes: plays each portion that it is sent, and answers what came of it. */
export async function answerPortions(): Promise<void> {
  const stage = setStage();
  const gone = new Promise<void>((resolve) => process.once("disconnect", resolve));
  process.on("message", (message) => {
    const portion = portionSchema.parse(message);
    void stage.then((set) => {
      const { carriedOut, ...ran } = fuzz(set, portion);
      process.send?.({ ...ran, carriedOut: [...carriedOut] });
    });
  });
  await gone;
}
