/** OpenAI's requests, answers and errors, as the gateway and `createCocoonFetch` both speak them. */
export { type HttpError, toHttpError } from "./errorBody";
export { modelBody } from "./modelBody";
export { type ParsedRequest, parseMaxCost, parseRequest, type RequestKind } from "./parseRequest";
export { answerHeaders, isStream, SSE_HEADERS, type StreamSink, streamAnswer } from "./streamAnswer";
export { type WholeAnswer, wholeAnswer } from "./wholeAnswer";
