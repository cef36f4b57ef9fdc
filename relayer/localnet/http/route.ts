import { z } from "zod";
import { type ApiError, badRequest, notFound } from "../apiError";
import type { ApiContext, Methods } from "./context";
import { createParams } from "./params";
import { v2Methods } from "./v2/methods";
import { v3Methods } from "./v3/methods";

export interface ApiRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Route {
  /** What faults are matched against: the JSON-RPC method, or the path. */
  readonly target: string;
  /** Faults never strike the control routes. */
  readonly control: boolean;
  run(context: ApiContext): Promise<unknown>;
  failure(error: ApiError): unknown;
}

const RPC_PATHS = new Set(["/", "/jsonRPC", "/api/v2/jsonRPC"]);

const rpcCall = z.object({
  method: z.string(),
  params: z.record(z.string(), z.unknown()).default({}),
  id: z.unknown(),
});

export function findRoute(request: ApiRequest, control: Methods): Route {
  const { path } = request;
  if (RPC_PATHS.has(path)) {
    return rpcRoute(request);
  }
  if (path.startsWith("/api/v2/")) {
    return { ...restRoute(request, v2Methods, "/api/v2/", v2Success), failure: v2Failure };
  }
  if (path.startsWith("/api/v3/")) {
    return { ...restRoute(request, v3Methods, "/api/v3/", (result) => result), failure: plainFailure };
  }
  if (path.startsWith("/localnet/")) {
    return {
      ...restRoute(request, control, "/localnet/", (result) => result),
      control: true,
      failure: plainFailure,
    };
  }
  throw notFound(`There is nothing at ${path}`);
}

function rpcRoute({ body }: ApiRequest): Route {
  const parsed = rpcCall.safeParse(body);
  if (!parsed.success) {
    throw badRequest("A JSON-RPC call has a method and an object of parameters");
  }
  const { method, params, id } = parsed.data;
  return {
    target: method,
    control: false,
    async run(context) {
      const result = await methodOf(v2Methods, method)(context, createParams(params), method);
      return { ...v2Success(result), jsonrpc: "2.0", id };
    },
    failure: (error) => ({ ...v2Failure(error), jsonrpc: "2.0", id }),
  };
}

function restRoute(
  request: ApiRequest,
  methods: Methods,
  prefix: string,
  success: (result: unknown) => unknown,
): Omit<Route, "failure"> {
  const method = methodOf(methods, request.path.slice(prefix.length));
  return {
    target: request.path,
    control: false,
    async run(context) {
      const values = { ...queryValues(request.query), ...request.body };
      return success(await method(context, createParams(values), request.path));
    },
  };
}

function queryValues(query: URLSearchParams): Record<string, string | string[]> {
  return Object.fromEntries(
    [...new Set(query.keys())].map((name) => {
      const values = query.getAll(name);
      const [only] = values;
      return [name, values.length === 1 && only !== undefined ? only : values];
    }),
  );
}

function methodOf(methods: Methods, name: string): Methods[string] {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (method === undefined) {
    throw notFound(`Unknown method ${name}`);
  }
  return method;
}

const v2Success = (result: unknown) => ({ ok: true, result, "@extra": "" });

export const v2Failure = (error: ApiError) => ({ ok: false, error: error.message, code: error.status });

const plainFailure = (error: ApiError) => ({ error: error.message, code: error.status });
