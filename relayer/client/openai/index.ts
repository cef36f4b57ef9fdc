/** OpenAI's requests, answers and errors, as the gateway and `createCocoonFetch` both speak them. */
export {
  ANSWER_PATHS,
  type AnswerKind,
  beginAnswer,
  type OpenAiRequest,
  type PendingAnswer,
} from "./beginAnswer";
export { type HttpError, toHttpError } from "./errorBody";
export { modelBody } from "./modelBody";
export { answerHeaders, isStream, SSE_HEADERS, type StreamSink } from "./streamAnswer";
export type { WholeAnswer } from "./wholeAnswer";
