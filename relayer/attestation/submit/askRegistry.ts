import type { Address } from "@ton/core";
import { AttestationRegistry } from "../../../wrappers/AttestationRegistry";
import { ErrImageNotAllowed, ErrModelNotAllowed, ErrUnknownFmspc } from "../../../wrappers/messages";
import { type ChainReader, openContract } from "../../chain";
import { primitives, toHex, utf8ToBytes } from "../../protocol";
import type { QuoteFacts } from "./quoteFacts";

/** What a registry's lists, read now, say about a quote before anything is paid. */
export interface RegistryView {
  /** The exit code that the registry would refuse it with; of the machine's other versions the chain alone judges. */
  readonly problem: number | undefined;
  /** Whether the registry takes quotes of this kind of machine at all. */
  readonly isMachineListed: boolean;
  /** Unix seconds until which the image is allowed; undefined while it is not listed. */
  readonly imageUntil: number | undefined;
  /** Changes when what the registry asks of such a quote does, the policy's epoch apart. */
  readonly mark: string;
}

/** Asks the lists that need no verified quote: kinds of machine, images, models. `modelHash` is lower-case hex. */
export async function askRegistry(
  reader: ChainReader,
  registry: Address,
  asked: {
    readonly facts: Pick<QuoteFacts, "imageHash" | "fmspc">;
    readonly modelHash: string;
    readonly nowSeconds: number;
  },
): Promise<RegistryView> {
  const contract = openContract(reader, AttestationRegistry.fromAddress(registry));
  const [policy, images, models] = await Promise.all([
    contract.getQuotePolicy(),
    contract.getImages(),
    contract.getModels(),
  ]);
  const rule = images.get(BigInt(`0x${asked.facts.imageHash}`));
  const imageUntil = rule === undefined ? undefined : Number(rule.expiresAt);
  const minimum = policy.minimums.get(BigInt(`0x${asked.facts.fmspc}`));
  const problem =
    minimum === undefined
      ? ErrUnknownFmspc
      : (imageUntil ?? 0) <= asked.nowSeconds
        ? ErrImageNotAllowed
        : models.get(BigInt(`0x${asked.modelHash}`)) === undefined
          ? ErrModelNotAllowed
          : undefined;
  const rules = [
    policy.qeSvn,
    imageUntil,
    minimum?.components,
    minimum?.pceSvn,
    minimum?.tdxComponents,
    minimum?.modules,
  ];
  return {
    problem: problem === undefined ? undefined : Number(problem),
    isMachineListed: minimum !== undefined,
    imageUntil,
    mark: toHex(primitives.sha256(utf8ToBytes(rules.map(String).join(" ")))).slice(0, 16),
  };
}
