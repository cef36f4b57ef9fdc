import type { SignedHead } from "./records";
import { upsertHeads } from "./saveHead";
import type { Store } from "./store";
import { toU64Text } from "./u64";

/**
 * Keeps the newest head that the developer co-signed, also when newer heads without a co-signature exist: it is what
 * can be paid at once. An older one changes nothing. The caller has verified both signatures.
 */
export async function saveCosignature(
  store: Store,
  { head, cosignature }: { readonly head: SignedHead; readonly cosignature: string },
): Promise<"saved" | "older"> {
  return await store.transaction(async (tx) => {
    await upsertHeads(tx, [head]);
    const size = toU64Text(head.size);
    const result = await tx.db
      .updateTable("lanes")
      .set({
        cosignedSize: size,
        cosignedRoot: head.root,
        cosignedAmount: toU64Text(head.amountNano),
        cosignedIssuedAtSeconds: head.issuedAtSeconds,
        cosignedSignature: head.signature,
        cosignature,
        updatedAt: tx.clock.nowMs(),
      })
      .where("job", "=", head.job)
      .where("worker", "=", head.worker)
      .where((where) => where.or([where("cosignedSize", "is", null), where("cosignedSize", "<", size)]))
      .executeTakeFirst();
    return result.numUpdatedRows > 0n ? "saved" : "older";
  });
}
