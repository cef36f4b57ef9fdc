import { lookup as resolve } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { Agent, request } from "undici";
import { FinalError, RetryableError } from "../../errors";
import { equalBytes, primitives } from "../../protocol";
import { MAX_TASK_CONTENT, type TaskRequest } from "../../task";
import type { Policy } from "../policy";

type Located = Extract<TaskRequest, { form: "located" }>;
type FetchPolicy = Pick<Policy, "taskSchemes" | "taskPrivateHosts" | "callMs" | "taskFetchMs">;

/**
 * What lies where a task's opener says, and is what was named. The opener is a stranger: only the schemes of the policy,
 * no port of this machine or its neighbours whatever the name resolves to, no redirect, bounded in size and time.
 * Throws `BAD_REQUEST` or `NOT_FOUND` when it will never be had, `TIMEOUT` when it may be later.
 */
export async function fetchLocated(place: Located, policy: FetchPolicy): Promise<Uint8Array> {
  if (place.size > MAX_TASK_CONTENT) {
    throw new FinalError("BODY_TOO_LARGE", "The task's content is longer than is taken.", {
      size: place.size,
    });
  }
  const url = allowedUrl(place.locator, policy);
  const dispatcher = new Agent({
    connect: {
      timeout: policy.callMs,
      ...(policy.taskPrivateHosts ? {} : { lookup: publicLookup }),
    },
  });
  try {
    const bytes = await download(url, { dispatcher, size: place.size, timeoutMs: policy.taskFetchMs });
    if (bytes.length !== place.size || !equalBytes(primitives.sha256(bytes), place.sha256)) {
      throw new FinalError("NOT_FOUND", "Something else lies where the task's content should be.");
    }
    return bytes;
  } finally {
    await dispatcher.destroy();
  }
}

function allowedUrl(text: string, policy: FetchPolicy): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url?.protocol.slice(0, -1) ?? "";
  const host = url?.hostname.replace(/^\[|\]$/g, "") ?? "";
  if (
    url === undefined ||
    !policy.taskSchemes.includes(scheme) ||
    url.username !== "" ||
    url.password !== "" ||
    (!policy.taskPrivateHosts && isPrivate(host))
  ) {
    throw new FinalError("BAD_REQUEST", "The task's content lies at an address that is not fetched from.");
  }
  return url;
}

async function download(
  url: URL,
  limits: { readonly dispatcher: Agent; readonly size: number; readonly timeoutMs: number },
): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    const answer = await request(url, {
      dispatcher: limits.dispatcher,
      signal: AbortSignal.timeout(limits.timeoutMs),
    });
    if (answer.statusCode !== 200) {
      await answer.body.dump();
      throw new FinalError("NOT_FOUND", "The task's content is not there.", { status: answer.statusCode });
    }
    for await (const piece of answer.body) {
      const bytes = Buffer.from(piece);
      size += bytes.length;
      if (size > limits.size) {
        throw new FinalError("NOT_FOUND", "What lies there is longer than the task says.");
      }
      pieces.push(bytes);
    }
  } catch (cause) {
    throw cause instanceof FinalError
      ? cause
      : new RetryableError("TIMEOUT", "The task's content cannot be fetched now.", {}, { cause });
  }
  return Buffer.concat(pieces);
}

/** Addresses that are not the internet's: a stranger must not reach what only this machine can. */
const PRIVATE = new BlockList();
for (const [net, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 3],
] as const) {
  PRIVATE.addSubnet(net, bits, "ipv4");
}
for (const [net, bits] of [
  ["::", 96],
  ["64:ff9b::", 96],
  ["100::", 64],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const) {
  PRIVATE.addSubnet(net, bits, "ipv6");
}

/** True for an address in figures that lies inside; a name is judged when it is resolved. */
function isPrivate(host: string): boolean {
  const family = isIP(host);
  return family !== 0 && PRIVATE.check(host, family === 4 ? "ipv4" : "ipv6");
}

/** Resolves for the connection itself, so that a name cannot point elsewhere a moment later. */
const publicLookup: LookupFunction = (host, options, done) => {
  resolve(host, { ...options, all: true }, (error, addresses) => {
    const open = error === null ? addresses.filter(({ address }) => !isPrivate(address)) : [];
    const [first] = open;
    if (error !== null || first === undefined || open.length !== addresses.length) {
      const refused = Object.assign(new Error("The name has an address that is not fetched from."), {
        code: "EACCES",
      });
      done(error ?? refused, "", 0);
    } else if (options.all === true) {
      done(null, open);
    } else {
      done(null, first.address, first.family);
    }
  });
};
