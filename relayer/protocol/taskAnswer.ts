import { createWriter, tagBytes } from "./bytes";
import { ADDRESS_BYTES, addressToBytes, type JobAddress } from "./ids";

const TASK_TAG = tagBytes("cocoon/task/v1");

/** Bytes of the statement that a worker signs about a task's answer. */
export const TASK_ANSWER_BYTES = 121;

/** A worker's answer to a task: claim for the price and commitment to the result in one. */
export interface TaskAnswer {
  readonly networkId: number;
  readonly job: JobAddress;
  /** Hash of the request cell [32]. */
  readonly requestHash: Uint8Array;
  /** Hash of the response cell [32]. */
  readonly responseHash: Uint8Array;
  /** 0: answered. Any other: the worker could not, and the price goes back. */
  readonly status: number;
  /** Unix seconds. */
  readonly issuedAt: number;
}

/**
 * The statement's 121 bytes. Throws `BAD_REQUEST` for a field out of range.
 *
 * @example
 * import { encodeTaskAnswer, toJobAddress } from "cocoon/protocol";
 *
 * const job = toJobAddress(`0:${"ab".repeat(32)}`);
 * const hash = new Uint8Array(32);
 * const answer = { networkId: -239, job, requestHash: hash, responseHash: hash, status: 0, issuedAt: 1_800_000_000 };
 * console.log(encodeTaskAnswer(answer).length); // 121
 */
export function encodeTaskAnswer(answer: TaskAnswer): Uint8Array {
  return createWriter(TASK_ANSWER_BYTES)
    .bytes(TASK_TAG, TASK_TAG.length)
    .i32(answer.networkId)
    .bytes(addressToBytes(answer.job), ADDRESS_BYTES)
    .bytes(answer.requestHash, 32)
    .bytes(answer.responseHash, 32)
    .u8(answer.status)
    .u32(answer.issuedAt)
    .finish();
}
