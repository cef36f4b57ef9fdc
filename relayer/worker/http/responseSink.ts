import type { ServerResponse } from "node:http";
import type { ByteSink } from "../sealedAnswer";
import { SEALED_TYPE } from "./sealedHeaders";

/** Writes a sealed answer to an HTTP response; its status line goes out with the first bytes. */
export function createResponseSink(response: ServerResponse): ByteSink {
  const begin = (): void => {
    if (!response.headersSent) {
      response.writeHead(200, { "content-type": SEALED_TYPE, "cache-control": "no-store" });
    }
  };
  return {
    write(bytes) {
      begin();
      return response.write(bytes) || response.destroyed ? undefined : drained(response);
    },
    end(bytes) {
      begin();
      response.end(bytes);
    },
  };
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}
