/** Intel's words for a machine's state, mildest first. */
export const TCB_STATUSES = [
  "UpToDate",
  "SWHardeningNeeded",
  "ConfigurationNeeded",
  "ConfigurationAndSWHardeningNeeded",
  "OutOfDate",
  "OutOfDateConfigurationNeeded",
  "Revoked",
] as const;
export type TcbStatus = (typeof TCB_STATUSES)[number];

/** What a verifier accepts. Nothing makes it accept `Revoked`, or a machine that no level describes. */
export interface TcbPolicy {
  /** Advisories (INTEL-SA-…) that are known and accepted with the statuses that only name them. */
  readonly advisories: readonly string[];
  /** Unix seconds until which `OutOfDate` is accepted too: time to update after Intel has published a new level. */
  readonly outOfDateUntil: number | undefined;
}

export const STRICT_TCB_POLICY: TcbPolicy = { advisories: [], outOfDateUntil: undefined };

export function isAcceptedTcb(
  policy: TcbPolicy,
  tcb: { readonly status: TcbStatus; readonly advisories: readonly string[] },
  nowSeconds: number,
): boolean {
  switch (tcb.status) {
    case "UpToDate":
      return true;
    case "SWHardeningNeeded":
    case "ConfigurationNeeded":
    case "ConfigurationAndSWHardeningNeeded":
      return tcb.advisories.length > 0 && tcb.advisories.every((id) => policy.advisories.includes(id));
    case "OutOfDate":
    case "OutOfDateConfigurationNeeded":
      return policy.outOfDateUntil !== undefined && nowSeconds < policy.outOfDateUntil;
    case "Revoked":
      return false;
    default: {
      const impossible: never = tcb.status;
      throw new TypeError(`unknown TCB status ${String(impossible)}`);
    }
  }
}

/** The platform's status once its quoting enclave's or TDX module's is known: Intel's rule for joining the two. */
export function joinStatus(platform: TcbStatus, part: TcbStatus): TcbStatus {
  if (platform === "Revoked" || part === "Revoked") {
    return "Revoked";
  }
  if (!part.startsWith("OutOfDate")) {
    return platform;
  }
  const needsConfiguration =
    platform === "ConfigurationNeeded" ||
    platform === "ConfigurationAndSWHardeningNeeded" ||
    platform === "OutOfDateConfigurationNeeded";
  return needsConfiguration ? "OutOfDateConfigurationNeeded" : "OutOfDate";
}
