type Handler = (argument: never) => unknown;

/** The child's side of `Child`: answers calls by name until the parent is gone. */
export function serve(handlers: Readonly<Record<string, Handler>>): void {
  process.on('disconnect', () => process.exit(0));
  process.on('message', ({ id, method, argument }: { id: number; method: string; argument: unknown }) => {
    const answer = async (): Promise<unknown> => {
      const handler = handlers[method];
      if (handler === undefined) throw new Error(`no method "${method}"`);
      return handler(argument as never);
    };
    answer().then(
      (value) => process.send?.({ id, value }),
      (error: unknown) =>
        process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
}
