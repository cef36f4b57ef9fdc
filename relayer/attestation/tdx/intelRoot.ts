/** x ‖ y of Intel's SGX Root CA, valid until 2049: what production pins. A localnet pins a root of its own. */
export const INTEL_ROOT_KEY: Uint8Array = Buffer.from(
  "0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f567918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394",
  "hex",
);
