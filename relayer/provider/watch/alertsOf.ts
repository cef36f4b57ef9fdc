import type { Alert } from "../../alerts";
import { formatTon } from "../../protocol";
import type { Policy } from "../policy";
import type { WorkerInfo } from "../workers/workerSet";
import type { ProviderStanding } from "./readStanding";

type Limits = Pick<
  Policy,
  "alertWalletNano" | "alertUnsettledNano" | "alertAttestationSeconds" | "warnImageSeconds"
>;

/** What an operator must know of a provider that stands so. */
export function alertsOf(standing: ProviderStanding, limits: Limits): readonly Alert[] {
  return [
    ...workerAlerts(standing, limits),
    ...moneyAlerts(standing, limits),
    ...messageAlerts(standing),
    ...demandAlerts(standing),
    ...[...standing.images].flatMap(([image, until]) =>
      imageAlert(image, until - standing.nowSeconds, limits),
    ),
  ];
}

function workerAlerts({ workers, nowSeconds }: ProviderStanding, limits: Limits): readonly Alert[] {
  const down = workers.filter(
    ({ state }) => state === "dead" || state === "backend down" || state === "struck off",
  );
  const alerts = down.map(
    ({ url, state }): Alert => ({
      key: `worker:${url}`,
      severity: "warning",
      summary: `Worker ${url}: ${state}`,
      advice:
        state === "struck off"
          ? "A lie of its key was proved. Find out what made it sign before it is restarted, which makes new keys."
          : "Look at its log and restart it; it is attested and used again by itself.",
    }),
  );
  const ending = workers.filter(({ state, attestedUntil }) => {
    const left = (attestedUntil ?? Number.POSITIVE_INFINITY) - nowSeconds;
    return left < limits.alertAttestationSeconds && state !== "struck off";
  });
  const nobody: readonly Alert[] = workers.some(({ state }) => state === "serving")
    ? []
    : [
        {
          key: "no-worker",
          severity: "critical",
          summary: "No worker serves",
          advice: "See `cocoon relayer workers list`, and the relayer's log for attestations that failed.",
        },
      ];
  return [...nobody, ...alerts, ...ending.map((worker) => attestationAlert(worker, nowSeconds))];
}

function attestationAlert({ key, url, attestedUntil = 0 }: WorkerInfo, nowSeconds: number): Alert {
  const minutes = Math.max(0, Math.floor((attestedUntil - nowSeconds) / 60));
  return {
    key: `attestation:${key ?? url}`,
    severity: "critical",
    summary: `The attestation of worker ${url} ends in ${minutes} minutes and was not renewed`,
    advice: "The relayer's log says what its renewal meets; the wallet must be able to pay for it.",
  };
}

function moneyAlerts({ walletNano, unsettledNano }: ProviderStanding, limits: Limits): readonly Alert[] {
  const unread: Alert = {
    key: "chain",
    severity: "critical",
    summary: "No chain endpoint answers",
    advice: "Nothing is attested or settled meanwhile: name one that answers in COCOON_ENDPOINTS.",
  };
  const low: Alert = {
    key: "wallet",
    severity: "critical",
    summary: `The operator's wallet holds only ${formatTon(walletNano ?? 0n)} TON`,
    advice: `Send it TON: below ${formatTon(limits.alertWalletNano)} attestations and settlements may stop.`,
  };
  const owed: Alert = {
    key: "unsettled",
    severity: "warning",
    summary: `${formatTon(unsettledNano)} TON are earned and not settled`,
    advice:
      "Developers may not be co-signing; the relayer claims without them when a job or lane nears its end.",
  };
  return [
    ...(walletNano === undefined ? [unread] : walletNano < limits.alertWalletNano ? [low] : []),
    ...(unsettledNano > limits.alertUnsettledNano ? [owed] : []),
  ];
}

/** One alert for each kind and place, however often it came back. */
function messageAlerts({ failedMessages }: ProviderStanding): readonly Alert[] {
  const alerts = failedMessages.map(
    ({ kind, to, exitCode }): Alert => ({
      key: `message:${kind}:${to}`,
      severity: "warning",
      summary: `A message of kind ${kind} to ${to} failed${exitCode === undefined ? "" : ` with exit code ${exitCode}`}`,
      advice: "docs/protocol.md says what the code means; what is earned there may need a look.",
    }),
  );
  return [...new Map(alerts.map((alert) => [alert.key, alert])).values()];
}

function demandAlerts({ unanswerable, nowSeconds }: ProviderStanding): readonly Alert[] {
  return [...unanswerable].map(([job, answerBy]) => ({
    key: `demand:${job}`,
    severity: "critical",
    summary: `A receipt that the developer of ${job} demands on the chain is not known here, and is due in ${Math.max(0, Math.floor((answerBy - nowSeconds) / 60))} minutes`,
    advice:
      "Restore the store that has it before then, or the job's bond is lost. The relayer's log names worker and place.",
  }));
}

function imageAlert(image: string, secondsLeft: number, limits: Limits): readonly Alert[] {
  if (secondsLeft > limits.warnImageSeconds) {
    return [];
  }
  const when =
    secondsLeft <= 0 ? "is not allowed any more" : `expires in ${Math.floor(secondsLeft / 3_600)} hours`;
  return [
    {
      key: `image:${image}`,
      severity: secondsLeft <= 0 ? "critical" : "warning",
      summary: `The image ${image} of a serving worker ${when}`,
      advice:
        "Start workers of a build that the network lists longer, or ask its governor to list this one anew.",
    },
  ];
}
