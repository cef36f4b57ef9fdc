/** OpenAI's requests, answers and errors, as the gateway and `createCocoonFetch` both speak them. */
export { beginAnswer, type OpenAiRequest } from "./beginAnswer";
export { type HttpError, toHttpError } from "./errorBody";
export { modelBody } from "./modelBody";
export { REQUEST_PATHS, type RequestKind } from "./parseRequest";
export { answerHeaders, isStream, SSE_HEADERS, type StreamSink, streamAnswer } from "./streamAnswer";
export { type WholeAnswer, wholeAnswer } from "./wholeAnswer";
