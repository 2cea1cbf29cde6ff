import type { Connection } from "@opensearch-project/opensearch";

/** The client prints an error that follows a response, such as a cut connection, to standard output; this one does not. */
export function quietConnection(Base: typeof Connection): typeof Connection {
  return class QuietConnection extends Base {
    override request(...[params, callback]: Parameters<Connection["request"]>): ReturnType<Connection["request"]> {
      const sent = super.request(params, (error, response) => {
        sent.removeAllListeners("error");
        sent.on("error", () => undefined);
        callback(error, response);
      });
      return sent;
    }
  };
}
