/**
 * How much each property counts: a worker's score is the product of its ratios to the best one, each to the power of its
 * weight. So with a weight of 1, twice the price weighs as much as half the free capacity. 0 leaves a property out.
 */
export interface ChoiceWeights {
  readonly price: number;
  /** Busy slots to all slots. */
  readonly load: number;
  readonly firstByte: number;
  readonly throughput: number;
  readonly success: number;
  /** A development TEE against hardware. */
  readonly attestation: number;
  /** Being the one who served the conversation last. */
  readonly stickiness: number;
}

/** A worker that fails every second time weighs as one of four times the price; the one who knows the prompt as one of 0.6. */
export const DEFAULT_WEIGHTS: ChoiceWeights = {
  price: 1,
  load: 1,
  firstByte: 0.25,
  throughput: 0.25,
  success: 2,
  attestation: 0,
  stickiness: 0.5,
};
