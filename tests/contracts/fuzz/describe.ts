import type { Address, Message } from "@ton/core";
import { nameOf } from "./arrival";
import type { Stage } from "./stage";

/** One message as a counterexample tells it. */
export function describeMessage(stage: Stage, message: Message): string {
  const { info } = message;
  if (info.type !== "internal") {
    return "an external message";
  }
  const name = nameOf(message) ?? "an unknown body";
  return `${name} from ${nameOfAddress(stage, info.src)} to ${nameOfAddress(stage, info.dest)} with ${info.value.coins}`;
}

function nameOfAddress(stage: Stage, address: Address): string {
  const named: readonly (readonly [string, Address])[] = [
    ["network", stage.network],
    ["attestation", stage.attestation],
    ["market", stage.market],
    ["machine", stage.platform],
    ["guest book", stage.book.address],
    ["governor", stage.governor],
    ["guardian", stage.guardian],
    ["stranger", stage.stranger],
    ...stage.developers.map((of, index) => [`developer ${index}`, of] as const),
    ...stage.jobs.map((of, index) => [`job ${index}`, of.address] as const),
    ...stage.providers.flatMap(
      (of, index) =>
        [
          [`provider ${index}`, of.address],
          [`owner ${index}`, of.owner],
          [`operator ${index}`, of.operator],
        ] as const,
    ),
  ];
  return named.find(([, of]) => of.equals(address))?.[0] ?? address.toRawString();
}
