/** OpenAI's requests, answers and errors, as the gateway and `createCocoonFetch` both speak them. */
export { isStream } from "../callWorker";
export { beginAnswer, type OpenAiRequest, type PendingAnswer } from "./beginAnswer";
export { type HttpError, toHttpError } from "./errorBody";
export { estimateBody } from "./estimateBody";
export { modelBody, pricesBody } from "./modelBody";
export { ANSWER_PATHS, type AnswerKind } from "./readRequest";
export { answerHeaders, SSE_HEADERS, type StreamSink } from "./streamAnswer";
export type { WholeAnswer } from "./wholeAnswer";
