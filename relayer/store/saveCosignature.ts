import { prepared } from "./prepared";
import type { SignedHead } from "./records";
import { saveHead } from "./saveHead";
import type { Store } from "./store";
import type { LanesTable } from "./tables";
import { toU64Text } from "./u64";

type Cosigned = Pick<
  LanesTable,
  "job" | "worker" | "size" | "root" | "amount" | "issuedAtSeconds" | "signature" | "updatedAt"
> & { readonly cosignature: string };

const cosign = prepared<Cosigned, unknown>((db, field) =>
  db
    .updateTable("lanes")
    .set({
      cosignedSize: field("size"),
      cosignedRoot: field("root"),
      cosignedAmount: field("amount"),
      cosignedIssuedAtSeconds: field("issuedAtSeconds"),
      cosignedSignature: field("signature"),
      cosignature: field("cosignature"),
      updatedAt: field("updatedAt"),
    })
    .where("job", "=", field("job"))
    .where("worker", "=", field("worker"))
    .where((where) =>
      where.or([where("cosignedSize", "is", null), where("cosignedSize", "<", field("size"))]),
    ),
);

/**
 * Keeps the newest head that the developer co-signed, also when newer heads without a co-signature exist: it is what
 * can be paid at once. An older one changes nothing. The caller has verified both signatures.
 */
export async function saveCosignature(
  store: Store,
  { head, cosignature }: { readonly head: SignedHead; readonly cosignature: string },
): Promise<"saved" | "older"> {
  return await store.transaction(async (tx) => {
    await saveHead(tx, { head });
    const { numAffectedRows } = await cosign(tx, {
      job: head.job,
      worker: head.worker,
      size: toU64Text(head.size),
      root: head.root,
      amount: toU64Text(head.amountNano),
      issuedAtSeconds: head.issuedAtSeconds,
      signature: head.signature,
      cosignature,
      updatedAt: tx.clock.nowMs(),
    });
    return numAffectedRows === 1n ? "saved" : "older";
  });
}
