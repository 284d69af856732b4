import type { Server } from 'node:http';

/**
 * Tells answers that they are closed which Node forgets. A client may ask again before it has its answer; then the next answer waits for its
 * turn on the connection, and when that ends before, nobody says so: whatever was to be given back when the answer is over would be gone.
 */
export function closeQueuedAnswers(server: Server): void {
  server.prependListener('request', ({ socket }, response) => {
    // It has its turn already: Node tells it itself.
    if (response.socket !== null) return;
    const onEnd = (): void => {
      if (response.socket !== null || response.writableFinished) return;
      response.destroy();
      response.emit('close');
    };
    socket.once('close', onEnd);
    // A connection with many requests would otherwise remember all of them.
    response.once('close', () => socket.off('close', onEnd));
  });
}
