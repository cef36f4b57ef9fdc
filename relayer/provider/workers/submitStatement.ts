import { AttestationRegistry, statementSignatures } from "../../../wrappers";
import { storeSubmitStatement } from "../../../wrappers/messages";
import { openContract } from "../../chain";
import type { Context } from "../context";
import { sendOnce } from "../sendOnce";
import { askAttestors } from "./askAttestors";
import type { Attempts } from "./attempts";
import type { ChainPolicy } from "./chainPolicy";
import type { Identity } from "./identity";

/** For platforms that contracts cannot check: `threshold` attestors look at the evidence and sign. */
export async function submitStatement(
  context: Context,
  attempts: Attempts,
  worker: {
    readonly identity: Identity;
    readonly policy: ChainPolicy;
    readonly urls: readonly string[];
  },
): Promise<void> {
  const { identity, policy } = worker;
  const contract = openContract(context.reader, AttestationRegistry.fromAddress(policy.registry));
  const signed = await askAttestors(context, {
    urls: worker.urls,
    identity,
    attestors: await contract.getAttestors(),
    epoch: policy.epoch,
    threshold: policy.threshold,
  });
  const name = `attest:${identity.receiptKey}:${signed.statement.hash().toString("hex")}`;
  const step = await attempts.next(name, () => false);
  switch (step.do) {
    case "wait":
      return;
    case "stop":
      context.log.error({
        msg: "the registry refused a statement",
        worker: identity.receiptKey,
        epoch: policy.epoch,
        exitCode: step.code,
        detail: "The image or model is not allowed, an attestor was revoked, or its dates have passed.",
      });
      return;
    case "send":
      await sendOnce(context, {
        key: step.key,
        kind: "attest",
        to: policy.registry,
        valueNano: () => contract.getMinValueToSubmitStatement(BigInt(policy.threshold)),
        body: storeSubmitStatement({
          $$type: "SubmitStatement",
          queryId: step.queryId,
          statement: signed.statement,
          signatures: statementSignatures(signed.signatures),
        }),
      });
  }
}
